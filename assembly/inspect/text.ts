/** Histograms as text: one line for each power of two, for people who read a log. */
import { bucketLow, totalOf } from './histogram';

/** A duration in the largest unit that keeps it at 1 or more: "640 ns", "1.28 us", "20.5 ms". */
export function formatDuration(ns: f64): string {
  if (isNaN(ns)) return '-';
  if (ns < 1000) return significant(ns) + ' ns';
  if (ns < 1e6) return significant(ns / 1e3) + ' us';
  if (ns < 1e9) return significant(ns / 1e6) + ' ms';
  return significant(ns / 1e9) + ' s';
}

/**
 * Draws a histogram: a line for each power of two between the first and the last value that was
 * counted, with its range, its share in percent and a bar whose longest is `width` characters.
 */
export function formatHistogram(counts: Float64Array, width: i32): string {
  const total = totalOf(counts);
  if (total == 0) return 'no values\n';
  const octaves = foldOctaves(counts);
  const first = firstUsed(octaves);
  const last = lastUsed(octaves);
  let longest: f64 = 0;
  for (let i = first; i <= last; i++) longest = Math.max(longest, octaves[i]);

  let text = '';
  for (let i = first; i <= last; i++) {
    const bar = <i32>Math.round((octaves[i] / longest) * <f64>width);
    text += octaveLabel(i) + share(octaves[i], total) + '  ' + '#'.repeat(bar) + '\n';
  }
  return text;
}

/**
 * Sums the buckets of each power of two; octave 0 holds the value 0, octave k the values from
 * 2^(k-1).
 */
function foldOctaves(counts: Float64Array): Float64Array {
  const octaves = new Float64Array(64);
  for (let index = 0; index < counts.length; index++) {
    octaves[64 - <i32>clz(<u64>bucketLow(index))] += counts[index];
  }
  return octaves;
}

function firstUsed(octaves: Float64Array): i32 {
  let i = 0;
  while (octaves[i] == 0) i++;
  return i;
}

function lastUsed(octaves: Float64Array): i32 {
  let i = octaves.length - 1;
  while (octaves[i] == 0) i--;
  return i;
}

function octaveLabel(octave: i32): string {
  const low: f64 = octave == 0 ? 0 : <f64>((<u64>1) << (octave - 1));
  return (
    (formatDuration(low) + ' ..').padStart(12) +
    formatDuration(<f64>((<u64>1) << octave)).padStart(8)
  );
}

function share(count: f64, total: f64): string {
  return (fixed((count / total) * 100, 2) + ' %').padStart(11);
}

/** Three significant digits, without an exponent; the value lies in [0, 1000) or is whole. */
function significant(value: f64): string {
  if (value >= 100 || value == Math.floor(value)) return fixed(value, 0);
  return value >= 10 ? fixed(value, 1) : fixed(value, 2);
}

/** `digits` decimals, rounded half up (f64.toString would print all 17 digits). */
function fixed(value: f64, digits: i32): string {
  const scale = Math.pow(10, <f64>digits);
  const scaled = <i64>Math.floor(value * scale + 0.5);
  const whole = (scaled / <i64>scale).toString();
  if (digits == 0) return whole;
  return whole + '.' + (scaled % <i64>scale).toString().padStart(digits, '0');
}
