import type { ResolvedOptions } from '../options.js';
import { SNAPSHOT_PAGE, usedPages } from '../snapshot/regions.js';
import { PERCPU_BASE, PERCPU_SIZE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';

const WORDS_A_PAGE = SNAPSHOT_PAGE / 4;

/**
 * A hash of a machine's memory, without what each CPU keeps for itself (counters, traces, scratch
 * memory): two ends of rounds with the same hash need to be verified only once.
 */
export function memoryHash(views: CoreViews, options: ResolvedOptions): number {
  const words = views.i32;
  const percpuFrom = PERCPU_BASE / SNAPSHOT_PAGE;
  const percpuTo = percpuFrom + (options.cpus * PERCPU_SIZE) / SNAPSHOT_PAGE;
  let [high, low] = [0x2545f491, 0x6c078965];
  for (const [first, behind] of usedPages(views, options)) {
    for (let page = first; page < behind; page++) {
      if (page >= percpuFrom && page < percpuTo) continue;
      const end = (page + 1) * WORDS_A_PAGE;
      for (let at = page * WORDS_A_PAGE; at < end; at++) {
        const word = words[at]!;
        if (word === 0) continue;
        low = Math.imul(low ^ word ^ at, 0x01000193);
        high = Math.imul(high ^ (low >>> 15), 0x85ebca6b);
      }
    }
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}
