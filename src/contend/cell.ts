import { cpuSeconds } from '#platform';
import type { Kernel } from '../kernel.js';
import {
  FOLL_PIN,
  FOLL_WRITE,
  PERCPU_HISTOGRAM,
  PERCPU_SCRATCH,
} from '../wasm/generated/layout.js';
import type { Arena } from './arena.js';
import { BUCKETS } from './histogram.js';
import type { RawSample, Sharing } from './types.js';

/** One cell of the measurement. */
export interface Cell {
  readonly sharing: Sharing;
  readonly threads: number;
  readonly batch: number;
}

/** One call in so many is timed: a prime, so that samples fall in step with nothing. */
const SAMPLE_EVERY = 61;
/** Asks for the clock so often to learn what asking costs. */
const CLOCK_CALLS = 20_000;

/** Runs one cell on one arena for so many seconds, or until aborted. */
export async function runCell(
  arena: Arena,
  cell: Cell,
  round: number,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<RawSample> {
  const { kernel } = arena.machine;
  const cpus = Array.from({ length: cell.threads }, (_, thread) => thread + 1);
  const clockCost = await kernel.call(1, 'clockCost', CLOCK_CALLS);
  const loops = cpus.map((cpu) => {
    const addr = arena.addressOf(cell.sharing, cell.batch, cpu - 1);
    const flags = FOLL_PIN | FOLL_WRITE;
    const { task } = arena.process;
    return () =>
      kernel.call(cpu, 'contendLoop', task, addr, cell.batch, flags, SAMPLE_EVERY, clockCost);
  });
  const before = cpuSeconds();
  const pairs = await runTogether(kernel, loops, () => sleep(seconds * 1000, signal));
  const used = (cpuSeconds() ?? NaN) - (before ?? NaN);
  if (pairs.some((pages) => pages < 0)) {
    throw new Error(`${arena.policy}: GUP-fast did not get a page that is present`);
  }
  const spans = cpus.map((cpu) => secondsOf(kernel, cpu));
  const total = spans.reduce((sum, span) => sum + span, 0);
  return {
    policy: arena.policy,
    ...cell,
    round,
    seconds: spans,
    pairs,
    histogram: mergedHistogram(kernel, cpus),
    cpuShare: Number.isNaN(used) ? undefined : Math.min(1, used / total),
  };
}

/**
 * Starts loops on several CPUs, opens the gate when all have come to it, tells them to stop when
 * `meanwhile` is over, and gives their results.
 */
export async function runTogether(
  kernel: Kernel,
  loops: readonly (() => Promise<number>)[],
  meanwhile: () => Promise<void>,
): Promise<number[]> {
  const words = kernel.views.i32;
  const [gate, stop, arrived] = [
    kernel.views.machineWord('startGate'),
    kernel.views.machineWord('stop'),
    kernel.views.machineWord('arrived'),
  ];
  for (const word of [gate, stop, arrived]) Atomics.store(words, word, 0);
  const results = Promise.all(loops.map((start) => start()));
  let ended = false;
  const end = () => {
    ended = true;
  };
  results.then(end, end);
  while (!ended && Atomics.load(words, arrived) < loops.length) await sleep(1, undefined);
  Atomics.store(words, gate, 1);
  Atomics.notify(words, gate);
  await Promise.race([meanwhile(), results.catch(() => undefined)]);
  Atomics.store(words, stop, 1);
  return results;
}

/** Waits so many milliseconds, or until aborted; never rejects. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted === true) done();
    else signal?.addEventListener('abort', done);
  });
}

function secondsOf(kernel: Kernel, cpu: number): number {
  const scratch = kernel.views.perCpu(cpu) + PERCPU_SCRATCH;
  return (kernel.views.f64At(scratch + 8) - kernel.views.f64At(scratch)) / 1000;
}

function mergedHistogram(kernel: Kernel, cpus: readonly number[]): Uint32Array {
  const merged = new Uint32Array(BUCKETS);
  for (const cpu of cpus) {
    const at = kernel.views.perCpu(cpu) + PERCPU_HISTOGRAM;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      merged[bucket] = (merged[bucket] ?? 0) + kernel.views.u32At(at + 4 * bucket);
    }
  }
  return merged;
}
