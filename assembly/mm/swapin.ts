import {
  BUG_SWAPIN_FREE_BEFORE_RMAP,
  BUG_SWAP_SKIP_CACHE_ABA,
  FAULT_FLAG_WRITE,
  VM_PGMAJFAULT,
} from '../abi';
import { PAGE_ACCESSED, PAGE_DIRTY, PAGE_RW, Pte, entryOf, mkPte } from '../arch/pgtable';
import { SwpEntry, pteSwpExclusive, pteToSwpEntry } from '../arch/swapops';
import { ENOMEM } from '../lib/errno';
import { reenacts } from '../lib/machine';
import { PG_LOCKED, PG_SWAPBACKED, PG_SWAPCACHE, Page } from '../types/page';
import { VM_LOCKED, VM_WRITE, Vma } from '../types/vm_area';
import { doWpPage, vmPageProt } from './memory';
import { allocPage, putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
import { swapReadPage } from './page_io';
import { pteLock } from './pgtable';
import { keepsExclusive } from './policy/cow';
import { addAnonRmap } from './rmap';
import { folioAddLru, lruDrainForReuse } from './swap';
import {
  CACHE_ADDED,
  CACHE_NO_ENTRY,
  addToSwapCache,
  folioFreeSwap,
  isSwapcacheOf,
  swapCacheGet,
} from './swap_state';
import { swapCount, swapFree, vmSwapFull } from './swapfile';
import { countVmEvent } from './vmstat';

/**
 * Bringing pages back from the swap device (Linux: do_swap_page in mm/memory.c,
 * read_swap_cache_async in mm/swap_state.c).
 *
 * The entry was read without a lock. What it leads to is trusted only once the page is locked and
 * still the slot's, and the entry, under the lock of its table, still the same: then nobody else
 * has resolved the fault, and the slot has not been freed and used anew in between.
 */

/** Of `swapinPage`: memory is exhausted. */
export const SWAPIN_NO_MEMORY: usize = 0;
/**
 * Of `swapinPage`: no entry names the slot any more. Not to be told from the other by a look at the
 * entry: the page may have come back, and have left for the same slot again.
 */
export const SWAPIN_NO_ENTRY: usize = 1;

/** True for the two results of `swapinPage` that are no page. */
export function isSwapinError(found: usize): bool {
  return found <= SWAPIN_NO_ENTRY;
}

/**
 * The page of a slot, with a reference and its contents on their way at least: lock it to wait for
 * them. Or one of the two above (Linux: read_swap_cache_async).
 */
export function swapinPage(entry: SwpEntry): usize {
  while (true) {
    const found = swapCacheGet(entry);
    if (found != null) return changetype<usize>(found);
    const page = allocPage();
    if (page == null) return SWAPIN_NO_MEMORY;
    const added = addToSwapCache(page, entry);
    if (added == CACHE_ADDED) {
      folioAddLru(page);
      swapReadPage(page);
      countVmEvent(VM_PGMAJFAULT);
      unlockPage(page);
      return changetype<usize>(page);
    }
    putPage(page);
    if (added == CACHE_NO_ENTRY) return SWAPIN_NO_ENTRY;
  }
}

/** Brings a page into the swap cache for whoever will want it, if there is memory. */
export function swapinAhead(entry: SwpEntry): void {
  const found = swapinPage(entry);
  if (!isSwapinError(found)) putPage(changetype<Page>(found));
}

/** A fault on the entry of a page that was swapped out: 0 or -ENOMEM (Linux: do_swap_page). */
export function doSwapPage(vma: Vma, address: u64, flags: u32, table: usize, pte: u64): i32 {
  const ptep = entryOf(table, address, 0);
  const entry = pteToSwpEntry(pte);
  const skips = reenacts(BUG_SWAP_SKIP_CACHE_ABA) && swapCount(entry) == 1;
  const found = skips ? swapinPastCache(entry) : swapinPage(entry);
  if (found == SWAPIN_NO_MEMORY) return -ENOMEM;
  if (found == SWAPIN_NO_ENTRY) {
    waitForEntry(table);
    return 0;
  }
  const page = changetype<Page>(found);
  lockPage(page);
  let now: u64 = 0;
  if (skips || isSwapcacheOf(page, entry)) {
    if ((flags & FAULT_FLAG_WRITE) != 0) lruDrainForReuse(page);
    const lock = pteLock(table);
    lock.lock();
    if (ptep.load() == pte) now = mapSwappedPage(vma, address, flags, ptep, pte, page);
    lock.unlock();
  }
  if (now == 0 || !reenacts(BUG_SWAPIN_FREE_BEFORE_RMAP)) unlockPage(page);
  if (now == 0) putPage(page);
  else if ((flags & FAULT_FLAG_WRITE) != 0 && (now & PAGE_RW) == 0) {
    return doWpPage(vma, address, flags, table, now);
  }
  return 0;
}

/**
 * Whoever has taken the last user from a slot writes the entry next, under the lock of its table
 * (`mapSwappedPage`): behind that, an entry that is looked at again is another one, or counts.
 */
export function waitForEntry(table: usize): void {
  const lock = pteLock(table);
  lock.lock();
  lock.unlock();
}

/**
 * The contents of a slot that one entry names, in a page that the swap cache does not know (Linux
 * before 6.8, of devices without latency). Nothing keeps another CPU from doing the same, from
 * giving the slot back and from swapping out to it again: the entry is the same then, and the
 * contents are old.
 */
function swapinPastCache(entry: SwpEntry): usize {
  const page = allocPage();
  if (page == null) return SWAPIN_NO_MEMORY;
  page.flags.init(PG_LOCKED | PG_SWAPBACKED);
  page.privateData = entry;
  swapReadPage(page);
  page.privateData = 0;
  folioAddLru(page);
  countVmEvent(VM_PGMAJFAULT);
  unlockPage(page);
  return changetype<usize>(page);
}

/**
 * Puts the page into its place; the caller's reference is the entry's from now on. Returns the new
 * entry. The page is locked, and the lock of the table is held.
 *
 * The slot loses its user before the page is mapped, as in Linux 6.18: whoever judges by the sum of
 * both does so with the page locked, and never sees it dip (bug-zoo: swapin.free_before_rmap).
 */
function mapSwappedPage(vma: Vma, address: u64, flags: u32, ptep: Pte, pte: u64, page: Page): u64 {
  const write = (flags & FAULT_FLAG_WRITE) != 0;
  swapFree(pteToSwpEntry(pte));
  if (shouldTryToFreeSwap(page, vma, write)) folioFreeSwap(page);
  // Nobody else refers to it: it is the process's own, whoever had shared it before. Where pages do
  // not say so, a write asks the policy `cow` once it is mapped.
  const exclusive = keepsExclusive() && (pteSwpExclusive(pte) || page.refcount.load() == 1);
  let now = mkPte(page.pfn, vmPageProt(vma) | PAGE_ACCESSED);
  if (exclusive && (vma.vmFlags & VM_WRITE) != 0) now |= PAGE_RW | (write ? PAGE_DIRTY : 0);
  // The slot has lost its user, and the page has not got its mapping yet: now anybody can see that.
  if (reenacts(BUG_SWAPIN_FREE_BEFORE_RMAP)) unlockPage(page);
  addAnonRmap(page, vma, address, exclusive);
  ptep.storeRelease(now);
  return now;
}

/** Whether the slot is worth less than the reference that its cache holds. */
function shouldTryToFreeSwap(page: Page, vma: Vma, write: bool): bool {
  if (page.flags.test(PG_SWAPCACHE) == 0) return false;
  if (vmSwapFull() || (vma.vmFlags & VM_LOCKED) != 0) return true;
  return write && page.refcount.load() == 2; // the cache's and ours: then it could be our own
}

/**
 * Puts a page back into one entry that names its slot, if the entry still is `pte`; true if so
 * (Linux: unuse_pte). The page is locked, and the slot's.
 */
export function unusePte(vma: Vma, address: u64, table: usize, pte: u64, page: Page): bool {
  const ptep = entryOf(table, address, 0);
  const lock = pteLock(table);
  lock.lock();
  const same = ptep.load() == pte;
  if (same) {
    page.refcount.add(1);
    addAnonRmap(page, vma, address, pteSwpExclusive(pte));
    // Not writable and not young: a process that needs it will say so.
    ptep.storeRelease(mkPte(page.pfn, vmPageProt(vma)));
    swapFree(pteToSwpEntry(pte));
  }
  lock.unlock();
  return same;
}
