import { VM_NR_FILE_PAGES, VM_NR_SWAPCACHED } from '../abi';
import { SwpEntry } from '../arch/swapops';
import { smpRmb } from '../lib/atomic';
import { VM_BUG_ON } from '../lib/bug';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { PG_DIRTY, PG_LOCKED, PG_SWAPBACKED, PG_SWAPCACHE, PG_UPTODATE, Page } from '../types/page';
import { SWAP_COUNT, SWAP_HAS_CACHE, SwapInfo, SwapSlot, swapInfo } from '../types/swap_info';
import { putPage } from './page_alloc';
import { trylockPage, unlockPage } from './page_lock';
import { getPage, tryGetPage } from './page_ref';
import { dropUsersLocked, slotExists, swapFree, takeSlotLocked } from './swapfile';
import { modPageState } from './vmstat';

/**
 * The swap cache: the one page in memory that a slot has (Linux: mm/swap_state.c). All who share a
 * page that was swapped out find the same one again, whoever of them comes first. The cache holds a
 * reference to the page; the page has PG_swapcache and names its slot, both changed only with the
 * page locked.
 *
 * A lookup takes no lock, unless it meets a page that is just being taken out: it reads the slot,
 * takes a reference, and reads the slot again. Its caller locks the page then, and asks
 * `isSwapcacheOf` whether it still is the slot's.
 */

/** The page of a slot with a reference, or null (Linux: swap_cache_get_folio). */
export function swapCacheGet(entry: SwpEntry): Page | null {
  const device = swapInfo();
  let found: Page | null = null;
  localIrqSave();
  while (slotExists(device, entry)) {
    const cache = SwapSlot.of(device, entry).cache;
    const address = cache.dereference();
    if (address == 0) break;
    const page = changetype<Page>(<usize>address);
    const taken = tryGetPage(page);
    if (taken && cache.load() == address) {
      found = page;
      break;
    }
    localIrqRestore(); // no lock may be waited for in the section, and the page not be freed there
    if (taken) putPage(page);
    else waitForFreeze(device);
    localIrqSave();
  }
  localIrqRestore();
  return found;
}

/** Who freezes a page holds the device's lock until it is out of the cache, or not frozen. */
function waitForFreeze(device: SwapInfo): void {
  device.lock.lock();
  device.lock.unlock();
}

/** True if a page, which the caller has locked, is the slot's (Linux: folio_matches_swap_entry). */
export function isSwapcacheOf(page: Page, entry: SwpEntry): bool {
  return page.flags.test(PG_SWAPCACHE) != 0 && page.privateData == entry;
}

/** The slot of a page in the swap cache (Linux: page_swap_entry). */
export function pageSwapEntry(page: Page): SwpEntry {
  return <u32>page.privateData;
}

/**
 * Gives a page a slot of its own and puts it into the swap cache, dirty; false when the device is
 * full or there is none (Linux: folio_alloc_swap).
 * Preconditions:
 * - the page is locked, and not in the swap cache.
 */
export function addToSwap(page: Page): bool {
  VM_BUG_ON(page.flags.test(PG_LOCKED | PG_SWAPCACHE) != PG_LOCKED, 244);
  const device = swapInfo();
  device.lock.lock();
  const entry = takeSlotLocked(device);
  if (entry != 0) fillCacheLocked(device, entry, page);
  device.lock.unlock();
  if (entry == 0) return false;
  page.flags.or(PG_SWAPCACHE | PG_DIRTY);
  countCached(1);
  return true;
}

/** What `addToSwapCache` found. */
export const CACHE_ADDED: u32 = 0;
/** Somebody else has brought a page in. */
export const CACHE_EXISTS: u32 = 1;
/** No entry names the slot any more. */
export const CACHE_NO_ENTRY: u32 = 2;

/**
 * Makes a new page, whose contents are yet to be read, the slot's: locked, and with a reference for
 * the cache (Linux: swapcache_prepare with swap_cache_add_folio). Both in one step: of two CPUs
 * that want the slot one reads it, and the other finds the page and waits for its lock. So no CPU
 * maps what it has read of a slot that was freed and used anew meanwhile (CVE-2024-26759).
 */
export function addToSwapCache(page: Page, entry: SwpEntry): u32 {
  const device = swapInfo();
  let result = CACHE_ADDED;
  page.flags.init(PG_LOCKED | PG_SWAPBACKED | PG_SWAPCACHE);
  device.lock.lock();
  if (!slotExists(device, entry)) result = CACHE_NO_ENTRY;
  else {
    const count = SwapSlot.of(device, entry).count.load();
    if ((count & SWAP_HAS_CACHE) != 0) result = CACHE_EXISTS;
    else if ((count & SWAP_COUNT) == 0) result = CACHE_NO_ENTRY;
    else fillCacheLocked(device, entry, page);
  }
  device.lock.unlock();
  if (result == CACHE_ADDED) countCached(1);
  else page.flags.init(0);
  return result;
}

