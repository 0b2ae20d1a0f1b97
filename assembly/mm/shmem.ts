import { BUG_TRUNCATE_FAULT_RACE, SIGBUS_RESULT } from '../abi';
import { ENOMEM } from '../lib/errno';
import { reenacts } from '../lib/machine';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { Inode } from '../types/address_space';
import { PG_UPTODATE, Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { ADD_DONE, ADD_NO_MEMORY, filemapAddPage, filemapLockPage } from './filemap';
import { markPageDirty } from './memory';
import { allocZeroedPage, putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
import { filemapSwapEntry, shmemSwapin } from './shmem_swap';
import { folioAddLru } from './swap';

/**
 * Files that live in memory (Linux: mm/shmem.c): memfds and what lies behind shared anonymous
 * mappings. A page that was never written does not exist until somebody touches it.
 */

/** The largest size of a file (Linux: MAX_LFS_FILESIZE). */
export const MAX_FILE_SIZE: u64 = 0x7fff_ffff_ffff_ffff;

/**
 * The page that a fault wants: locked and with a reference; or an error that `isFaultError` tells
 * (Linux: shmem_fault). The size of the file is checked with the page locked: a truncation sets the
 * size first and locks each page after, so it cannot miss a page that this fault maps.
 */
export function shmemFault(vma: Vma, address: u64): usize {
  const inode = vma.vmFile!.inode;
  const index = vma.pgoffOf(address);
  if (beyondEnd(inode, index)) return errorPointer(SIGBUS_RESULT);
  const page = shmemGetPage(inode, index);
  if (page == null) return errorPointer(ENOMEM);
  if (reenacts(BUG_TRUNCATE_FAULT_RACE)) {
    // The page is handed over unlocked, and nobody asks again whether it is the file's.
    unlockPage(page);
    lockPage(page);
    return changetype<usize>(page);
  }
  if (beyondEnd(inode, index)) {
    unlockPage(page);
    putPage(page);
    return errorPointer(SIGBUS_RESULT);
  }
  return changetype<usize>(page);
}

/** True for a result of `shmemFault` that is no page (Linux: IS_ERR). */
export function isFaultError(result: usize): bool {
  return result >= <usize>-4096;
}

/** The negative error in such a result (Linux: PTR_ERR). */
export function faultError(result: usize): i32 {
  return <i32>result;
}

/** The page at `index`, made if missing, locked and with a reference; null: no memory. */
export function shmemGetPage(inode: Inode, index: u64): Page | null {
  const mapping = inode.mapping;
  while (true) {
    const found = filemapLockPage(mapping, index);
    if (found != null) {
      // Allocated by fallocate, and zeroed then: its first user makes it part of the data.
      if (found.flags.test(PG_UPTODATE) == 0) found.flags.or(PG_UPTODATE);
      return found;
    }
    const entry = filemapSwapEntry(mapping, index);
    if (entry != 0) {
      if (!shmemSwapin(mapping, index, entry)) return null;
      continue;
    }
    const page = allocZeroedPage();
    if (page == null) return null;
    const added = filemapAddPage(mapping, index, page);
    if (added == ADD_DONE) {
      folioAddLru(page);
      return page;
    }
    putPage(page);
    if (added == ADD_NO_MEMORY) return null;
  }
}

/**
 * Makes sure that there is a page at `index`, of zeros and not yet data if it is new, brought back
 * if it was swapped out; false when memory is exhausted (Linux: shmem_get_folio with SGP_FALLOC).
 */
export function shmemAllocPage(inode: Inode, index: u64): bool {
  const mapping = inode.mapping;
  let entry = filemapSwapEntry(mapping, index);
  while (entry != 0) {
    if (!shmemSwapin(mapping, index, entry)) return false;
    entry = filemapSwapEntry(mapping, index);
  }
  const found = filemapLockPage(mapping, index);
  if (found != null) {
    // Asked for a second time, a page becomes data (Linux: shmem_get_folio_gfp, from "clear" on).
    if (found.flags.test(PG_UPTODATE) == 0) found.flags.or(PG_UPTODATE);
    unlockPage(found);
    putPage(found);
    return true;
  }
  const page = allocZeroedPage();
  if (page == null) return false;
  const added = filemapAddPage(mapping, index, page);
  if (added == ADD_DONE) {
    page.flags.and(~PG_UPTODATE);
    markPageDirty(page); // so that reclaim does not take back what was asked for
    folioAddLru(page);
    unlockPage(page);
  }
  putPage(page);
  return added != ADD_NO_MEMORY; // a page that somebody else has just added will do
}

/** True if the file ends before the page at `index`. */
export function beyondEnd(inode: Inode, index: u64): bool {
  const size = inode.iSize.loadAcquire();
  const pages = (size >> PAGE_SHIFT) + ((size & (PAGE_SIZE - 1)) != 0 ? 1 : 0);
  return index >= pages;
}

function errorPointer(errno: i32): usize {
  return <usize>-errno;
}
