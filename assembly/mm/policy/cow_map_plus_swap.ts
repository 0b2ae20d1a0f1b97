import { Page } from '../../types/page';
import { Vma } from '../../types/vm_area';
import { trylockPage, unlockPage } from '../page_lock';
import { pageSwapcount } from '../swap_state';

/**
 * A page that one entry maps, and that no entry has swapped out, is its mapper's, whoever else has
 * references (LKML, 2005; Linux
 * 2.6.13: can_share_swap_page). A device keeps its page through a swap-out. But a child can take a
 * reference, unmap the page, and then read what its parent writes (CVE-2020-29374).
 *
 * The map count can only fall while the lock of the entry's table is held: it rises by a fork,
 * which takes that lock, and by swapping in, which takes the page's.
 */
@unmanaged
export class CowMapPlusSwap {
  canReuse(page: Page, vma: Vma): bool {
    if (!trylockPage(page)) return false;
    // Mappings first: what moves to the slot is counted there before it is not here any more.
    const mappings = <u32>(page.mapcount.load() + 1);
    const alone = mappings + pageSwapcount(page) == 1;
    unlockPage(page);
    return alone;
  }
}
