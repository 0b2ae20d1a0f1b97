import {
  VM_NR_MLOCK,
  VM_PGACTIVATE,
  VM_PGDEACTIVATE,
  VM_PGLAZYFREE,
  VM_PGROTATED,
  VM_UNEVICTABLE_PGCULLED,
  VM_UNEVICTABLE_PGMUNLOCKED,
  VM_UNEVICTABLE_PGRESCUED,
  VM_UNEVICTABLE_PGSTRANDED,
} from '../abi';
import {
  BATCH_ACTIVATE,
  BATCH_DEACTIVATE,
  BATCH_DEACTIVATE_FILE,
  BATCH_LAZYFREE,
  BATCH_LRU_ADD,
  BATCH_MLOCK,
  MLOCK_NEW,
  MLOCK_OLD,
} from '../types/lruvec';
import {
  PG_ACTIVE,
  PG_DIRTY,
  PG_LRU,
  PG_MLOCKED,
  PG_RECLAIM,
  PG_REFERENCED,
  PG_SWAPBACKED,
  PG_SWAPCACHE,
  PG_UNEVICTABLE,
  PG_WRITEBACK,
  Page,
} from '../types/page';
import {
  folioEvictable,
  lruAddLocked,
  lruvecAddLocked,
  lruvecAddTailLocked,
  lruvecDelLocked,
  testClearLru,
} from './mm_inline';
import { countVmEvent, modPageState } from './vmstat';

/**
 * What happens to the pages of each kind of batch, with lru_lock held (Linux: the move functions of
 * mm/swap.c, and mlock_folio_batch in mm/mlock.c). An entry of the mlock batch says in its lowest
 * bits which of three it is; a page's address has none of them.
 */

/** Moves one page, or leaves it where it is if that has become pointless. */
export function moveLocked(kind: u32, entry: u32): void {
  const page = changetype<Page>(<usize>(entry & ~(MLOCK_OLD | MLOCK_NEW)));
  if (kind == BATCH_LRU_ADD) {
    lruAddLocked(page);
    page.flags.or(PG_LRU);
  } else if (kind == BATCH_MLOCK) {
    if ((entry & MLOCK_OLD) != 0) lockListed(page);
    else if ((entry & MLOCK_NEW) != 0) lockNew(page);
    else unlock(page);
  } else if (testClearLru(page)) {
    relist(kind, page);
    page.flags.or(PG_LRU);
  }
}

/** Takes a listed page off its list and puts it where the batch wants it. PG_lru is clear. */
function relist(kind: u32, page: Page): void {
  const wanted =
    PG_UNEVICTABLE | PG_ACTIVE | PG_SWAPBACKED | PG_SWAPCACHE | PG_WRITEBACK | PG_DIRTY;
  const flags = page.flags.test(wanted);
  if ((flags & PG_UNEVICTABLE) != 0) return;
  if (kind == BATCH_ACTIVATE) activate(page, flags);
  else if (kind == BATCH_DEACTIVATE) deactivate(page, flags);
  else if (kind == BATCH_DEACTIVATE_FILE) deactivateFile(page, flags);
  else if (kind == BATCH_LAZYFREE) lazyfree(page, flags);
  else {
    lruvecDelLocked(page);
    page.flags.and(~PG_ACTIVE);
    lruvecAddTailLocked(page);
    countVmEvent(VM_PGROTATED);
  }
}

/** Linux: lru_activate. */
function activate(page: Page, flags: u64): void {
  if ((flags & PG_ACTIVE) != 0) return;
  lruvecDelLocked(page);
  page.flags.or(PG_ACTIVE);
  lruvecAddLocked(page);
  countVmEvent(VM_PGACTIVATE);
}

/** Linux: lru_deactivate. */
function deactivate(page: Page, flags: u64): void {
  if ((flags & PG_ACTIVE) == 0) return;
  lruvecDelLocked(page);
  page.flags.and(~(PG_ACTIVE | PG_REFERENCED));
  lruvecAddLocked(page);
  countVmEvent(VM_PGDEACTIVATE);
}

