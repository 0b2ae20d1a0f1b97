/** The inspection module (assembly/inspect): percentiles and text out of raw latency histograms. */
import { instantiate } from '#as-bind';
import { readBytes } from '#platform';
import { BUCKETS } from '../contend/histogram.js';

/** What the inspection module offers; see {@link loadInspect}. */
export interface Inspect {
  /** The bucket that counts a duration of `ns` nanoseconds. */
  bucketOf(ns: number): number;
  /** The lowest duration, in nanoseconds, that bucket `index` counts. */
  bucketLow(index: number): number;
  /** The highest whole duration, in nanoseconds, that bucket `index` counts. */
  bucketHigh(index: number): number;
  /**
   * Adds histograms up; the result has one 64-bit count for each bucket.
   * @throws RangeError when a histogram does not have exactly {@link BUCKETS} buckets
   */
  mergeHistograms(histograms: readonly Uint32Array[]): Float64Array;
  /**
   * The durations, in nanoseconds, that the given shares (0 to 1) of all values do not exceed; at
   * most 1/32 too high, never too low. NaN when nothing was counted.
   */
  percentiles(counts: Float64Array, shares: readonly number[]): number[];
  /** A histogram as text, one line for each power of two, its bars up to `width` characters. */
  formatHistogram(counts: Float64Array, width: number): string;
  /** A duration in nanoseconds as people read it: "640 ns", "1.28 us". */
  formatDuration(ns: number): string;
}

/**
 * The raw exports, before copying; typed arrays that come back are views of the module's
 * memory.
 */
interface InspectExports {
  bucketCount(): number;
  bucketOf(ns: number): number;
  bucketLow(index: number): number;
  bucketHigh(index: number): number;
  mergeHistograms(stacked: Uint32Array): Float64Array;
  percentiles(counts: Float64Array, shares: Float64Array): Float64Array;
  formatHistogram(counts: Float64Array, width: number): string;
  formatDuration(ns: number): string;
}

let loading: Promise<Inspect> | undefined;

/**
 * Loads the inspection module, once; every later call gets the same one. Works in Node and in
 * browsers.
 * @throws Error when `inspect.wasm` cannot be read (the package has not been built)
 */
export function loadInspect(): Promise<Inspect> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined; // so that a later call tries again
    throw error;
  });
  return loading;
}

async function load(): Promise<Inspect> {
  // A literal URL, so that bundlers find the file. The same from src/inspect and dist/inspect.
  const bytes = await readBytes(new URL('../../dist/wasm/inspect.wasm', import.meta.url));
  const { exports } = await instantiate<InspectExports>(bytes);
  if (exports.bucketCount() !== BUCKETS) {
    throw new Error(`inspect.wasm has ${exports.bucketCount()} buckets, not ${BUCKETS}: rebuild`);
  }
  return wrap(exports);
}

function wrap(raw: InspectExports): Inspect {
  return {
    bucketOf: (ns) => raw.bucketOf(ns),
    bucketLow: (index) => raw.bucketLow(index),
    bucketHigh: (index) => raw.bucketHigh(index),
    mergeHistograms: (histograms) => raw.mergeHistograms(stack(histograms)).slice(),
    percentiles: (counts, shares) => [...raw.percentiles(counts, Float64Array.from(shares))],
    formatHistogram: (counts, width) => raw.formatHistogram(counts, width),
    formatDuration: (ns) => raw.formatDuration(ns),
  };
}

/** Lays histograms end to end, since as-bind passes one flat array. */
function stack(histograms: readonly Uint32Array[]): Uint32Array {
  const stacked = new Uint32Array(histograms.length * BUCKETS);
  histograms.forEach((histogram, i) => {
    if (histogram.length !== BUCKETS) {
      throw new RangeError(`histogram ${i} has ${histogram.length} buckets, not ${BUCKETS}`);
    }
    stacked.set(histogram, i * BUCKETS);
  });
  return stacked;
}
