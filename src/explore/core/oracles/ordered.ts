import * as access from '../../access.js';
import { copied, type EventLog } from '../../event-log.js';
import { lowest } from '../../bits.js';

/** Two steps of different CPUs, the earlier first. */
export interface StepPair {
  readonly first: number;
  readonly second: number;
}

/** Pairs that are looked at together: a bit each. */
const PAIRS_MAX = 30;
const CAPACITY_FIRST = 256;

/**
 * Looks for two steps that nothing keeps in order: there is an execution, equivalent to the one in
 * the log, in which they come the other way round. Kept in order is what a chain of conflicts and
 * of program order joins, as in happens-before.ts; for a few pairs it is enough to follow what
 * comes behind each first step.
 */
export class Ordered {
  readonly #cpus: number;
  /** By CPU: which first steps come before what it does next. */
  readonly #behind: Int32Array;
  /** By location: 1 + the entry that was made last for it; 0 for none. */
  #entries = new Int32Array(CAPACITY_FIRST);
  /** Of an entry, which is about a part of a location: what comes before reads and writes of it. */
  readonly #masks: number[] = [];
  readonly #writes: number[] = [];
  readonly #reads: number[] = [];
  /** The location of an entry, and 1 + the entry before it there. */
  readonly #locations: number[] = [];
  readonly #links: number[] = [];

  constructor(cpus: number) {
    this.#cpus = cpus;
    this.#behind = new Int32Array(cpus);
  }

  /** The first of some pairs that is in no order. */
  findUnordered<P extends StepPair>(log: EventLog, pairs: readonly P[]): P | undefined {
    for (let from = 0; from < pairs.length; from += PAIRS_MAX) {
      const some = pairs.length <= PAIRS_MAX ? pairs : pairs.slice(from, from + PAIRS_MAX);
      const found = this.#search(log, some);
      this.#forget();
      if (found >= 0) return some[found];
    }
    return undefined;
  }

  /** The number of a pair that is in no order; -1 for none. */
  #search(log: EventLog, pairs: readonly StepPair[]): number {
    this.#behind.fill(0);
    let step = nextOf(pairs, -1);
    for (let marked = step; marked < Infinity; step++) {
      const cpu = log.agent[step]! % this.#cpus;
      const touches = log.touches[step]!;
      const location = touches === access.TOUCHES_NOTHING ? -1 : log.location[step]!;
      const isWrite = touches === access.TOUCHES_WRITE;
      let bits = this.#behind[cpu]!;
      if (location >= 0) bits |= this.#bitsAt(location, log.mask[step]!, isWrite);
      if (step === marked) {
        bits |= bitsOf(pairs, 'first', step);
        const missing = bitsOf(pairs, 'second', step) & ~bits;
        if (missing !== 0) return lowest(missing);
        marked = nextOf(pairs, step);
      }
      this.#behind[cpu] = bits;
      if (bits !== 0 && location >= 0) this.#note(location, log.mask[step]!, isWrite, bits);
    }
    return -1;
  }

  #bitsAt(location: number, mask: number, isWrite: boolean): number {
    if (location >= this.#entries.length) this.#grow(location);
    let bits = 0;
    let entry = this.#entries[location]! - 1;
    while (entry >= 0) {
      if ((this.#masks[entry]! & mask) !== 0) {
        bits |= this.#writes[entry]!;
        if (isWrite) bits |= this.#reads[entry]!;
      }
      entry = this.#links[entry]! - 1;
    }
    return bits;
  }

  #note(location: number, mask: number, isWrite: boolean, bits: number): void {
    let entry = this.#entries[location]! - 1;
    while (entry >= 0 && this.#masks[entry] !== (mask | 0)) entry = this.#links[entry]! - 1;
    if (entry < 0) {
      entry = this.#masks.push(mask | 0) - 1;
      this.#writes.push(0);
      this.#reads.push(0);
      this.#locations.push(location);
      this.#links.push(this.#entries[location]!);
      this.#entries[location] = entry + 1;
    }
    if (isWrite) this.#writes[entry]! |= bits;
    else this.#reads[entry]! |= bits;
  }

  #forget(): void {
    for (const location of this.#locations) this.#entries[location] = 0;
    this.#masks.length = 0;
    this.#writes.length = 0;
    this.#reads.length = 0;
    this.#locations.length = 0;
    this.#links.length = 0;
  }

  #grow(location: number): void {
    const length = Math.max(location + 1, 2 * this.#entries.length);
    this.#entries = copied(new Int32Array(length), this.#entries);
  }
}

/** The next step behind `step` that belongs to a pair; Infinity for none. */
function nextOf(pairs: readonly StepPair[], step: number): number {
  let next = Infinity;
  for (const { first, second } of pairs) {
    if (first > step && first < next) next = first;
    if (second > step && second < next) next = second;
  }
  return next;
}

/** The pairs whose earlier, or later, step it is. */
function bitsOf(pairs: readonly StepPair[], which: 'first' | 'second', step: number): number {
  let bits = 0;
  for (let pair = 0; pair < pairs.length; pair++) {
    if (pairs[pair]![which] === step) bits |= 1 << pair;
  }
  return bits;
}
