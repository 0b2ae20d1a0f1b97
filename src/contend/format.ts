/** Numbers as the reports write them: the same on every machine, whatever its locale. */
import type { Estimate, Sharing } from './types.js';

/** What is written where nothing was measured. */
export const MISSING = '–';

/** Two to three significant digits, never an exponent: 0.012, 0.12, 1.23, 12.3, 123, 1234. */
export function formatNumber(value: number | undefined): string {
  // Not only undefined and NaN: a report that was read back from JSON has null for NaN.
  if (value === undefined || !Number.isFinite(value)) return MISSING;
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.1 ? value.toFixed(2) : value.toFixed(3);
}

/** Pairs a second, in millions. */
export function formatMillions(perSecond: number): string {
  return formatNumber(perSecond / 1e6);
}

/**
 * `1.23 (1.20–1.25)`: a median and its interval, in units of `unit`; no interval that says
 * nothing.
 */
export function formatEstimate(estimate: Estimate | undefined, unit = 1): string {
  if (estimate === undefined) return MISSING;
  const median = formatNumber(estimate.median / unit);
  const range = formatRange(estimate.low / unit, estimate.high / unit);
  return range === median ? median : `${median} (${range})`;
}

/** `1.20–1.25`, or one number when both ends read the same. */
export function formatRange(low: number, high: number): string {
  const [from, to] = [formatNumber(low), formatNumber(high)];
  return from === to ? from : `${from}–${to}`;
}

/** A duration in the largest unit that keeps it at 1 or more: `640 ns`, `1.28 µs`. */
export function formatNanoseconds(ns: number | undefined): string {
  if (ns === undefined || !Number.isFinite(ns)) return MISSING;
  if (ns < 1e3) return `${formatNumber(ns)} ns`;
  if (ns < 1e6) return `${formatNumber(ns / 1e3)} µs`;
  return ns < 1e9 ? `${formatNumber(ns / 1e6)} ms` : `${formatNumber(ns / 1e9)} s`;
}

/** `1 thread`, `2 threads`. */
export function count(n: number, noun: string): string {
  return `${formatNumber(n)} ${noun}${n === 1 ? '' : 's'}`;
}

const SHARING_NAMES: Readonly<Record<Sharing, string>> = {
  'same-page': 'one page',
  'same-file': 'one file, a page of its own each',
  'separate-files': 'a file of its own each',
};

/** What the threads share, in words, for headings. */
export function sharingTitle(sharing: Sharing): string {
  return SHARING_NAMES[sharing];
}
