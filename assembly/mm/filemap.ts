import { VM_NR_FILE_PAGES, VM_NR_SHMEM } from '../abi';
import { smpRmb } from '../lib/atomic';
import { localIrqRestore, localIrqSave, synchronize } from '../lib/rcu';
import { VM_BUG_ON } from '../lib/bug';
import { xaEraseLocked, xaIsValue, xaLoad, xaReapLocked, xaStoreLocked } from '../lib/xarray';
import { AddressSpace } from '../types/address_space';
import { PG_DIRTY, PG_LOCKED, PG_SWAPBACKED, PG_UPTODATE, Page } from '../types/page';
import { putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
import { getPage, tryGetPage } from './page_ref';
import { modPageState } from './vmstat';

/** The page cache (Linux: mm/filemap.c). The cache holds one reference to each of its pages. */

/**
 * The page at `index` with a reference, or null, also where it was swapped out (Linux:
 * filemap_get_entry). Takes no lock: after
 * the reference it looks again whether the page is still in its place.
 */
export function filemapGetPage(mapping: AddressSpace, index: u64): Page | null {
  let found: Page | null = null;
  localIrqSave();
  while (true) {
    const address = xaLoad(mapping.iPages, index);
    if (address == 0 || xaIsValue(address)) break;
    const page = changetype<Page>(address);
    if (!tryGetPage(page)) continue; // removed between: look again
    if (xaLoad(mapping.iPages, index) == address) {
      found = page;
      break;
    }
    localIrqRestore(); // the reference may be the last one: drop it outside of the section
    putPage(page);
    localIrqSave();
  }
  localIrqRestore();
  return found;
}

/** The page at `index`, locked and with a reference, or null (Linux: filemap_lock_folio). */
export function filemapLockPage(mapping: AddressSpace, index: u64): Page | null {
  while (true) {
    const page = filemapGetPage(mapping, index);
    if (page == null) return null;
    lockPage(page);
    if (page.mapping.load() == <u32>changetype<usize>(mapping)) return page;
    unlockPage(page); // truncated while we waited
    putPage(page);
  }
}

/** What `filemapAddPage` found. */
export const ADD_DONE: u32 = 0;
export const ADD_EXISTS: u32 = 1;
export const ADD_NO_MEMORY: u32 = 2;

/**
 * Puts a new page into the cache, locked and with a reference for the cache
 * (Linux: shmem_add_to_page_cache). Nobody else knows the page yet.
 */
export function filemapAddPage(mapping: AddressSpace, index: u64, page: Page): u32 {
  page.index = index;
  page.mapping.init(<u32>changetype<usize>(mapping));
  page.flags.init(PG_LOCKED | PG_UPTODATE | PG_SWAPBACKED);
  const xa = mapping.iPages;
  let result = ADD_DONE;
  xa.lock.lock();
  if (xaLoad(xa, index) != 0) result = ADD_EXISTS;
  else if (!xaStoreLocked(xa, index, changetype<usize>(page))) result = ADD_NO_MEMORY;
  else {
    getPage(page);
    mapping.nrPages++;
  }
  xa.lock.unlock();
  if (result == ADD_DONE) {
    modPageState(VM_NR_FILE_PAGES, 1);
    modPageState(VM_NR_SHMEM, 1);
  } else {
    page.mapping.init(0);
    page.flags.init(0);
  }
  return result;
}

/**
 * Takes a page out of the cache, and drops the cache's reference (Linux: filemap_remove_folio).
 * Emptied nodes of the tree stay until `filemapReap`.
 * Preconditions:
 * - the page is locked and not mapped, and the caller has a reference.
 */
export function filemapRemovePage(mapping: AddressSpace, page: Page): void {
  VM_BUG_ON(page.mapping.load() != <u32>changetype<usize>(mapping), 181);
  const xa = mapping.iPages;
  xa.lock.lock();
  xaEraseLocked(xa, page.index);
  mapping.nrPages--;
  xa.lock.unlock();
  page.mapping.store(0);
  modPageState(VM_NR_FILE_PAGES, -1);
  modPageState(VM_NR_SHMEM, -1);
  putPage(page);
}

/**
 * Takes a page out of the cache that holds nothing but the zeros it was made with, if the cache and
 * the caller alone refer to it: then its count is 0, and it is the caller's to free. The count is
 * frozen before the page is seen to be clean, as in `removeMapping` (Linux: __remove_mapping).
 * Preconditions:
 * - the page is locked and not mapped, and the caller has a reference.
 */
export function filemapRemoveClean(mapping: AddressSpace, page: Page): bool {
  const xa = mapping.iPages;
  xa.lock.lock();
  let gone = page.refcount.cmpxchg(2, 0) == 2;
  if (gone) {
    smpRmb();
    gone = page.flags.test(PG_DIRTY) == 0;
    if (!gone) page.refcount.storeRelease(2);
  }
  if (gone) {
    xaEraseLocked(xa, page.index);
    mapping.nrPages--;
    reapLocked(mapping);
  }
  xa.lock.unlock(); // the inode may go now
  if (!gone) return false;
  page.mapping.store(0);
  modPageState(VM_NR_FILE_PAGES, -1);
  modPageState(VM_NR_SHMEM, -1);
  return true;
}

/** Frees the nodes that removals have emptied, after lockless readers have passed. */
export function filemapReap(mapping: AddressSpace): void {
  const xa = mapping.iPages;
  if (xa.garbage == null) return;
  xa.lock.lock();
  reapLocked(mapping);
  xa.lock.unlock();
}

/**
 * A node that another CPU unlinks after `synchronize` began must wait for its own removal's reap:
 * the lock is held throughout, and walkers hold no lock.
 */
function reapLocked(mapping: AddressSpace): void {
  const xa = mapping.iPages;
  if (xa.garbage == null) return;
  synchronize();
  xaReapLocked(xa);
}
