/** What a reader must know before believing the figures. */
import type { ContendRow } from './types.js';

/** Threads with less of a core than this did not run side by side. */
const ENOUGH = 0.9;

/** Warnings about rows, in words; empty when nothing is wrong. */
export function buildWarnings(rows: readonly ContendRow[]): string[] {
  const shares = rows.flatMap(({ cpuShare }) => (cpuShare === undefined ? [] : [cpuShare]));
  const starved = shares.filter((share) => share < ENOUGH);
  if (starved.length === 0) return [];
  const lowest = Math.round(100 * Math.min(...starved));
  return [
    `In ${starved.length} of ${shares.length} cells the threads had less than a core each ` +
      `(down to ${lowest} %): something else was running, or there are fewer cores than threads. ` +
      'Such threads take turns instead of contending; do not judge scaling by these cells.',
  ];
}
