import { Page } from '../../types/page';
import { Vma } from '../../types/vm_area';
import { trylockPage, unlockPage } from '../page_lock';
import { moveAnonRmap } from '../rmap';
import { lruDrainForReuse } from '../swap';

/**
 * One mapping and no other reference at all (Linux 5.9: do_wp_page). It closes CVE-2020-29374, and
 * brings back what 2.6.11 had: a pin and a write protection together cost the pin its page. Hence
 * the early copies of fork (axis `forkPinned`).
 */
@unmanaged
export class CowRefOne {
  canReuse(page: Page, vma: Vma): bool {
    lruDrainForReuse(page);
    if (page.refcount.load() != 1 || !trylockPage(page)) return false;
    const alone = page.mapcount.load() == 0 && page.refcount.load() == 1;
    if (alone) moveAnonRmap(page, vma);
    unlockPage(page);
    return alone;
  }
}
