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
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
} from '../dist/index.js';
import {
  ACCESS,
  bootTouched,
  runner,
  runRaces,
  timed,
  touch,
  type Piece,
  type Place,
  type Race,
} from './races.js';
import type { Bench } from './section.js';

/** As FAULT_PAGES, ROUND and FILES of native/kernel. */
const FAULT_PAGES = 4096;
const LENGTH = FAULT_PAGES * PAGE_SIZE;
const CALLS = 256;
const FILES = 128;

/** Emulated memory; all of it is touched once before anything counts. */
const MEMORY_PAGES = 3 * FAULT_PAGES;

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
  const none = await bootTouched('none', MEMORY_PAGES);
  const full = await bootTouched('full', MEMORY_PAGES);
  try {
    const runners = [
      ...FAULTS.flatMap((race) => [runner(race, none, '.none'), runner(race, full, '.full')]),
      ...CALLS_OF_BOTH.map((race) => runner(race, full, '')),
    ];
    await runRaces(bench, 'faults', runners, NAMED);
  } finally {
    await Promise.all([none.machine.close(), full.machine.close()]);
  }
}

/** Faults whose times are figures, beside their ratio. */
const NAMED: ReadonlySet<string> = new Set(['fresh', 'cached']);

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
