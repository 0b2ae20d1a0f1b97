/** The statistics of a report: medians, bootstrap intervals, and the generator they draw from. */
import type { Estimate } from './types.js';

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** Resamples of one bootstrap; the ends of a 95 % interval then rest on 50 of them each. */
const RESAMPLES = 2000;

/** What a 95 % interval leaves out at each end. */
const TAIL = 0.025;

/**
 * The mulberry32 generator: a 32-bit state and a good enough mix for resampling, the same numbers
 * on
 * every machine. Not for secrets.
 * @param seed - any integer; only its low 32 bits count
 */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A 32-bit hash of a string (FNV-1a), to give each row its own stream of random numbers: then an
 * interval does not depend on which other rows were measured.
 */
export function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * The value below which the share `q` of the values lies, interpolated linearly between the two
 * nearest (Hyndman and Fan's type 7, the default of R and NumPy).
 * @throws RangeError when there are no values, or q is outside [0, 1]
 */
export function quantile(values: readonly number[], q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: q is ${q}, not in [0, 1]`);
  return quantileOfSorted(sorted(values), q);
}

/** @throws RangeError when there are no values */
export function median(values: readonly number[]): number {
  return quantileOfSorted(sorted(values), 0.5);
}

/**
 * The median with its 95 % bootstrap interval (percentile method): the median of as many values
 * drawn with replacement, again and again; the middle 95 % of those medians. One value is its own
 * interval. With few rounds the interval is coarse, since it can only end near measured values.
 * @throws RangeError when there are no values
 */
export function bootstrapMedian(values: readonly number[], random: Random): Estimate {
  const ordered = sorted(values);
  const middle = quantileOfSorted(ordered, 0.5);
  const medians = Float64Array.from({ length: RESAMPLES }, () => resampledMedian(ordered, random));
  medians.sort();
  return {
    median: middle,
    low: quantileOfSorted(medians, TAIL),
    high: quantileOfSorted(medians, 1 - TAIL),
  };
}

function resampledMedian(values: ArrayLike<number>, random: Random): number {
  const drawn = new Float64Array(values.length);
  for (let i = 0; i < drawn.length; i++) {
    drawn[i] = values[Math.floor(random() * values.length)] as number;
  }
  return quantileOfSorted(drawn.sort(), 0.5);
}

function sorted(values: readonly number[]): Float64Array {
  if (values.length === 0) throw new RangeError('no values to take a median of');
  return Float64Array.from(values).sort();
}

function quantileOfSorted(values: ArrayLike<number>, q: number): number {
  const position = q * (values.length - 1);
  const below = Math.floor(position);
  const low = values[below] as number;
  const high = values[Math.min(below + 1, values.length - 1)] as number;
  // Equal neighbours need no arithmetic, which would turn two infinities into NaN.
  return low === high ? low : low + (high - low) * (position - below);
}
