import type { CoreExports } from '../../wasm/exports.js';
import {
  CONTENTS_BASE,
  RACE_CLOCKS,
  RACE_CLOCK_SIZE,
  RACE_MAP,
  RACE_STATE,
  RaceHow,
  SchedOp,
  STRUCTS,
} from '../../wasm/generated/layout.js';
import type { CoreViews } from '../../wasm/views.js';
import { orderOf } from '../data-race.js';
import { ExploreError } from '../explore-error.js';
import { cpuName, inBrackets, type OracleContext } from './oracles/oracle.js';
import * as sync from '../synchronisation.js';

const { ACQUIRES, RELEASES, SEES, SHOWS, HANDS_ON, SHARES, FENCES, READ_FENCES } = sync;

/** What each kind of access of the core does for the order of others (Linux: memory-barriers). */
const ORDER_OF: Readonly<Record<number, number>> = {
  [SchedOp.Load]: SEES,
  [SchedOp.LoadAcquire]: ACQUIRES,
  [SchedOp.Store]: SHOWS,
  [SchedOp.StoreRelease]: RELEASES,
  [SchedOp.Rmw]: ACQUIRES | RELEASES | HANDS_ON,
  [SchedOp.RmwRelaxed]: SEES | SHOWS | HANDS_ON,
  [SchedOp.Cmpxchg]: ACQUIRES | RELEASES | HANDS_ON,
  [SchedOp.Fence]: FENCES,
  [SchedOp.ReadFence]: READ_FENCES,
  [SchedOp.RmwShared]: ACQUIRES | RELEASES | HANDS_ON | SHARES,
  [SchedOp.LoadBits]: SEES,
  [SchedOp.RmwBits]: ACQUIRES | RELEASES | HANDS_ON,
  [SchedOp.RmwBitsRelaxed]: SEES | SHOWS | HANDS_ON,
};
/** The same by kind. */
const ORDERS = Uint8Array.from(Object.values(SchedOp), (op) => ORDER_OF[op]!);
/** Kinds that write, whatever they find: all but loads. */
const WRITES = ORDERS.map((order) => ((order & (RELEASES | SHOWS)) === 0 ? 0 : 1));

/** Words of the state that the host shares with the core. */
const STATE = RACE_STATE / 4;
const { fields } = STRUCTS.RaceState;
const RUNNING = STATE + fields.running.offset / 4;
const NOW = STATE + fields.now.offset / 4;
const CPUS = STATE + fields.cpus.offset / 4;
const SHIFT = STATE + fields.shift.offset / 4;
const WATCHED = STATE + fields.watched.offset / 4;
/** A time is a number and, in these bits, a CPU. */
const CPU_BITS = 5;
const CPU_MASK = (1 << CPU_BITS) - 1;
/** Numbers of times from which on they begin anew: an execution has fewer steps than are left. */
const TIMES_MAX = 2 ** 25;
const WORD = 4;
const WIDE = 8;
/** Words that each location has: for the lower and the upper half of its eight bytes. */
const HALVES = 2;

/** An access to a plain field that somebody waited for. */
interface Heard {
  readonly time: number;
  readonly place: string | undefined;
}

/** Where in the core a field is touched by somebody who only hands it on. */
const HANDERS = /\/lib\/list\//;

/**
 * Data races on the core's plain fields. The core compares each plain access with those before it
 * (assembly/lib/races.ts); here are the clocks by which it does so, and what it finds becomes a
 * failure. The first race of an execution counts, at the end of it: what goes wrong because
 * of it says more.
 */
export class PlainRaces {
  readonly #views: CoreViews;
  readonly #core: Pick<CoreExports, 'racesAtomic'>;
  readonly #context: OracleContext;
  readonly #words: Int32Array;
  readonly #sync: sync.Synchronisation;
  /** By CPU: what its store shows that is not in memory yet, oldest first. */
  readonly #late: { order: number; location: number; size: number; shown: Int32Array }[][];
  /** By CPU: the time of what it does. A new one begins when it has released something. */
  readonly #epochs: Int32Array;
  /** By half of a location, for reading and for writing: when its cell was accessed last. */
  readonly #atomics: number[] = [];
  /** Whether each step has times of its own, since somebody wants to know it by them. */
  #isTold = false;
  /** The number of the time at which the execution began. */
  #start = 0;
  /** What the access under way does for the order of others, where, and when. */
  #order = 0;
  /** Whether it is none, should it have left all as it was: a compare-and-swap that failed. */
  #isConditional = false;
  #location = -1;
  #size = 0;
  #now = 0;
  #found: ExploreError | undefined;
  /** The four bytes of the last race that was found, and who has accessed them since the start. */
  #watched = 0;
  #heard: Heard[] = [];

