import { PERCPU_HISTOGRAM, PERCPU_HISTOGRAM_SIZE, thisCpu } from '../lib/percpu';

/**
 * Latencies in a log-linear histogram of this CPU: values below 64 each have a bucket, above that
 * every power of two has 32. The same formula stands in src/contend/histogram.ts.
 */
const BUCKETS: u32 = <u32>(PERCPU_HISTOGRAM_SIZE / 4);

/** Counts one duration in nanoseconds. */
export function recordLatency(ns: u64): void {
  const at = histogram() + ((<usize>min(bucketOf(ns), BUCKETS - 1)) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Empties the histogram. */
export function clearHistogram(): void {
  memory.fill(histogram(), 0, PERCPU_HISTOGRAM_SIZE);
}

function histogram(): usize {
  return changetype<usize>(thisCpu()) + PERCPU_HISTOGRAM;
}

function bucketOf(ns: u64): u32 {
  if (ns < 64) return <u32>ns;
  const exponent = 63 - <u32>clz<u64>(ns);
  const sub = (<u32>(ns >> (exponent - 5))) & 31;
  return 64 + (exponent - 6) * 32 + sub;
}
