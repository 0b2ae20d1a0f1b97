/**
 * What a call from TypeScript costs: the same operation in a loop inside the core, through the bare
 * export, and through the facade. The facade's single calls are timed by the package `benchmark`.
 */
import Benchmark from 'benchmark';
import {
  F_GET_SEALS,
  FOLL_WRITE,
  Machine,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../dist/index.js';
import type { BenchExports } from '../dist/wasm/exports.js';
import { inRounds, type Bench } from './section.js';

/** Loops of the bench build that make one system call again and again; a core may lack them. */
interface CallLoops {
  getSealsLoop(task: number, fd: number, calls: number): number;
  munmapLoop(task: number, addr: number, length: number, calls: number): number;
}
type Core = BenchExports & Partial<CallLoops>;

/** A process with one page of a memfd mapped, and the core below it. */
interface Place {
  readonly core: Core;
  readonly process: Process;
  readonly task: number;
  readonly fd: number;
  readonly addr: number;
}

/** One operation in three ways; each makes so many calls. */
interface Operation {
  readonly id: string;
  inCore(calls: number): void;
  byExport(calls: number): void;
  byFacade(calls: number): void;
}

/** Where nothing is mapped. */
const NOWHERE = 0x10_0000_0000;
/**
 * So many pieces a round, each about a millisecond; the fastest of each way counts, since noise
 * only ever adds, and a short piece often meets none.
 */
const PIECES = 40;
/** Calls in a second, roughly: to turn seconds into calls. */
const CALLS_PER_SECOND = 1e7;
/** Seconds that `benchmark` may take for one call, as a multiple of those of a measurement. */
const BENCHMARK_TIME = 4;

/** Measures the section `calls`. */
export async function measureCalls(bench: Bench): Promise<void> {
  const machine = await Machine.boot({ memory: '16MiB', build: 'bench' });
  try {
    const place = prepare(machine);
    const calls = Math.ceil((bench.settings.seconds * CALLS_PER_SECOND) / PIECES);
    const operations = [getSeals(place), munmap(place)];
    for (const operation of operations) compare(operation, calls); // until compiled for good
    await inRounds(bench, 'calls', async () => {
      for (const operation of operations) record(bench, place, operation, calls);
      await new Promise(setImmediate); // lets Ctrl-C in
    });
    await timeFacade(bench, place);
  } finally {
    await machine.close();
  }
}

function prepare(machine: Machine): Place {
  const process = machine.spawn();
  const fd = process.memfdCreate('called', 0);
  process.ftruncate(fd, PAGE_SIZE);
  const addr = process.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  process.store(addr, [1]);
  const core = machine.kernel.run((exports) => exports) as unknown as Core;
  return { core, process, task: process.task, fd, addr };
}

function getSeals({ core, process, task, fd }: Place): Operation {
  return {
    id: 'calls.get-seals',
    inCore: (calls) => void core.getSealsLoop?.(task, fd, calls),
    byExport: (calls) => {
      for (let i = 0; i < calls; i++) core.sysFcntl(task, fd, F_GET_SEALS, 0);
    },
    byFacade: (calls) => {
      for (let i = 0; i < calls; i++) process.fcntl(fd, F_GET_SEALS);
    },
  };
}

function munmap({ core, process, task }: Place): Operation {
  return {
    id: 'calls.munmap',
    inCore: (calls) => void core.munmapLoop?.(task, NOWHERE, PAGE_SIZE, calls),
    byExport: (calls) => {
      for (let i = 0; i < calls; i++) core.sysMunmap(task, NOWHERE, PAGE_SIZE);
    },
    byFacade: (calls) => {
      for (let i = 0; i < calls; i++) process.munmap(NOWHERE, PAGE_SIZE);
    },
  };
}

function record({ recorder }: Bench, { core }: Place, operation: Operation, calls: number): void {
  const { inCore, byExport, byFacade } = compare(operation, calls);
  recorder.add(`${operation.id}.facade`, byFacade - byExport);
  if (core.getSealsLoop === undefined || core.munmapLoop === undefined) {
    recorder.skip(operation.id, 'this build of the core has no loop of it');
    return;
  }
  recorder.add(operation.id, byFacade - inCore);
  recorder.add(`${operation.id}.export`, byExport - inCore);
  recorder.add(`${operation.id}.operation`, inCore);
}

/** Nanoseconds a call, of each way: the fastest of pieces that take turns. */
function compare(operation: Operation, calls: number) {
  const fastest = { inCore: Infinity, byExport: Infinity, byFacade: Infinity };
  for (let piece = 0; piece < PIECES; piece++) {
    for (const way of ['inCore', 'byExport', 'byFacade'] as const) {
      const start = performance.now();
      operation[way](calls);
      fastest[way] = Math.min(fastest[way], ((performance.now() - start) * 1e6) / calls);
    }
  }
  return fastest;
}

/** Times single calls of the facade; each sample of `benchmark` is one value of the figure. */
async function timeFacade(bench: Bench, place: Place): Promise<void> {
  const { process, fd, addr } = place;
  const bytes = new Uint8Array(8).fill(7);
  const access = PROT_READ | PROT_WRITE;
  const calls: Record<string, () => void> = {
    nothing: () => undefined,
    'get-seals': () => void process.fcntl(fd, F_GET_SEALS),
    munmap: () => process.munmap(NOWHERE, PAGE_SIZE),
    mmap: () => process.munmap(process.mmap(0, PAGE_SIZE, access, MAP_SHARED, fd, 0), PAGE_SIZE),
    pin: () => process.pinUserPagesFast(addr, 1, FOLL_WRITE).release(),
    load: () => void process.load(addr, bytes.length),
    store: () => process.store(addr, bytes),
  };
  for (const [name, call] of Object.entries(calls)) {
    if (bench.signal.aborted) return;
    bench.progress(`calls: benchmark of ${name}`);
    for (const seconds of samplesOf(name, call, bench.settings.seconds)) {
      bench.recorder.add(`calls.benchmark.${name}`, seconds * 1e9);
    }
    await new Promise(setImmediate);
  }
}

/** Seconds a call, of each sample. An error in the call ends the benchmark. */
function samplesOf(name: string, call: () => void, seconds: number): number[] {
  const maxTime = seconds * BENCHMARK_TIME;
  const benchmark = new Benchmark(name, call, { maxTime, minTime: seconds / 10, minSamples: 3 });
  benchmark.run({ async: false });
  const { error } = benchmark as { error?: Error };
  if (error !== undefined) throw error;
  return benchmark.stats.sample as number[];
}
