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
  /** Entries that there are. */
  #count = 0;
  /** Of an entry, which is about a part of a location: what comes before reads and writes of it. */
  #masks = new Int32Array(CAPACITY_FIRST);
  #writes = new Int32Array(CAPACITY_FIRST);
  #reads = new Int32Array(CAPACITY_FIRST);
  /** The location of an entry, and 1 + the entry before it there. */
  #locations = new Int32Array(CAPACITY_FIRST);
  #links = new Int32Array(CAPACITY_FIRST);

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
    const { agent, touches, location, mask } = log;
    const behind = this.#behind.fill(0);
    let step = nextOf(pairs, -1);
    for (let marked = step; marked < Infinity; step++) {
      const cpu = agent[step]! % this.#cpus;
      const at = touches[step] === access.TOUCHES_NOTHING ? -1 : location[step]!;
      const isWrite = touches[step] === access.TOUCHES_WRITE;
      let bits = behind[cpu]!;
      if (at >= 0) bits |= this.#bitsAt(at, mask[step]!, isWrite);
      if (step === marked) {
        bits |= bitsOf(pairs, 'first', step);
        const missing = bitsOf(pairs, 'second', step) & ~bits;
        if (missing !== 0) return lowest(missing);
        marked = nextOf(pairs, step);
      }
      behind[cpu] = bits;
      if (bits !== 0 && at >= 0) this.#note(at, mask[step]!, isWrite, bits);
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
      entry = this.#count++;
      if (this.#count > this.#masks.length) this.#growEntries();
      this.#masks[entry] = mask;
      this.#writes[entry] = 0;
      this.#reads[entry] = 0;
      this.#locations[entry] = location;
      this.#links[entry] = this.#entries[location]!;
      this.#entries[location] = entry + 1;
    }
    if (isWrite) this.#writes[entry]! |= bits;
    else this.#reads[entry]! |= bits;
  }

  #forget(): void {
    for (let entry = 0; entry < this.#count; entry++) this.#entries[this.#locations[entry]!] = 0;
    this.#count = 0;
  }

  #grow(location: number): void {
    const length = Math.max(location + 1, 2 * this.#entries.length);
    this.#entries = copied(new Int32Array(length), this.#entries);
  }

  #growEntries(): void {
    const length = 2 * this.#masks.length;
    this.#masks = copied(new Int32Array(length), this.#masks);
    this.#writes = copied(new Int32Array(length), this.#writes);
    this.#reads = copied(new Int32Array(length), this.#reads);
    this.#locations = copied(new Int32Array(length), this.#locations);
    this.#links = copied(new Int32Array(length), this.#links);
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
