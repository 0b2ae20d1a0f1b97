import {
  BUG_COW_REFCOUNT_VS_UNMAP,
  UNMAP_PINNED_ALLOW,
  UNMAP_PINNED_REFUSE_IF_EXCLUSIVE_AND_PINNED,
  UNMAP_PINNED_REFUSE_IF_REF_NE_MAP_PLUS_2,
} from '../../abi';
import { reenacts } from '../../lib/machine';
import { thisCpu } from '../../lib/percpu';
import { PG_ANON_EXCLUSIVE, PG_SWAPCACHE, Page } from '../../types/page';
import { tryShareAnonRmap } from '../rmap';
import { keepsExclusive } from './cow';
import { maybeDmaPinned } from './pins_of_page';

/**
 * Whether an anonymous page may be unmapped so that it can leave memory although somebody may be
 * using it by a reference: the axis `unmapPinned`. False: the entry must be put back as it was.
 * Preconditions:
 * - the page is locked, isolated and in the swap cache;
 * - the lock of the page table is held; the entry was cleared, and walks under way have ended, but
 *   the mapping is still counted.
 */
export function mayUnmap(page: Page): bool {
  const policy = thisCpu().unmapPinned;
  const exclusive = page.flags.test(PG_ANON_EXCLUSIVE) != 0;
  // Before 2.6.7 nobody looked; copy-on-write by references then takes a device for a sharer.
  if (policy == UNMAP_PINNED_ALLOW || reenacts(BUG_COW_REFCOUNT_VS_UNMAP)) {
    if (exclusive) page.flags.and(~PG_ANON_EXCLUSIVE);
    return true;
  }
  if (policy == UNMAP_PINNED_REFUSE_IF_REF_NE_MAP_PLUS_2 && hasUnknownReferences(page))
    return false;
  if (exclusive) return tryShareAnonRmap(page);
  // Generations that do not mark pages looked at the pins alone (Linux 5.11: shrink_page_list).
  return keepsExclusive() || !maybeDmaPinned(page);
}

/** Whether reclaim may give a page a slot: pinned ones would stay (Linux: shrink_folio_list). */
export function mayAddToSwap(page: Page): bool {
  const refuses = thisCpu().unmapPinned == UNMAP_PINNED_REFUSE_IF_EXCLUSIVE_AND_PINNED;
  return !refuses || !maybeDmaPinned(page);
}

/**
 * True if somebody but the mappings, the swap cache and whoever unmaps refers to the page (Linux
 * 2.6.11: try_to_unmap_one).
 */
function hasUnknownReferences(page: Page): bool {
  const mappings = page.mapcount.load() + 1;
  return page.flags.test(PG_SWAPCACHE) != 0 && page.refcount.load() != mappings + 2;
}
