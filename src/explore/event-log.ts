/**
 * The steps of one execution, in typed arrays that are used again by the next one.
 *
 * An agent is what can make a step: the CPUs first, then, under tso, the store buffer of each CPU
 * in the same order.
 */
const CAPACITY_FIRST = 256;
const COLUMNS = [
  ...(['agent', 'kind', 'touches', 'mask', 'location', 'link'] as const),
  ...(['operand', 'before', 'after', 'result'] as const),
] as const;

/** What a step was, step by step. */
export class EventLog {
  /** Steps so far. */
  length = 0;
  agent = new Uint8Array(CAPACITY_FIRST);
  kind = new Uint8Array(CAPACITY_FIRST);
  /** TOUCHES_*: what the step did to memory. */
  touches = new Uint8Array(CAPACITY_FIRST);
  /** The part of the location: steps whose masks share no bit do not meet there. */
  mask = new Uint32Array(CAPACITY_FIRST);
  /** The location; -1 for a fence. */
  location = new Int32Array(CAPACITY_FIRST);
  /** For a flush the step of its store; for a buffered store that step itself; else -1. */
  link = new Int32Array(CAPACITY_FIRST);
  /** The first operand: what to store, to add, to expect, to wait for. */
  operand = new Float64Array(CAPACITY_FIRST);
  /** The value in memory before and after the step. */
  before = new Float64Array(CAPACITY_FIRST);
  after = new Float64Array(CAPACITY_FIRST);
  /** What the program got: for a load from its own store buffer not what memory has. */
  result = new Float64Array(CAPACITY_FIRST);
  #capacity = CAPACITY_FIRST;

  /** Makes room for one more step. The arrays may be others afterwards. */
  reserve(): number {
    if (this.length === this.#capacity) this.#grow();
    return this.length++;
  }

  /** The steps so far, for `restore`. */
  copy(): EventLog {
    const log = new EventLog();
    log.restore(this);
    return log;
  }

  /** Becomes what a copy has: strategies read it until the next execution begins. */
  restore(from: EventLog): void {
    while (this.#capacity < from.length) this.#grow();
    this.length = from.length;
    for (const name of COLUMNS) this[name].set(from[name].subarray(0, from.length));
  }

  #grow(): void {
    this.#capacity *= 2;
    const n = this.#capacity;
    this.agent = copied(new Uint8Array(n), this.agent);
    this.kind = copied(new Uint8Array(n), this.kind);
    this.touches = copied(new Uint8Array(n), this.touches);
    this.mask = copied(new Uint32Array(n), this.mask);
    this.location = copied(new Int32Array(n), this.location);
    this.link = copied(new Int32Array(n), this.link);
    this.operand = copied(new Float64Array(n), this.operand);
    this.before = copied(new Float64Array(n), this.before);
    this.after = copied(new Float64Array(n), this.after);
    this.result = copied(new Float64Array(n), this.result);
  }
}

/** `to` with the values of the shorter `from` at its start. */
export function copied<A extends { set(from: A): void }>(to: A, from: A): A {
  to.set(from);
  return to;
}
