/**
 * Strategy: every schedule, depth first, or every one with at most so many preemptions: switches
 * away from a CPU that could have gone on. Nothing is left out as equivalent, so this is what the
 * others are checked against, and of use alone only for small programs and small bounds.
 */
import { has, lowest } from './bits.js';
import { copied, type EventLog } from './event-log.js';
import type { Strategy } from './strategy.js';

/** Everything, one after the other. */
export class DfsStrategy implements Strategy {
  readonly name = 'dfs';
  readonly isExhaustive: boolean;
  readonly needsCuts = true;
  readonly #log: EventLog;
  readonly #cpus: number;
  readonly #preemptions: number;
  /** By step: who was chosen, and who is still to be. */
  #chosen = new Uint8Array(256);
  #rest = new Int32Array(256);
  /** Steps of the next execution that are decided. */
  #decided = 0;
  #isFirst = true;
  #spent = 0;

  constructor(log: EventLog, cpus: number, preemptions: number) {
    this.#log = log;
    this.#cpus = cpus;
    this.#preemptions = preemptions;
    this.isExhaustive = preemptions === Infinity;
  }

  next(): boolean {
    this.#spent = 0;
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    let step = this.#log.length - 1;
    while (step >= 0 && this.#rest[step] === 0) step--;
    if (step < 0) return false;
    const agent = lowest(this.#rest[step]!);
    this.#chosen[step] = agent;
    this.#rest[step]! &= ~(1 << agent);
    this.#decided = step + 1;
    return true;
  }

  pick(runnable: number, spinning: number): number {
    const step = this.#log.length;
    const last = step === 0 ? -1 : this.#log.agent[step - 1]!;
    const canGoOn = last >= 0 && last < this.#cpus && has(runnable, last);
    if (step >= this.#decided) this.#decide(step, runnable, spinning, canGoOn ? last : -1);
    const agent = this.#chosen[step]!;
    // A store that reaches memory preempts nobody.
    if (canGoOn && agent !== last && agent < this.#cpus) this.#spent++;
    return agent;
  }

  finished(): boolean {
    // The log says where to go back to.
    return true;
  }

  #decide(step: number, runnable: number, spinning: number, goesOn: number): void {
    if (step === this.#chosen.length) {
      this.#chosen = copied(new Uint8Array(step * 2), this.#chosen);
      this.#rest = copied(new Int32Array(step * 2), this.#rest);
    }
    let candidates = runnable;
    const allowed = this.#spent < this.#preemptions;
    if (goesOn >= 0 && !allowed && has(candidates, goesOn)) {
      const buffers = candidates & ~((1 << this.#cpus) - 1);
      candidates = buffers | (1 << goesOn);
    }
    const first = (candidates & ~spinning) === 0 ? candidates : candidates & ~spinning;
    const agent = goesOn >= 0 && has(first, goesOn) ? goesOn : lowest(first);
    this.#chosen[step] = agent;
    this.#rest[step] = candidates & ~(1 << agent);
    this.#decided = step + 1;
  }
}
