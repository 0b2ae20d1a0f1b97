/**
 * Strategy: probabilistic concurrency testing. Agents have random priorities, and the highest that
 * can step does; at d - 1 random steps the one that runs falls below all others. A bug that needs d
 * ordered steps among n agents and k steps is found with a chance of at least 1 / (n k^(d-1)) in
 * each execution (Burckhardt and others, "A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs", 2010).
 */
import { has } from './bits.js';
import type { EventLog } from './event-log.js';
import { Prng } from './prng.js';
import type { Strategy } from './strategy.js';

/** Steps that the first execution is thought to have. */
const STEPS_FIRST = 32;

/** Priorities that change rarely. */
export class PctStrategy implements Strategy {
  readonly name: string;
  readonly isExhaustive = false;
  readonly needsCuts = false;
  readonly #prng: Prng;
  readonly #log: EventLog;
  readonly #depth: number;
  /** Agents from the highest priority to the lowest. */
  readonly #order: number[];
  readonly #changes: number[] = [];
  #steps = STEPS_FIRST;

  constructor(seed: number, log: EventLog, agents: number, depth: number) {
    this.name = `pct ${depth}`;
    this.#prng = new Prng(seed);
    this.#log = log;
    this.#depth = depth;
    this.#order = Array.from({ length: agents }, (_, agent) => agent);
  }

  next(): boolean {
    const order = this.#order;
    for (let i = order.length - 1; i > 0; i--) {
      const other = this.#prng.below(i + 1);
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    this.#changes.length = 0;
    for (let i = 1; i < this.#depth; i++) this.#changes.push(1 + this.#prng.below(this.#steps));
    return true;
  }

  pick(runnable: number, spinning: number): number {
    const step = this.#log.length;
    if (this.#changes.includes(step)) this.#lower(this.#log.agent[step - 1]!);
    if (spinning !== 0) this.#order.filter((agent) => has(spinning, agent)).forEach(this.#lower);
    return this.#order.find((agent) => has(runnable, agent))!;
  }

  finished(): boolean {
    this.#steps = Math.max(this.#steps, this.#log.length);
    return true;
  }

  readonly #lower = (agent: number): void => {
    this.#order.splice(this.#order.indexOf(agent), 1);
    this.#order.push(agent);
  };
}
