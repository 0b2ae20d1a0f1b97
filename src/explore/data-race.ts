/**
 * Data races: two accesses of different CPUs to common bytes, one of them a write and one of them
 * plain, that nothing orders. What orders is what synchronises, not what happened to come first, so
 * the clocks here are others than those of happens-before.ts: a CPU learns the clock of another
 * only by reading, with a load that acquires, what a store wrote that releases.
 *
 * Sequentially consistent accesses, read-modify-writes, locks and waits acquire and release.
 * readOnce and writeOnce do so together with a fence: a relaxed store releases what came before the
 * last fence, and a fence acquires what relaxed loads before it have seen (C++: fences; Linux:
 * smp_mb between accesses that are READ_ONCE and WRITE_ONCE). Under tso what counts is when a store
 * is made, and a reader learns of it when it has reached memory.
 */
import * as access from './access.js';
import type { EventLog } from './event-log.js';
import type { Program } from './program.js';

/** Two steps that race, the earlier first. */
export interface DataRace {
  readonly first: number;
  readonly second: number;
}

const isPlain = (kind: number) => kind === access.LOAD_PLAIN || kind === access.STORE_PLAIN;
const isRelaxedLoad = (kind: number) => kind === access.READ_ONCE;
const isRelaxedStore = (kind: number) => kind === access.WRITE_ONCE;

/** The first race of the execution in a program's log; undefined if there is none. */
export function findDataRace(program: Program): DataRace | undefined {
  const { log } = program;
  for (let step = 0; step < log.length; step++) {
    if (isPlain(log.kind[step]!)) return new RaceSearch(program).run();
  }
  return undefined;
}

/** Who accessed a location: of each CPU the last reads and writes that others are not behind. */
interface Location {
  /** What a load that acquires learns here. */
  released: number[];
  readonly accesses: number[];
}

class RaceSearch {
  readonly #log: EventLog;
  readonly #cpus: number;
  /** By CPU: the steps of each CPU that are behind it. */
  readonly #clock: number[][];
  /** By CPU: what its relaxed stores release, and what its next fence acquires. */
  readonly #atFence: number[][];
  readonly #seen: number[][];
  /** By step: what a buffered store releases when it reaches memory. */
  readonly #late = new Map<number, number[]>();
  readonly #locations = new Map<number, Location>();

  constructor(program: Program) {
    const zeros = () => program.cpuNames.map(() => program.cpuNames.map(() => 0));
    this.#log = program.log;
    this.#cpus = program.cpuNames.length;
    this.#clock = zeros();
    this.#atFence = zeros();
    this.#seen = zeros();
  }

  run(): DataRace | undefined {
    for (let step = 0; step < this.#log.length; step++) {
      const race = this.#take(step);
      if (race !== undefined) return race;
    }
    return undefined;
  }

  #take(step: number): DataRace | undefined {
    const { agent, kind, location, link } = this.#log;
    const cpu = agent[step]!;
    if (kind[step] === access.FLUSH) {
      this.#at(location[step]!).released = this.#late.get(link[step]!) ?? [];
      return undefined;
    }
    if (access.isFence(kind[step]!)) {
      join(this.#clock[cpu]!, this.#seen[cpu]!);
      if (kind[step] === access.FENCE) this.#atFence[cpu] = [...this.#clock[cpu]!];
      this.#tick(cpu, step);
      return undefined;
    }
    const race = this.#check(step, cpu);
    if (race === undefined) this.#synchronise(step, cpu, kind[step]!);
    return race;
  }

  /** Compares an access with those at its location. */
  #check(step: number, cpu: number): DataRace | undefined {
    const { agent, kind, location, mask } = this.#log;
    const { accesses } = this.#at(location[step]!);
    const clock = this.#clock[cpu]!;
    for (const first of accesses) {
      const other = agent[first]!;
      if (other === cpu || clock[other]! > first) continue;
      const isEither = isPlain(kind[first]!) || isPlain(kind[step]!);
      const isWrite = this.#writes(first) || this.#writes(step);
      if (isEither && isWrite && (mask[first]! & mask[step]!) !== 0) return { first, second: step };
    }
    accesses.push(step);
    return undefined;
  }

  #writes(step: number): boolean {
    const { touches, link } = this.#log;
    return touches[step] === access.TOUCHES_WRITE || link[step] === step;
  }

  #synchronise(step: number, cpu: number, kind: number): void {
    const { location, link } = this.#log;
    const place = this.#at(location[step]!);
    const clock = this.#clock[cpu]!;
    const isWrite = this.#writes(step);
    const isOwn = this.#log.result[step] !== this.#log.before[step];
    const reads = access.returnsValue(kind) && !isOwn;
    if (reads && isRelaxedLoad(kind)) join(this.#seen[cpu]!, place.released);
    else if (reads && !isPlain(kind)) join(clock, place.released);
    this.#tick(cpu, step);
    if (!isWrite) return;
    let released: number[] = [];
    if (isRelaxedStore(kind)) released = [...this.#atFence[cpu]!];
    else if (!isPlain(kind)) released = [...clock];
    if (link[step] === step) this.#late.set(step, released);
    // A read-modify-write hands on what it found, too.
    else if (access.returnsValue(kind)) join((place.released = [...place.released]), released);
    else place.released = released;
  }

  #tick(cpu: number, step: number): void {
    this.#clock[cpu]![cpu] = step + 1;
  }

  #at(location: number): Location {
    let place = this.#locations.get(location);
    if (place === undefined) {
      place = { released: this.#clock.map(() => 0).slice(0, this.#cpus), accesses: [] };
      this.#locations.set(location, place);
    }
    return place;
  }
}

function join(to: number[], from: readonly number[]): void {
  for (const [cpu, time] of from.entries()) to[cpu] = Math.max(to[cpu] ?? 0, time);
}
