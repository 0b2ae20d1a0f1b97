import { PG_SWAPCACHE, Page } from '../../types/page';
import { Vma } from '../../types/vm_area';
import { trylockPage, unlockPage } from '../page_lock';
import { lruDrainForReuse } from '../swap';
import { pageSwapcount } from '../swap_state';

/**
 * A page with one reference is its mapper's, or with a second one of the swap cache if no entry
 * names its slot (Linux 2.6.11: can_share_swap_page). A page that cannot
 * be locked at once is copied. Every other reference makes a copy, a device's too: so reclaim must
 * not unmap a page that a device uses, or the process would be given a copy when it comes back
 * (axis `unmapPinned`).
 */
@unmanaged
export class CowRefEqual {
  canReuse(page: Page, vma: Vma): bool {
    lruDrainForReuse(page);
    if (!trylockPage(page)) return false;
    const alone = isAlone(page);
    unlockPage(page);
    return alone;
  }
}

function isAlone(page: Page): bool {
  const references = page.refcount.load();
  if (references == 1) return true;
  const cached = page.flags.test(PG_SWAPCACHE) != 0;
  return references == 2 && cached && pageSwapcount(page) == 0; // Linux: exclusive_swap_page
}
