import {
  VM_NR_INACTIVE_ANON,
  VM_NR_MLOCK,
  VM_UNEVICTABLE_PGCLEARED,
  VM_UNEVICTABLE_PGCULLED,
  VM_UNEVICTABLE_PGRESCUED,
} from '../abi';
import { VM_BUG_ON } from '../lib/bug';
import { machine } from '../lib/machine';
import { PerCpu } from '../lib/percpu';
import {
  CpuLru,
  LRU_ACTIVE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  LRU_UNEVICTABLE,
  NR_EVICTABLE_LISTS,
  lruvec,
} from '../types/lruvec';
import { PG_ACTIVE, PG_LRU, PG_MLOCKED, PG_SWAPBACKED, PG_UNEVICTABLE, Page } from '../types/page';
import { countVmEvent, modPageState } from './vmstat';

/**
 * The LRU lists themselves: which one a page belongs to, putting it there and taking it off
 * (Linux: include/linux/mm_inline.h, and __page_cache_release in mm/swap.c).
 *
 * PG_lru says that a page is on a list, and is the arbiter: only who has cleared it may take the
 * page off, so no two ever do. It is set with lru_lock held, behind the page's way onto its list,
 * and cleared by anybody with a reference, or by whoever frees the page. Being on a list holds no
 * reference: who finds a page there, with lru_lock held, takes one that fails on a page without
 * any (its freer waits for lru_lock), and only then clears PG_lru.
 */

/** Makes the lists; called once, at boot. */
export function lruvecInit(): void {
  for (let lru: u32 = 0; lru < NR_EVICTABLE_LISTS; lru++) lruvec().list(lru).init();
  for (let cpu: u32 = 0; cpu < machine().nrCpus; cpu++) {
    const area = CpuLru.of(PerCpu.of(cpu));
    area.taken.init();
    area.kept.init();
    area.demoted.init();
  }
}

/** True for a page of which a file has a copy, or which nobody wants any more
 * (Linux: folio_is_file_lru). */
export function isFileLru(page: Page): bool {
  return page.flags.test(PG_SWAPBACKED) == 0;
}

/** The list that a page belongs to by its flags (Linux: folio_lru_list). */
export function folioLruList(page: Page): u32 {
  const flags = page.flags.test(PG_UNEVICTABLE | PG_SWAPBACKED | PG_ACTIVE);
  if ((flags & PG_UNEVICTABLE) != 0) return LRU_UNEVICTABLE;
  const base = (flags & PG_SWAPBACKED) != 0 ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
  return (flags & PG_ACTIVE) != 0 ? base + LRU_ACTIVE : base;
}

/** True if reclaim may look at the page (Linux: folio_evictable). */
export function folioEvictable(page: Page): bool {
  return page.flags.test(PG_MLOCKED) == 0;
}

/** Clears PG_lru; true for the one who has (Linux: folio_test_clear_lru). */
export function testClearLru(page: Page): bool {
  return page.flags.testAndClear(PG_LRU) != 0;
}

/** Puts a page first on its list; lru_lock is held (Linux: lruvec_add_folio). */
export function lruvecAddLocked(page: Page): void {
  const lru = folioLruList(page);
  modPageState(VM_NR_INACTIVE_ANON + lru, 1);
  if (lru != LRU_UNEVICTABLE) lruvec().list(lru).add(page.lru);
}

/** Puts a page last on its list; lru_lock is held (Linux: lruvec_add_folio_tail). */
export function lruvecAddTailLocked(page: Page): void {
  const lru = folioLruList(page);
  VM_BUG_ON(lru == LRU_UNEVICTABLE, 220);
  modPageState(VM_NR_INACTIVE_ANON + lru, 1);
  lruvec().list(lru).addTail(page.lru);
}

/**
 * Takes a page off its list, whose flags have not changed since it came there; lru_lock is held
 * (Linux: lruvec_del_folio).
 */
export function lruvecDelLocked(page: Page): void {
  const lru = folioLruList(page);
  if (lru != LRU_UNEVICTABLE) page.lru.del();
  modPageState(VM_NR_INACTIVE_ANON + lru, -1);
}

/**
 * Puts a page that is on no list where it belongs; lru_lock is held, and PG_lru is set next
 * (Linux: lru_add in mm/swap.c).
 */
export function lruAddLocked(page: Page): void {
  VM_BUG_ON(page.flags.test(PG_LRU) != 0, 221);
  const wasUnevictable = page.flags.test(PG_UNEVICTABLE) != 0;
  if (folioEvictable(page)) {
    if (wasUnevictable) {
      page.flags.and(~PG_UNEVICTABLE);
      countVmEvent(VM_UNEVICTABLE_PGRESCUED);
    }
  } else {
    page.flags.and(~PG_ACTIVE);
    page.flags.or(PG_UNEVICTABLE);
    page.mlockCount = 1;
    if (!wasUnevictable) countVmEvent(VM_UNEVICTABLE_PGCULLED);
  }
  lruvecAddLocked(page);
}

/**
 * What the end of a page leaves to do here: it leaves its list, and is locked no more. The last
 * reference is gone (Linux: __page_cache_release, and free_pages_prepare for PG_mlocked).
 */
export function pageCacheRelease(page: Page): void {
  const flags = page.flags.test(PG_LRU | PG_MLOCKED);
  if (flags == 0) return;
  if ((flags & PG_LRU) != 0) {
    lruvec().lruLock.lock();
    releaseLocked(page);
    lruvec().lruLock.unlock();
  }
  if ((flags & PG_MLOCKED) == 0) return;
  page.flags.and(~PG_MLOCKED);
  modPageState(VM_NR_MLOCK, -1);
  countVmEvent(VM_UNEVICTABLE_PGCLEARED);
}

/** The part of it that lru_lock is held for: the page is on a list. */
export function releaseLocked(page: Page): void {
  lruvecDelLocked(page);
  page.flags.and(~(PG_LRU | PG_ACTIVE | PG_UNEVICTABLE));
}
