/**
 * Faults and cheap system calls against this machine's kernel. What is under the watch is what
 * native/kernel has under its watch: of a fault only the touching, of a seal only the sealing.
 * Rates of one round are measured in turns.
 */
import {
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  Machine,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../dist/index.js';
import { kernelRates } from './native.js';
import { inRounds, NO_NATIVE, type Bench } from './section.js';

/** As FAULT_PAGES, ROUND and FILES of native/kernel. */
const FAULT_PAGES = 4096;
const LENGTH = FAULT_PAGES * PAGE_SIZE;
const CALLS = 256;
const FILES = 128;

/** Emulated memory; all of it is touched once before anything counts. */
const MEMORY_PAGES = 3 * FAULT_PAGES;
const ACCESS = PROT_READ | PROT_WRITE;

/** One piece of work: how many operations it did, and the milliseconds that count. */
interface Piece {
  readonly ops: number;
  readonly ms: number;
}

/** A machine with a process that does the work. */
interface Place {
  readonly machine: Machine;
  readonly process: Process;
}

/** One thing that both can do. */
interface Race {
  /** The figures are `faults.<id>` and its like. */
  readonly id: string;
  /** The name in native/kernel. */
  readonly kernel: string;
  /** Makes what does one piece of the work. */
  readonly prepare: (place: Place) => () => Piece;
  /** The part of the usual time that is under the watch, where most of the work is not. */
  readonly share?: number;
}

/**
 * A round measures so often, each time for a short while, and the best rate of each counts: other
 * work of the machine only ever takes away from a rate.
 */
const TURNS = 16;
/** New files cost twenty times as much as sealing them. */
const SEAL_SHARE = 0.05;

const FAULTS: readonly Race[] = [
  { id: 'fresh', kernel: 'memfd-fault-fresh', prepare: freshFaults },
  { id: 'cached', kernel: 'memfd-fault-cached', prepare: cachedFaults },
  { id: 'anon', kernel: 'anon-fault', prepare: anonymousFaults },
];

const CALLS_OF_BOTH: readonly Race[] = [
  { id: 'get-seals', kernel: 'get-seals', prepare: sealsAsked },
  { id: 'mmap', kernel: 'mmap-munmap', prepare: (place) => mappings(place, false) },
  { id: 'mmap-touch', kernel: 'mmap-touch-munmap', prepare: (place) => mappings(place, true) },
  {
    id: 'seal-empty',
    kernel: 'seal-write-empty',
    prepare: (place) => seals(place, 0),
    share: SEAL_SHARE,
  },
  {
    id: 'seal-256',
    kernel: 'seal-write-256',
    prepare: (place) => seals(place, 256),
    share: SEAL_SHARE,
  },
  { id: 'pin-1', kernel: 'pin-uring-update', prepare: (place) => pins(place, 1) },
  { id: 'pin-256', kernel: 'pin-uring-update-256', prepare: (place) => pins(place, 256) },
];

/** Measures the section `faults`. */
export async function measureFaults(bench: Bench): Promise<void> {
  if (!bench.native) bench.recorder.skip('faults.', NO_NATIVE);
  const none = await boot('none');
  const full = await boot('full');
  try {
    const works = [
      ...FAULTS.flatMap((race) => [worker(race, none, '.none'), worker(race, full, '.full')]),
      ...CALLS_OF_BOTH.map((race) => worker(race, full, '')),
    ];
    for (const { work, race } of works) {
      rateOf(work, bench.settings.seconds * (race.share ?? 1)); // until compiled for good
    }
    await inRounds(bench, 'faults', async () => {
      for (const race of [...FAULTS, ...CALLS_OF_BOTH]) {
        const own = works.filter((one) => one.race === race);
        if (!bench.signal.aborted) await raceOnce(bench, race, own);
      }
    });
  } finally {
    await Promise.all([none.machine.close(), full.machine.close()]);
  }
}

async function boot(contents: 'none' | 'full'): Promise<Place> {
  const machine = await Machine.boot({ memory: MEMORY_PAGES * PAGE_SIZE, contents });
  const process = machine.spawn();
  const length = (MEMORY_PAGES - 64) * PAGE_SIZE;
  const addr = process.mmap(0, length, ACCESS, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  touch({ machine, process }, addr, length);
  process.munmap(addr, length);
  return { machine, process };
}

/** A race's work on one machine. */
interface Worker {
  readonly race: Race;
  /** The end of the figure's id. */
  readonly variant: string;
  readonly work: () => Piece;
}

function worker(race: Race, place: Place, variant: string): Worker {
  return { race, variant, work: race.prepare(place) };
}

/** Both in turns, and the ratio of the best rates of each. */
async function raceOnce(bench: Bench, race: Race, own: readonly Worker[]): Promise<void> {
  const seconds = (bench.settings.seconds * (race.share ?? 1)) / TURNS;
  const best = new Map<Worker, number>();
  let theirs = 0;
  for (let turn = 0; turn < TURNS && !bench.signal.aborted; turn++) {
    theirs = Math.max(theirs, await kernelRate(bench, race, seconds));
    for (const one of own) best.set(one, Math.max(best.get(one) ?? 0, rateOf(one.work, seconds)));
  }
  for (const [{ variant }, ours] of best)
    record(bench, `faults.${race.id}${variant}`, ours, theirs);
  if (NAMED.has(race.id)) bench.recorder.add(`faults.${race.id}.kernel`, nanoseconds(theirs));
}

/** Faults whose times are figures, beside their ratio. */
const NAMED: ReadonlySet<string> = new Set(['fresh', 'cached']);

function record({ recorder }: Bench, id: string, ours: number, theirs: number): void {
  recorder.add(id, theirs > 0 ? ours / theirs : undefined);
  const [, race = ''] = id.split('.');
  if (NAMED.has(race)) recorder.add(`${id}.ours`, nanoseconds(ours));
}

function nanoseconds(rate: number): number | undefined {
  return rate > 0 ? 1e9 / rate : undefined;
}

/** Operations a second of this machine's kernel; 0 where it does not allow them. */
async function kernelRate(bench: Bench, { id, kernel }: Race, seconds: number): Promise<number> {
  if (!bench.native) return 0;
  const [rate] = await kernelRates([kernel], seconds);
  if (rate === undefined) return 0;
  if ('opsPerSecond' in rate) return rate.opsPerSecond;
  bench.recorder.skip(`faults.${id}`, rate.skipped);
  return 0;
}

/** Operations a second, over pieces that take so long together. */
function rateOf(work: () => Piece, seconds: number): number {
  let [ops, ms] = [0, 0];
  while (ms < seconds * 1000) {
    const piece = work();
    ops += piece.ops;
    ms += piece.ms;
  }
  return (ops / ms) * 1000;
}

/** Milliseconds of an action. */
function timed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/** Writes to each page of a range, in a loop of the core. */
function touch({ machine, process }: Place, addr: number, length: number): void {
  const { task } = process;
  const result = machine.kernel.run((core) => core.userTouch(task, addr, length, true));
  if (result < 0) throw new Error(`the emulated machine refused a touch: ${result}`);
}

function memfdOf({ process }: Place, pages: number): number {
  const fd = process.memfdCreate('raced', MFD_ALLOW_SEALING);
  process.ftruncate(fd, pages * PAGE_SIZE);
  return fd;
}

/** Maps `fd` shared, touches every page under the watch, and takes the mapping away. */
function touchOnce(place: Place, flags: number, fd: number): Piece {
  const { process } = place;
  const addr = process.mmap(0, LENGTH, ACCESS, flags, fd, 0);
  const ms = timed(() => touch(place, addr, LENGTH));
  process.munmap(addr, LENGTH);
  return { ops: FAULT_PAGES, ms };
}

function freshFaults(place: Place): () => Piece {
  const fd = memfdOf(place, FAULT_PAGES);
  return () => {
    const piece = touchOnce(place, MAP_SHARED, fd);
    place.process.ftruncate(fd, 0);
    place.process.ftruncate(fd, LENGTH);
    return piece;
  };
}

function cachedFaults(place: Place): () => Piece {
  const fd = memfdOf(place, FAULT_PAGES);
  touch(place, place.process.mmap(0, LENGTH, ACCESS, MAP_SHARED, fd, 0), LENGTH);
  return () => touchOnce(place, MAP_SHARED, fd);
}

function anonymousFaults(place: Place): () => Piece {
  return () => touchOnce(place, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

function sealsAsked(place: Place): () => Piece {
  const { process } = place;
  const fd = memfdOf(place, 1);
  const ask = () => {
    for (let i = 0; i < CALLS; i++) process.fcntl(fd, F_GET_SEALS);
  };
  return () => ({ ops: CALLS, ms: timed(ask) });
}

function mappings(place: Place, touched: boolean): () => Piece {
  const { process } = place;
  const fd = memfdOf(place, 1);
  const mapAndUnmap = (write: boolean) => {
    const addr = process.mmap(0, PAGE_SIZE, ACCESS, MAP_SHARED, fd, 0);
    if (write) touch(place, addr, PAGE_SIZE);
    process.munmap(addr, PAGE_SIZE);
  };
  mapAndUnmap(true); // from now on the file has its page
  const work = () => {
    for (let i = 0; i < CALLS; i++) mapAndUnmap(touched);
  };
  return () => ({ ops: CALLS, ms: timed(work) });
}

function seals(place: Place, pages: number): () => Piece {
  const { process } = place;
  return () => {
    const files = Array.from({ length: pages > 0 ? 8 : FILES }, () => memfdOf(place, pages || 1));
    for (const fd of files) {
      for (let page = 0; page < pages; page++) process.pwrite(fd, [1], page * PAGE_SIZE);
    }
    const ms = timed(() => {
      for (const fd of files) process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    });
    for (const fd of files) process.close(fd);
    return { ops: files.length, ms };
  };
}

function pins(place: Place, pages: number): () => Piece {
  const { process } = place;
  const fd = memfdOf(place, pages);
  const addr = process.mmap(0, pages * PAGE_SIZE, ACCESS, MAP_SHARED, fd, 0);
  touch(place, addr, pages * PAGE_SIZE);
  const work = () => {
    for (let i = 0; i < CALLS; i++) process.pinUserPagesFast(addr, pages, FOLL_WRITE).release();
  };
  return () => ({ ops: CALLS * pages, ms: timed(work) });
}