/**
 * Takes a locked page out of the swap cache; the cache's reference goes too, so the caller has one
 * of its own (Linux: delete_from_swap_cache).
 */
export function deleteFromSwapCache(page: Page): void {
  emptyCache(page);
  putPage(page);
}

/** Both sides of the cache; the reference count does not change. */
function emptyCache(page: Page): void {
  const device = swapInfo();
  device.lock.lock();
  emptyCacheLocked(device, page);
  device.lock.unlock();
  countCached(-1);
}

function emptyCacheLocked(device: SwapInfo, page: Page): void {
  VM_BUG_ON(page.flags.test(PG_LOCKED | PG_SWAPCACHE) != (PG_LOCKED | PG_SWAPCACHE), 245);
  const entry = pageSwapEntry(page);
  SwapSlot.of(device, entry).cache.store(0);
  page.flags.and(~PG_SWAPCACHE);
  page.privateData = 0;
  dropUsersLocked(device, entry, SWAP_HAS_CACHE);
}

/**
 * Takes a locked page, that is not mapped, out of the swap cache if nobody but the cache and the
 * caller refers to it and it is clean: then its count is 0, and the caller unlocks and frees it
 * (Linux: remove_mapping). The count is frozen first and only then is the page seen to be clean:
 * whoever writes to the page has a reference, and marks it dirty before he drops it. The other
 * order would lose that write. It is frozen with the device's lock held, so that a lookup that
 * meets a frozen page has something to wait for.
 */
export function removeMapping(page: Page): bool {
  const device = swapInfo();
  device.lock.lock();
  const removed = freezeClean(page);
  if (removed) emptyCacheLocked(device, page);
  device.lock.unlock();
  if (removed) countCached(-1);
  return removed;
}

/** Freezes the count of a clean page at 0 if nobody refers to it but the cache and the caller. */
function freezeClean(page: Page): bool {
  if (page.refcount.cmpxchg(2, 0) != 2) return false;
  smpRmb();
  if (page.flags.test(PG_DIRTY) == 0) return true;
  page.refcount.storeRelease(2);
  return false;
}

/** Entries that name the slot of a locked page of the swap cache; 0 of one that has none. */
export function pageSwapcount(page: Page): u32 {
  if (page.flags.test(PG_SWAPCACHE) == 0) return 0;
  return SwapSlot.of(swapInfo(), pageSwapEntry(page)).count.load() & SWAP_COUNT;
}

/**
 * Frees the slot of a locked page if no entry names it: then the page is the only copy, and dirty
 * (Linux: folio_free_swap). True if that was done.
 */
export function folioFreeSwap(page: Page): bool {
  if (page.flags.test(PG_SWAPCACHE) == 0 || pageSwapcount(page) != 0) return false;
  page.flags.or(PG_DIRTY);
  deleteFromSwapCache(page);
  return true;
}

/**
 * Frees the slot of a page that nobody maps any more, if its lock is free; otherwise that is left
 * to reclaim (Linux: free_swap_cache). The caller has a reference.
 */
export function freeSwapCache(page: Page): void {
  if (page.flags.test(PG_SWAPCACHE) == 0 || page.mapcount.load() >= 0) return;
  if (!trylockPage(page)) return;
  folioFreeSwap(page);
  unlockPage(page);
}

/**
 * An entry is gone: one user less of its slot, and with the last one the page in the cache loses
 * its slot too, if its lock is free (Linux: free_swap_and_cache). Nothing is read of the device
 * once the user is gone but what `swapCacheGet` looks at anew (see bug-zoo: swapoff.no_device_ref).
 */
export function freeSwapAndCache(entry: SwpEntry): void {
  if (swapFree(entry) != SWAP_HAS_CACHE) return;
  const page = swapCacheGet(entry);
  if (page == null) return;
  if (trylockPage(page)) {
    if (isSwapcacheOf(page, entry)) folioFreeSwap(page);
    unlockPage(page);
  }
  putPage(page);
}

/** True if the page that an entry stands for is in memory (Linux: mincore_swap). */
export function swapIsResident(entry: SwpEntry): bool {
  const page = swapCacheGet(entry);
  if (page == null) return false;
  const resident = page.flags.test(PG_UPTODATE) != 0;
  putPage(page);
  return resident;
}

/** The swap cache is a page cache too. */
function countCached(delta: i64): void {
  modPageState(VM_NR_SWAPCACHED, delta);
  modPageState(VM_NR_FILE_PAGES, delta);
}

/** Both sides of the cache at once; the device's lock is held. */
function fillCacheLocked(device: SwapInfo, entry: SwpEntry, page: Page): void {
  const slot = SwapSlot.of(device, entry);
  getPage(page);
  page.privateData = entry;
  slot.count.add(SWAP_HAS_CACHE);
  slot.cache.storeRelease(<u32>changetype<usize>(page));
}