  constructor(
    views: CoreViews,
    core: Pick<CoreExports, 'racesAtomic'>,
    cpus: number,
    context: OracleContext,
  ) {
    this.#views = views;
    this.#core = core;
    this.#context = context;
    this.#words = new Int32Array(views.memory.buffer);
    const clocks = Array.from({ length: cpus }, (_, cpu) => {
      const at = (RACE_CLOCKS + cpu * RACE_CLOCK_SIZE) / WORD;
      return this.#words.subarray(at, at + cpus);
    });
    this.#sync = new sync.Synchronisation(cpus, clocks);
    this.#late = Array.from({ length: cpus }, () => []);
    this.#epochs = new Int32Array(cpus);
    this.#words[CPUS] = cpus;
    this.#words[SHIFT] = Math.ceil(Math.log2((2 + 3 * cpus) * WORD));
  }

  /** The first race of the execution under way, or that has just ended. */
  get found(): ExploreError | undefined {
    return this.#found;
  }

  /** An execution begins, after one of so many steps; `isTold` asks for places. */
  begin(steps: number, isTold: boolean): void {
    this.#start += 2 * steps + 4;
    if (this.#start > TIMES_MAX) this.#forget();
    this.#sync.restart(wordOf(this.#start, CPU_MASK));
    this.#found = undefined;
    this.#isTold = isTold;
    if (this.#heard.length > 0) this.#heard.length = 0;
    this.#words[WATCHED] = isTold ? this.#watched : 0;
    for (let cpu = 0; cpu < this.#late.length; cpu++) {
      this.#epochs[cpu] = wordOf(this.#start + 1, cpu);
      if (this.#late[cpu]!.length > 0) this.#late[cpu]!.length = 0;
    }
    this.leave();
  }

  /** A CPU runs up to its first access. */
  start(cpu: number): void {
    this.#run(cpu);
  }

  /** No CPU runs. */
  leave(): void {
    this.#words[RUNNING] = 0;
  }

  /** A CPU makes a step that is an access of the core, and goes on. */
  enter(cpu: number, step: number, op: number, address: number, size: number, location: number) {
    const half = location * HALVES + ((address >>> 2) & 1);
    this.#isConditional = op === SchedOp.Cmpxchg;
    this.#begin(cpu, step, ORDERS[op]!, half, size);
    if (this.#isTold) this.#epochs[cpu] = wordOf(this.#timeOf(step), cpu);
    this.#run(cpu);
    if (location >= 0 && address < CONTENTS_BASE) this.#noteAtomic(cpu, op, address, size, half);
    this.#end(cpu, step);
  }

  /** The same for a step on a raw word, of a kind of access.ts. */
  enterWord(cpu: number, step: number, kind: number, location: number): void {
    this.#isConditional = true;
    this.#begin(cpu, step, orderOf(kind), location * HALVES, WORD);
    this.#run(cpu);
    this.#end(cpu, step);
  }

  /** A CPU goes on that has slept. */
  wake(cpu: number, step: number): void {
    this.#order = 0;
    this.#run(cpu);
    this.#end(cpu, step);
  }

  /** The access of the step under way is made; `isLate`: it is still in the CPU's store buffer. */
  made(cpu: number, isWrite: boolean, isLate: boolean): void {
    if ((this.#order & (RELEASES | SHOWS)) === 0) return;
    if (!isWrite && this.#isConditional) return;
    const shown = this.#sync.shown(cpu, this.#order, this.#now);
    const order = this.#order;
    const location = this.#location;
    const size = this.#size;
    if (isLate) this.#late[cpu]!.push({ order, location, size, shown: shown.slice() });
    else this.#put(order, location, size, shown);
  }

  /** The oldest store of a CPU's buffer reaches memory. */
  flush(cpu: number): void {
    const store = this.#late[cpu]!.shift();
    if (store !== undefined) this.#put(store.order, store.location, store.size, store.shown);
  }

  /** For the core: it has found a race, or an access that was waited for. */
  onRace(cpu: number, address: number, other: number, how: number): void {
    const now = this.#words[NOW]!;
    if (other === 0) {
      this.#heard.push({ time: now, place: this.#context.place(HANDERS) });
      return;
    }
    if (this.#found !== undefined || this.#words[RUNNING] === 0) return;
    this.leave(); // one is enough
    this.#watched = address & ~3;
    const first = other & CPU_MASK;
    const step = ((other >> CPU_BITS) - this.#start - 2) >> 1;
    const name = this.#context.nameOf(address);
    const earlier = this.#heard.findLast(({ time }) => time === other)?.place;
    const before = accessBy(how & RaceHow.OtherWrites, cpuName(this.#context, first));
    const then = accessBy(how & RaceHow.Writes, cpuName(this.#context, cpu));
    const firstPlace = inBrackets(earlier ?? this.#context.placeOfStep(step));
    const place = inBrackets(this.#context.place(HANDERS));
    const behind = step < 0 ? ' at its start' : ` behind step ${step + 1}`;
    const message =
      `data race on ${name}: nothing orders ${before}${firstPlace}${behind} and ` +
      `${then}${place}`;
    this.#found = new ExploreError('data-race', message, {
      ...{ cpu, step: this.#context.step(), other: Math.max(step, -1), object: kindOf(name) },
    });
  }

  #begin(cpu: number, step: number, order: number, location: number, size: number): void {
    this.#order = order;
    this.#location = location;
    this.#size = size;
    this.#now = wordOf(this.#timeOf(step), CPU_MASK);
    this.#sync.before(cpu, order, location, this.#now);
    if (size > WORD && size <= WIDE) this.#sync.before(cpu, order, location ^ 1, this.#now);
  }

  /** What the CPU does from now on is not behind what it releases in this step. */
  #end(cpu: number, step: number): void {
    if ((this.#order & (RELEASES | FENCES)) === 0 && !this.#isTold) return;
    this.#epochs[cpu] = wordOf(this.#timeOf(step) + 1, cpu);
    this.#words[NOW] = this.#epochs[cpu]!;
  }

  /** The core compares an access to a cell, if the CPU has not made the same one just before. */
  #noteAtomic(cpu: number, op: number, address: number, size: number, half: number): void {
    if (size > WIDE) return;
    const writes = WRITES[op]!;
    const at = half * 2 + writes;
    if (this.#atomics[at] === this.#epochs[cpu]!) return;
    for (let length = this.#atomics.length; length <= at; length++) this.#atomics.push(0);
    this.#atomics[at] = this.#epochs[cpu]!;
    this.#core.racesAtomic(address, size, writes !== 0);
  }

  #put(order: number, location: number, size: number, shown: Int32Array): void {
    this.#sync.put(location, order, shown);
    if (size > WORD && size <= WIDE) this.#sync.put(location ^ 1, order, shown);
  }

  /** The number of the time of a step's access; what follows it has the next one. */
  #timeOf(step: number): number {
    return this.#start + 2 * step + 2;
  }

  #run(cpu: number): void {
    this.#words[NOW] = this.#epochs[cpu]!;
    this.#words[RUNNING] = wordOf(this.#start, cpu);
  }

  /** Times begin anew: nothing that was recorded may be left. */
  #forget(): void {
    const words = new Int32Array(this.#views.memory.buffer);
    const size = 1024 << words[SHIFT]!;
    for (let page = 0; page < CONTENTS_BASE / 4096; page++) {
      const records = words[RACE_MAP / WORD + page]!;
      if (records !== 0) words.fill(0, records / WORD, (records + size) / WORD);
    }
    this.#atomics.length = 0;
    this.#start = 1;
  }
}

function accessBy(writes: number, who: string): string {
  return `the ${writes === 0 ? 'read' : 'write'} by ${who}`;
}

/** A name without what is of one execution alone: which page, where an object lies. */
function kindOf(name: string): string {
  return name.replace(/@[0-9a-f]+/, '').replace(/\[\d+\]/g, '[]');
}

/** A time of a CPU; or, with all bits of a CPU, the end of a number. */
function wordOf(time: number, cpu: number): number {
  return (time << CPU_BITS) | cpu;
}
