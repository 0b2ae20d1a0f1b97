/**
 * Data races: two accesses of different CPUs to common bytes, one of them a write and one of them
 * plain, that nothing orders. What orders is what synchronises (synchronisation.ts), not what
 * happened to come first. Under tso what counts is when a store is made, and a reader learns of it
 * when it has reached memory.
 */
import * as access from './access.js';
import type { EventLog } from './event-log.js';
import type { Program } from './program.js';
import * as sync from './synchronisation.js';

/** Two steps that race, the earlier first. */
export interface DataRace {
  readonly first: number;
  readonly second: number;
}

const isPlain = (kind: number) => kind === access.LOAD_PLAIN || kind === access.STORE_PLAIN;

/** What each kind of access does for the order of others. */
const ORDERS: Readonly<Record<number, number>> = {
  [access.LOAD]: sync.ACQUIRES,
  [access.READ_ONCE]: sync.SEES,
  [access.LOAD_PLAIN]: 0,
  [access.STORE]: sync.RELEASES,
  [access.WRITE_ONCE]: sync.SHOWS,
  // A plain store shows nothing, but what was there before is not to be found any more.
  [access.STORE_PLAIN]: 0,
  [access.FETCH_ADD]: sync.ACQUIRES | sync.RELEASES | sync.HANDS_ON,
  [access.EXCHANGE]: sync.ACQUIRES | sync.RELEASES | sync.HANDS_ON,
  [access.COMPARE_EXCHANGE]: sync.ACQUIRES | sync.RELEASES | sync.HANDS_ON,
  [access.FENCE]: sync.FENCES,
  [access.WAIT_WHILE]: sync.ACQUIRES,
  [access.LOCK]: sync.ACQUIRES | sync.RELEASES | sync.HANDS_ON,
  [access.UNLOCK]: sync.RELEASES,
  [access.STORE_RELEASE]: sync.RELEASES,
  [access.READ_FENCE]: sync.READ_FENCES,
};

/** What an access of a kind does for the order of others, as bits of synchronisation.ts. */
export function orderOf(kind: number): number {
  return ORDERS[kind] ?? 0;
}

/** The first race of the execution in a program's log; undefined if there is none. */
export function findDataRace(program: Program): DataRace | undefined {
  const { log } = program;
  for (let step = 0; step < log.length; step++) {
    if (isPlain(log.kind[step]!)) return new RaceSearch(program).run();
  }
  return undefined;
}

class RaceSearch {
  readonly #log: EventLog;
  readonly #sync: sync.Synchronisation;
  /** By step: what a buffered store shows when it reaches memory. */
  readonly #late = new Map<number, Int32Array>();
  /** By location: the steps that have accessed it. */
  readonly #accesses = new Map<number, number[]>();

  constructor(program: Program) {
    this.#log = program.log;
    this.#sync = new sync.Synchronisation(program.cpuNames.length);
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
    if (kind[step] === access.FLUSH) {
      const store = link[step]!;
      this.#sync.put(location[step]!, orderOf(kind[store]!), this.#late.get(store)!);
      return undefined;
    }
    const race = access.isFence(kind[step]!) ? undefined : this.#check(step, agent[step]!);
    if (race === undefined) this.#synchronise(step, agent[step]!, orderOf(kind[step]!));
    return race;
  }

  /** Compares an access with those at its location. */
  #check(step: number, cpu: number): DataRace | undefined {
    const { agent, kind, location, mask } = this.#log;
    let accesses = this.#accesses.get(location[step]!);
    if (accesses === undefined) this.#accesses.set(location[step]!, (accesses = []));
    const clock = this.#sync.clocks[cpu]!;
    for (const first of accesses) {
      const other = agent[first]!;
      if (other === cpu || timeOf(first) <= clock[other]!) continue;
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

  #synchronise(step: number, cpu: number, order: number): void {
    const { location, link, result, before } = this.#log;
    const isOwn = result[step] !== before[step]; // its own store, that nobody else sees yet
    const now = timeOf(step);
    if (!isOwn) this.#sync.before(cpu, order, location[step]!, now);
    if (!this.#writes(step)) return;
    const shown = this.#sync.shown(cpu, order, now);
    if (link[step] === step) this.#late.set(step, shown.slice());
    else this.#sync.put(location[step]!, order, shown);
  }
}

/** Times begin at 1: at 0 nothing has happened yet. */
function timeOf(step: number): number {
  return step + 1;
}
