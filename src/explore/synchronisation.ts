/**
 * What synchronises: the clocks by which data races are told. Of each CPU a clock says up to which
 * time what each other CPU did is known to be behind it. A CPU learns that only by reading, with
 * a load that acquires, what a store wrote that releases; what merely happened to come first orders
 * nothing. (Dependence between steps is another matter: happens-before.ts.)
 *
 * Sequentially consistent accesses, read-modify-writes, locks and waits acquire and release.
 * Relaxed ones do so together with a fence: a relaxed store releases what came before the last
 * fence, and a fence acquires what relaxed loads before it have seen (C++: fences; Linux: smp_mb
 * between accesses that are READ_ONCE and WRITE_ONCE). Locks for reading order what their holders
 * do against a writer, and not against one another.
 *
 * Times are numbers below 2 ** 31 that grow, whoever gives them out; what is not greater than the
 * clock's word for its CPU is behind. A CPU is never ahead of itself: its own word is the largest.
 */

// What an access does for the order of others, as bits.

/** Learns what was released where it reads. */
export const ACQUIRES = 1;
/** Shows whoever acquires all that came before. */
export const RELEASES = 2;
/** Reads without order: what it saw is acquired by the next fence. */
export const SEES = 4;
/** Writes without order: releases what came before the last fence. */
export const SHOWS = 8;
/** A read-modify-write: it hands on what it found. */
export const HANDS_ON = 16;
/** Of a lock for reading. */
export const SHARES = 32;
/** A barrier. */
export const FENCES = 64;
/** The same for loads only. */
export const READ_FENCES = 128;

/** Of a clock's own CPU. */
const AHEAD_OF_ALL = 0x7fff_ffff;

/** The clocks of the CPUs of an execution, and what lies at locations for others to learn. */
export class Synchronisation {
  /** By CPU: up to which time each CPU's doings are behind it. */
  readonly clocks: readonly Int32Array[];
  /** By CPU: what its relaxed stores release, and what its next fence acquires. */
  readonly #atFence: readonly Int32Array[];
  readonly #seen: readonly Int32Array[];
  /** What a load that acquires learns at each location. */
  readonly #released = new Shown();
  /** The same, of those who held a lock for reading. */
  readonly #shared = new Shown();
  readonly #scratch: Int32Array;
  #start = 0;

  /** @param clocks - one for each CPU, with a word for each, if somebody else looks at them, too */
  constructor(cpus: number, clocks?: readonly Int32Array[]) {
    const zeros = () => Array.from({ length: cpus }, () => new Int32Array(cpus));
    this.clocks = clocks ?? zeros();
    this.#atFence = zeros();
    this.#seen = zeros();
    this.#scratch = new Int32Array(cpus);
    this.restart(0);
  }

  /** An execution begins: all up to a time is behind everybody. */
  restart(start: number): void {
    this.#start = start;
    this.#released.clear();
    this.#shared.clear();
    for (let cpu = 0; cpu < this.clocks.length; cpu++) {
      const clock = this.clocks[cpu]!;
      fill(clock, start);
      clock[cpu] = AHEAD_OF_ALL;
      fill(this.#atFence[cpu]!, start);
      fill(this.#seen[cpu]!, start);
    }
  }

  /** What a CPU learns by an access, before it goes on. `location` is -1 for a fence. */
  before(cpu: number, order: number, location: number, now: number): void {
    const clock = this.clocks[cpu]!;
    if ((order & (FENCES | READ_FENCES)) !== 0) {
      join(clock, this.#seen[cpu]!);
      clock[cpu] = AHEAD_OF_ALL;
      if ((order & FENCES) !== 0) copy(this.#atFence[cpu]!, clock, cpu, now);
      return;
    }
    if ((order & (ACQUIRES | SEES)) === 0) return;
    const to = (order & ACQUIRES) !== 0 ? clock : this.#seen[cpu]!;
    const released = this.#released.at(location);
    if (released !== undefined) join(to, released);
    const shared = (order & SHARES) === 0 ? this.#shared.at(location) : undefined;
    if (shared !== undefined) join(to, shared);
    clock[cpu] = AHEAD_OF_ALL;
  }

  /**
   * What others can learn of a CPU by a write at the time `now`, once that is in memory (`put`). It
   * is overwritten by the next call.
   */
  shown(cpu: number, order: number, now: number): Int32Array {
    if ((order & SHOWS) !== 0) return this.#atFence[cpu]!;
    if ((order & RELEASES) === 0) fill(this.#scratch, this.#start);
    else copy(this.#scratch, this.clocks[cpu]!, cpu, now);
    return this.#scratch;
  }

  /** Memory has a write from now on that shows so much. */
  put(location: number, order: number, shown: Int32Array): void {
    const place = (order & SHARES) !== 0 ? this.#shared : this.#released;
    const known = place.at(location);
    if (known !== undefined && (order & HANDS_ON) !== 0) {
      join(known, shown);
      return;
    }
    const mine = place.make(location, shown.length);
    for (let cpu = 0; cpu < mine.length; cpu++) mine[cpu] = shown[cpu]!;
  }
}

/** A clock for each location where one was left in this execution. */
class Shown {
  readonly #clocks: Int32Array[] = [];
  /** By location: the execution that its clock is of. */
  readonly #executions: number[] = [];
  #execution = 0;

  clear(): void {
    this.#execution++;
  }

  at(location: number): Int32Array | undefined {
    return this.#executions[location] === this.#execution ? this.#clocks[location] : undefined;
  }

  /** The clock of a location, to be filled. */
  make(location: number, length: number): Int32Array {
    for (let at = this.#executions.length; at <= location; at++) this.#executions.push(0);
    this.#executions[location] = this.#execution;
    return (this.#clocks[location] ??= new Int32Array(length));
  }
}

// Clocks are a few words: loops, since calls of the methods of typed arrays cost more.

function fill(clock: Int32Array, time: number): void {
  for (let cpu = 0; cpu < clock.length; cpu++) clock[cpu] = time;
}

function join(to: Int32Array, from: Int32Array): void {
  for (let cpu = 0; cpu < to.length; cpu++) if (from[cpu]! > to[cpu]!) to[cpu] = from[cpu]!;
}

/** A clock as others may learn it: its own CPU is at `now`. */
function copy(to: Int32Array, clock: Int32Array, cpu: number, now: number): void {
  for (let each = 0; each < to.length; each++) to[each] = clock[each]!;
  to[cpu] = now;
}
