/**
 * fork, copy-on-write, mremap and MADV_DONTNEED against this machine's kernel; how the same scale
 * over two processes on two threads; and how long a reverse-map walk takes.
 */
import {
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PAGE_SIZE,
  type Process,
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
import { measureScaling } from './scaling.js';
import { inRounds, type Bench } from './section.js';

/** As FAULT_PAGES, FORK_PAGES and ROUND of native/kernel. */
const FAULT_PAGES = 4096;
const FORK_PAGES = 16384;
const ROUND = 256;

/** Emulated memory: 64 MiB twice, and room for page tables' sake. */
const MEMORY_PAGES = 3 * FORK_PAGES;
/** A fork takes some hundred microseconds, its preparation and its end as long again. */
const FORK_SHARE = 0.5;
/** Processes that map the page whose reverse map is walked. */
const SHARERS = 1000;
const WALKS = 50;

const RACES: readonly Race[] = [
  { id: 'cow', kernel: 'cow-break', prepare: cowBreaks },
  { id: 'fork', kernel: 'fork-64m', prepare: forks, share: FORK_SHARE },
  { id: 'mremap', kernel: 'mremap-page', prepare: moves },
  { id: 'dontneed', kernel: 'dontneed-page', prepare: discards },
];

/** Measures the section `processes`. */
export async function measureProcesses(bench: Bench): Promise<void> {
  const place = await bootTouched('none', MEMORY_PAGES);
  try {
    await runRaces(
      bench,
      'processes',
      RACES.map((race) => runner(race, place, '')),
    );
    await measureRmap(bench);
    await measureScaling(bench);
  } finally {
    await place.machine.close();
  }
}

function anonymous({ process }: Place, pages: number): number {
  return process.mmap(0, pages * PAGE_SIZE, ACCESS, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

function cowBreaks(place: Place): () => Piece {
  const length = FAULT_PAGES * PAGE_SIZE;
  const addr = anonymous(place, FAULT_PAGES);
  return () => {
    touch(place, addr, length);
    const child = place.process.fork();
    const ms = timed(() => touch(place, addr, length));
    child.exit();
    return { ops: FAULT_PAGES, ms };
  };
}

function forks(place: Place): () => Piece {
  const process = place.machine.spawn();
  const parent = { machine: place.machine, process };
  touch(parent, anonymous(parent, FORK_PAGES), FORK_PAGES * PAGE_SIZE);
  return () => {
    let child: Process | undefined;
    const ms = timed(() => (child = process.fork()));
    child?.exit();
    return { ops: 1, ms };
  };
}

function moves(place: Place): () => Piece {
  const { process } = place;
  const area = anonymous(place, 4);
  process.munmap(area + PAGE_SIZE, 3 * PAGE_SIZE);
  touch(place, area, PAGE_SIZE);
  const flags = MREMAP_MAYMOVE | MREMAP_FIXED;
  const move = (from: number, to: number) => process.mremap(from, PAGE_SIZE, PAGE_SIZE, flags, to);
  const work = () => {
    for (let i = 0; i < ROUND; i += 2) {
      move(area, area + 2 * PAGE_SIZE);
      move(area + 2 * PAGE_SIZE, area);
    }
  };
  return () => ({ ops: ROUND, ms: timed(work) });
}

function discards(place: Place): () => Piece {
  const { process } = place;
  const length = FAULT_PAGES * PAGE_SIZE;
  const addr = anonymous(place, FAULT_PAGES);
  const work = () => {
    for (let at = addr; at < addr + length; at += PAGE_SIZE) {
      process.madvise(at, PAGE_SIZE, MADV_DONTNEED);
    }
  };
  return () => {
    touch(place, addr, length);
    return { ops: FAULT_PAGES, ms: timed(work) };
  };
}

/** The reverse map of a page that a thousand processes share since their forks. */
async function measureRmap(bench: Bench): Promise<void> {
  const place = await bootTouched('none', FORK_PAGES);
  const addr = anonymous(place, 1);
  touch(place, addr, PAGE_SIZE);
  for (let child = 1; child < SHARERS; child++) place.process.fork();
  const { kernel } = place.machine;
  const pfn = place.process.pagemap(addr, 1)[0]?.pfn ?? 0;
  const walk = () => {
    for (let i = 0; i < WALKS; i++) kernel.core.pageRmapCount(pfn);
  };
  for (let i = 0; i < 20; i++) walk();
  try {
    await inRounds(bench, 'processes', () => {
      const best = Math.min(...Array.from({ length: 8 }, () => timed(walk)));
      bench.recorder.add('processes.rmap', (best * 1e6) / (WALKS * SHARERS));
      return Promise.resolve();
    });
  } finally {
    await place.machine.close();
  }
}
