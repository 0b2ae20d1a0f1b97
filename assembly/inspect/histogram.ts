/**
 * The log-linear latency histogram that the workers record into, read back.
 *
 * Values are whole nanoseconds. Below 64 each value has its own bucket; from there each power of
 * two
 * is cut into 32 equal parts, so a bucket is never wider than 1/32 (3.2 %) of its lowest value:
 *
 *   value    0 .. 63    64, 66 .. 126    128, 132 .. 252    ...    2^39 .. 2^40-1
 *   index    0 .. 63    64 .. 95         96 .. 127          ...    1120 .. 1151
 *
 * The core (release.wasm) and src/contend/histogram.ts use the same formula; tests compare them.
 */

/** Values below this have a bucket of their own. */
const EXACT: f64 = 64;
/** log2 of EXACT: the first power of two that is cut into parts. */
const FIRST_EXPONENT: i32 = 6;
/** Parts of one power of two, as a shift. */
const SUB_BITS: i32 = 5;
/** Values of 2^40 ns (18 minutes) and more are counted in the last bucket. */
const LAST_EXPONENT: i32 = 39;

/** How many buckets a histogram has. */
export const BUCKETS: i32 = 64 + ((LAST_EXPONENT - FIRST_EXPONENT + 1) << SUB_BITS);

/** How many buckets a histogram has: the length of every array of counts. */
export function bucketCount(): i32 {
  return BUCKETS;
}

/** The bucket that counts a duration of `ns` nanoseconds; NaN and negative values count as 0. */
export function bucketOf(ns: f64): i32 {
  if (!(ns >= 1)) return 0;
  if (ns < EXACT) return <i32>ns;
  if (ns >= <f64>((<u64>1) << (LAST_EXPONENT + 1))) return BUCKETS - 1;
  const value = <u64>ns;
  const exponent = 63 - <i32>clz(value);
  const sub = (<i32>(value >> (exponent - SUB_BITS))) & ((1 << SUB_BITS) - 1);
  return <i32>EXACT + ((exponent - FIRST_EXPONENT) << SUB_BITS) + sub;
}

/** The lowest duration, in nanoseconds, that bucket `index` counts. */
export function bucketLow(index: i32): f64 {
  if (index < <i32>EXACT) return <f64>index;
  const above = index - <i32>EXACT;
  const exponent = FIRST_EXPONENT + (above >> SUB_BITS);
  const sub = <u64>(above & ((1 << SUB_BITS) - 1));
  return <f64>(((<u64>1) << exponent) + (sub << (exponent - SUB_BITS)));
}

/** The highest whole duration, in nanoseconds, that bucket `index` counts. */
export function bucketHigh(index: i32): f64 {
  return bucketLow(index + 1) - 1;
}

/**
 * Adds up histograms laid end to end.
 *
 * Preconditions:
 * - `stacked.length` is a multiple of BUCKETS (the caller in src/inspect checks it).
 */
export function mergeHistograms(stacked: Uint32Array): Float64Array {
  // 64-bit floats, since the sum of many 32-bit counts does not fit 32 bits.
  const merged = new Float64Array(BUCKETS);
  for (let start = 0; start + BUCKETS <= stacked.length; start += BUCKETS) {
    for (let index = 0; index < BUCKETS; index++) {
      merged[index] += <f64>stacked[start + index];
    }
  }
  return merged;
}

/** The number of values that a histogram has counted. */
export function totalOf(counts: Float64Array): f64 {
  let total: f64 = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index];
  return total;
}

/**
 * The durations, in nanoseconds, that the given shares (0 to 1) of all values do not exceed: the
 * upper
 * end of the bucket in which the value with that rank lies, so never less than the truth and at
 * most
 * 1/32 more. NaN for each share when nothing was counted.
 */
export function percentiles(counts: Float64Array, shares: Float64Array): Float64Array {
  const total = totalOf(counts);
  const result = new Float64Array(shares.length);
  for (let i = 0; i < shares.length; i++) {
    result[i] = total > 0 ? percentile(counts, total, shares[i]) : NaN;
  }
  return result;
}

function percentile(counts: Float64Array, total: f64, share: f64): f64 {
  // Nearest rank: the smallest value with at least this share at or below it, and never rank 0.
  const rank = Math.max(1, Math.ceil(share * total));
  let seen: f64 = 0;
  let last = 0;
  for (let index = 0; index < counts.length; index++) {
    if (counts[index] == 0) continue;
    seen += counts[index];
    last = index;
    if (seen >= rank) break;
  }
  return bucketHigh(last);
}
