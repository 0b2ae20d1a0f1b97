/**
 * The inspection module: turns raw buffers into percentiles and text.
 *
 * It is compiled by AssemblyScript 0.19 and called through as-bind, which passes typed arrays and
 * strings. It has its own memory and a garbage collector, and it never sees the machine's memory:
 * the core must have no heap (see memlayout.ts), and browsers refuse to decode strings out of
 * shared
 * memory.
 */
export {
  bucketCount,
  bucketHigh,
  bucketLow,
  bucketOf,
  mergeHistograms,
  percentiles,
} from './histogram';
export { formatDuration, formatHistogram } from './text';
