/**
 * Strategy: probabilistic concurrency testing. CPUs have random priorities, and the highest that
 * can step does; at d - 1 random steps the one that runs falls below all others. A bug that needs
 * d ordered steps among n CPUs and k steps is found with a chance of at least 1 / (n k^(d-1)) in
 * each execution (Burckhardt and others, "A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs", 2010).
 *
 * Store buffers have no priorities of their own: in each execution some CPUs' stores reach memory
 * at once, and those of the others only when their CPU cannot go on without. A store that must
 * wait for long then costs one of the d steps, not one for each store before it.
 */
import { has, lowest } from './bits.js';
import type { EventLog } from './event-log.js';
import { Prng } from './prng.js';
import type { Program } from './program.js';
import { GIVE_UP, type Strategy } from './strategy.js';

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
  /** CPUs from the highest priority to the lowest. */
  readonly #order: number[];
  readonly #hasBuffers: boolean;
  /** The CPUs whose stores reach memory at once, a bit each. */
  #eager = 0;
  readonly #changes: number[] = [];
  #steps = STEPS_FIRST;

  constructor(seed: number, { log, agents, cpuNames }: Program, depth: number) {
    this.name = `pct ${depth}`;
    this.#prng = new Prng(seed);
    this.#log = log;
    this.#depth = depth;
    this.#order = cpuNames.map((_, cpu) => cpu);
    this.#hasBuffers = agents > cpuNames.length;
  }

  next(): boolean {
    const order = this.#order;
    for (let i = order.length - 1; i > 0; i--) {
      const other = this.#prng.below(i + 1);
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    if (this.#hasBuffers) this.#eager = this.#prng.below(1 << order.length);
    this.#changes.length = 0;
    for (let i = 1; i < this.#depth; i++) this.#changes.push(1 + this.#prng.below(this.#steps));
    return true;
  }

  pick(runnable: number, spinning: number): number {
    const step = this.#log.length;
    const cpus = this.#order.length;
    const changes = this.#changes;
    for (let i = 0; i < changes.length; i++) {
      if (changes[i] !== step) continue;
      this.#lower(this.#log.agent[step - 1]! % cpus);
      break;
    }
    if (spinning !== 0) this.#order.filter((cpu) => has(spinning, cpu)).forEach(this.#lower);
    if (!this.#hasBuffers) return this.#highestOf(runnable);
    const filled = runnable >>> cpus;
    if ((filled & this.#eager) !== 0) return cpus + lowest(filled & this.#eager);
    const next = this.#highestOf(runnable | filled);
    return has(runnable, next) ? next : cpus + next;
  }

  finished(): boolean {
    this.#steps = Math.max(this.#steps, this.#log.length);
    return true;
  }

  #highestOf(cpus: number): number {
    const order = this.#order;
    for (let i = 0; i < order.length; i++) if (has(cpus, order[i]!)) return order[i]!;
    return GIVE_UP; // there is always one
  }

  readonly #lower = (cpu: number): void => {
    this.#order.splice(this.#order.indexOf(cpu), 1);
    this.#order.push(cpu);
  };
}
