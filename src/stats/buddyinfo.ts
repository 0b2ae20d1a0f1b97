import type { VerifyContext } from '../verify/verify.js';
import { NR_PAGE_ORDERS, PAGE_SIZE, ZONE_BASE, ZONE_NR_FREE } from '../wasm/generated/layout.js';

/** A line of /proc/buddyinfo. */
export interface BuddyRow {
  readonly node: number;
  readonly zone: string;
  /** Free blocks of 2^order pages, by order from 0 to 10. */
  readonly free: readonly number[];
}

/**
 * Free blocks of each zone (Linux: mm/vmstat.c, frag_show); there is one. Memory that was never
 * used counts as the largest blocks that fit. As in Linux, pages in the CPUs' own lists are left
 * out.
 */
export function buddyinfo({ views, options }: VerifyContext): BuddyRow[] {
  const free = Array.from({ length: NR_PAGE_ORDERS }, (_, order) =>
    views.u32At(ZONE_BASE + ZONE_NR_FREE + order * 4),
  );
  let left = options.memory / PAGE_SIZE - views.read('Zone', 'frontier', ZONE_BASE);
  for (let order = NR_PAGE_ORDERS - 1; order >= 0; order--) {
    const blocks = Math.floor(left / 2 ** order);
    free[order] = (free[order] ?? 0) + blocks;
    left -= blocks * 2 ** order;
  }
  return [{ node: 0, zone: 'Normal', free }];
}
