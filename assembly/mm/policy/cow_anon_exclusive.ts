import { PG_ANON_EXCLUSIVE, PG_SWAPCACHE, Page } from '../../types/page';
import { Vma } from '../../types/vm_area';
import { trylockPage, unlockPage } from '../page_lock';
import { moveAnonRmap } from '../rmap';
import { lruDrainForReuse } from '../swap';
import { folioFreeSwap } from '../swap_state';

/**
 * The page says so itself (Linux since 5.19: PG_anon_exclusive): what is marked is written in place
 * whoever has references, so a pin keeps its page; what has lost the mark, by a fork, gets it back
 * only if there is no other reference, not even of the swap cache (Linux: wp_can_reuse_anon_folio).
 */
@unmanaged
export class CowAnonExclusive {
  canReuse(page: Page, vma: Vma): bool {
    if (page.flags.test(PG_ANON_EXCLUSIVE) != 0) return true;
    lruDrainForReuse(page);
    if (page.refcount.load() > 1 + cacheReferences(page) || !trylockPage(page)) return false;
    folioFreeSwap(page);
    const alone = page.refcount.load() == 1;
    if (alone) {
      moveAnonRmap(page, vma);
      page.flags.or(PG_ANON_EXCLUSIVE);
    }
    unlockPage(page);
    return alone;
  }
}

/** What the swap cache holds of the page. */
function cacheReferences(page: Page): i32 {
  return page.flags.test(PG_SWAPCACHE) != 0 ? 1 : 0;
}
