/**
 * The log-linear latency histogram, as plain TypeScript.
 *
 * Workers record into it in WebAssembly (release.wasm), the report reads it in WebAssembly
 * (assembly/inspect); this third copy of the formula is the readable one that tests hold the other
 * two against.
 *
 * Values are whole nanoseconds. Below 64 each value has its own bucket; from there each power of
 * two
 * is cut into 32 equal parts, so a bucket is never wider than 1/32 of its lowest value:
 *
 *   index = v                                    for v < 64
 *   index = 64 + (exp - 6) * 32 + sub            exp = floor(log2 v),
 *                                                sub = the 5 bits below the top one
 *   index = 1151                                 for v >= 2^40 (18 minutes)
 */

/** Buckets of one histogram: 64 exact ones, and 32 for each power of two from 2^6 to 2^39. */
export const BUCKETS = 64 + (40 - 6) * 32;

/** The bucket that counts a duration of `ns` nanoseconds; NaN and negative values count as 0. */
export function bucketOf(ns: number): number {
  if (!(ns >= 1)) return 0;
  if (ns < 64) return Math.floor(ns);
  if (ns >= 2 ** 40) return BUCKETS - 1;
  const value = Math.floor(ns);
  const exponent = floorLog2(value);
  const sub = Math.floor(value / 2 ** (exponent - 5)) - 32;
  return 64 + (exponent - 6) * 32 + sub;
}

/** The lowest duration, in nanoseconds, that bucket `index` counts. */
export function bucketLow(index: number): number {
  if (index < 64) return index;
  const exponent = 6 + Math.floor((index - 64) / 32);
  const sub = (index - 64) % 32;
  return 2 ** exponent + sub * 2 ** (exponent - 5);
}

/** The highest whole duration, in nanoseconds, that bucket `index` counts. */
export function bucketHigh(index: number): number {
  return bucketLow(index + 1) - 1;
}

/** Exact, unlike Math.log2 near powers of two: clz32 of the part that fits 32 bits. */
function floorLog2(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}
