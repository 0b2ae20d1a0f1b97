import { FOLL_FAST_ONLY } from '../abi';
import { machine } from '../lib/machine';
import { PERCPU_SCRATCH, PERCPU_VECTOR, thisCpu } from '../lib/percpu';
import { waitWhile } from '../lib/wait';
import { getUserPagesFast, releaseUserPages } from '../mm/gup';
import { Task } from '../types/task';
import { toU64 } from '../kernel/convert';
import { now } from './clock';
import { clearHistogram, recordLatency } from './histogram';

/**
 * The loop that contention is measured with: pin a batch through GUP-fast, release it, until told
 * to stop. Nothing in it leaves WebAssembly but the clock, which is asked for one call in
 * `sampleEvery`; a prime, so that samples do not fall in step with anything.
 */

/** Looks at the stop word once in so many pages. */
const PAGES_BETWEEN_LOOKS: u32 = 64;

/** Waits until all CPUs of the workload are here and the host opens the gate. */
export function waitAtGate(): void {
  const state = machine();
  state.arrived.fetchAdd(1);
  state.arrived.notifyAll();
  waitWhile(state.startGate, 0);
}

/**
 * Pins and releases until `stop` is set. Returns the pages that were pinned and released, or a
 * negative error; when it began and ended, in milliseconds, lies in this CPU's scratch.
 */
export function contendLoop(
  task: Task,
  addr: f64,
  batch: u32,
  flags: u32,
  sampleEvery: u32,
  clockCostNs: f64,
): f64 {
  const scratch = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  clearHistogram();
  waitAtGate();
  store<f64>(scratch, now());
  const pages = loopUntilStopped(task, toU64(addr), batch, flags, sampleEvery, clockCostNs);
  store<f64>(scratch, now(), 8);
  return <f64>pages;
}

/** Cost of asking the clock, in nanoseconds: the mean over many, to be taken off each sample. */
export function clockCost(calls: u32): f64 {
  const start = now();
  for (let i: u32 = 0; i < calls; i++) now();
  return ((now() - start) * 1e6) / <f64>calls;
}

function loopUntilStopped(
  task: Task,
  start: u64,
  batch: u32,
  flags: u32,
  sampleEvery: u32,
  clockCostNs: f64,
): i64 {
  const stop = machine().stop;
  const mm = task.mm;
  const vector = changetype<usize>(thisCpu()) + PERCPU_VECTOR;
  const round = max<u32>(1, PAGES_BETWEEN_LOOKS / batch);
  let untilSample = sampleEvery;
  let pages: i64 = 0;
  while (stop.load() == 0) {
    for (let i: u32 = 0; i < round; i++) {
      const sampled = --untilSample == 0;
      const began = sampled ? now() : 0;
      const got = getUserPagesFast(mm, start, batch, flags | FOLL_FAST_ONLY, vector);
      if (<u32>got != batch) return -1;
      releaseUserPages(vector, got, flags);
      if (sampled) {
        untilSample = sampleEvery;
        recordLatency(<u64>max<f64>(0, (now() - began) * 1e6 - clockCostNs));
      }
      pages += got;
    }
  }
  return pages;
}
