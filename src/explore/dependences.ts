/** Which steps of an execution depend on which: what a reader of a trace must not miss. */
import * as access from './access.js';
import type { EventLog } from './event-log.js';

/** What was done last to one location, as far as nothing has covered it since. */
interface Last {
  writes: number[];
  /** Of each CPU and part the last one. */
  reads: number[];
}

/**
 * Follows an execution step by step. Two accesses meet where their masks share a bit, so that those
 * of different flags of a word, or of different fields of 8 bytes, are not taken for each other.
 */
export class Dependences {
  readonly #log: EventLog;
  readonly #cpus: number;
  readonly #last = new Map<number, Last>();

  constructor(log: EventLog, cpus: number) {
    this.#log = log;
    this.#cpus = cpus;
  }

  /** The last write, in memory, to what a step accesses. */
  lastWrite(step: number): number | undefined {
    const writes = this.#last.get(this.#log.location[step]!)?.writes ?? [];
    return writes.filter((write) => this.#meet(write, step)).at(-1);
  }

  /**
   * Takes the next step into account.
   * @returns the last steps of other CPUs that must stay before it: the writes whose values it
   * finds, and if it writes, the reads that did not find its value; in their order
   */
  take(step: number): number[] {
    const { location, touches } = this.#log;
    if (touches[step] === access.TOUCHES_NOTHING || location[step]! < 0) return [];
    const last = this.#at(location[step]!);
    const isWrite = touches[step] === access.TOUCHES_WRITE;
    const before = isWrite ? [...last.writes, ...last.reads] : last.writes;
    const found = before.filter((one) => this.#isOther(one, step) && this.#meet(one, step));
    if (isWrite) {
      last.writes = [...last.writes.filter((one) => !this.#covers(step, one)), step];
      last.reads = last.reads.filter((one) => !this.#covers(step, one));
    } else {
      last.reads = [...last.reads.filter((one) => !this.#repeats(step, one)), step];
    }
    return found.sort((a, b) => a - b);
  }

  #at(location: number): Last {
    let last = this.#last.get(location);
    if (last === undefined) this.#last.set(location, (last = { writes: [], reads: [] }));
    return last;
  }

  #isOther(one: number, step: number): boolean {
    const { agent } = this.#log;
    return agent[one]! % this.#cpus !== agent[step]! % this.#cpus;
  }

  #meet(one: number, step: number): boolean {
    const { mask } = this.#log;
    return (mask[one]! & mask[step]!) !== 0;
  }

  #covers(step: number, one: number): boolean {
    const { mask } = this.#log;
    return (mask[one]! & ~mask[step]!) === 0;
  }

  #repeats(step: number, one: number): boolean {
    return !this.#isOther(one, step) && this.#covers(step, one);
  }
}