/** A page that nobody can use soon: it goes first, or once it is written (Linux:
 * lru_deactivate_file). */
function deactivateFile(page: Page, flags: u64): void {
  if (page.mapcount.load() >= 0) return; // some programs are using it
  lruvecDelLocked(page);
  page.flags.and(~(PG_ACTIVE | PG_REFERENCED));
  if ((flags & (PG_WRITEBACK | PG_DIRTY)) != 0) {
    lruvecAddLocked(page);
    page.flags.or(PG_RECLAIM);
  } else {
    lruvecAddTailLocked(page);
    countVmEvent(VM_PGROTATED);
  }
  if ((flags & PG_ACTIVE) != 0) countVmEvent(VM_PGDEACTIVATE);
}

/** Linux: lru_lazyfree. */
function lazyfree(page: Page, flags: u64): void {
  if ((flags & (PG_SWAPBACKED | PG_SWAPCACHE)) != PG_SWAPBACKED || !page.isAnon) return;
  lruvecDelLocked(page);
  // Without PG_swapbacked it is told from other anonymous pages: clean, and to be dropped.
  page.flags.and(~(PG_ACTIVE | PG_REFERENCED | PG_SWAPBACKED));
  lruvecAddLocked(page);
  countVmEvent(VM_PGLAZYFREE);
}

/** Linux: __mlock_folio. */
function lockListed(page: Page): void {
  if (!testClearLru(page)) return; // whoever has it isolated puts it back where it belongs
  const flags = page.flags.test(PG_UNEVICTABLE);
  if (folioEvictable(page)) {
    rescue(page, flags); // munlocked since
  } else if ((flags & PG_UNEVICTABLE) != 0) {
    page.mlockCount++;
  } else {
    lruvecDelLocked(page);
    page.flags.and(~PG_ACTIVE);
    page.flags.or(PG_UNEVICTABLE);
    page.mlockCount = 1;
    lruvecAddLocked(page);
    countVmEvent(VM_UNEVICTABLE_PGCULLED);
  }
  page.flags.or(PG_LRU);
}

/** Linux: __mlock_new_folio. */
function lockNew(page: Page): void {
  if (!folioEvictable(page)) {
    page.flags.or(PG_UNEVICTABLE);
    page.mlockCount = 1;
    countVmEvent(VM_UNEVICTABLE_PGCULLED);
  }
  lruvecAddLocked(page);
  page.flags.or(PG_LRU);
}

/** Linux: __munlock_folio. */
function unlock(page: Page): void {
  const isolated = testClearLru(page);
  const flags = page.flags.test(PG_UNEVICTABLE);
  const unevictable = (flags & PG_UNEVICTABLE) != 0;
  let locked = false;
  if (isolated && unevictable) {
    if (page.mlockCount != 0) page.mlockCount--;
    locked = page.mlockCount != 0; // by another VMA
  }
  if (!locked) {
    if (page.flags.testAndClear(PG_MLOCKED) != 0) {
      modPageState(VM_NR_MLOCK, -1);
      const stranded = !isolated && unevictable;
      countVmEvent(stranded ? VM_UNEVICTABLE_PGSTRANDED : VM_UNEVICTABLE_PGMUNLOCKED);
    }
    if (isolated) rescue(page, flags);
  }
  if (isolated) page.flags.or(PG_LRU);
}

/** Puts an unevictable page that is locked no more back on a list; PG_lru is clear. */
function rescue(page: Page, flags: u64): void {
  if ((flags & PG_UNEVICTABLE) == 0 || !folioEvictable(page)) return;
  lruvecDelLocked(page);
  page.flags.and(~PG_UNEVICTABLE);
  lruvecAddLocked(page);
  countVmEvent(VM_UNEVICTABLE_PGRESCUED);
}
