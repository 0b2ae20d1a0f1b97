import { VM_NR_FILE_PAGES, VM_NR_SHMEM } from '../abi';
import { entryOf } from '../arch/pgtable';
import { SwpEntry } from '../arch/swapops';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import {
  XA_NONE,
  xaEraseLocked,
  xaIsValue,
  xaLoad,
  xaMkValue,
  xaNext,
  xaStoreLocked,
  xaToValue,
} from '../lib/xarray';
import { AddressSpace, Inode } from '../types/address_space';
import { PAGE_SHIFT } from '../memlayout';
import { PG_DIRTY, Page } from '../types/page';
import { VM_SHARED, VM_WRITE, Vma } from '../types/vm_area';
import { filemapGetPage } from './filemap';
import { putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
import { getPage } from './page_ref';
import { findPteTable } from './pgtable';
import {
  addToSwap,
  deleteFromSwapCache,
  folioFreeSwap,
  freeSwapAndCache,
  isSwapcacheOf,
  pageSwapEntry,
} from './swap_state';
import { SWAPIN_NO_ENTRY, isSwapinError, swapinAhead, swapinPage } from './swapin';
import { swapDuplicateForUnmap, swapFree } from './swapfile';
import { modPageState } from './vmstat';

/**
 * Pages of files that live in memory, on their way to the swap device and back (Linux: mm/shmem.c).
 *
 * The tree of the file holds the slot as a value where it held the page; that is the slot's one
 * user. The page changes from the file to the swap cache and back with itself locked and the tree's
 * lock held, so a slot of the tree always has one of the two, and nobody who looks without a lock
 * ever finds neither.
 */

/**
 * Moves a page from its file to the swap cache; false if it must stay (Linux: shmem_writeout).
 * Preconditions:
 * - the page is locked and not mapped; the file's reference and the caller's are all that it has.
 */
export function shmemWriteout(page: Page): bool {
  const mapping = changetype<AddressSpace>(<usize>page.mapping.load());
  if (!addToSwap(page)) return false;
  const entry = pageSwapEntry(page);
  if (!swapDuplicateForUnmap(entry)) {
    folioFreeSwap(page);
    return false;
  }
  const xa = mapping.iPages;
  xa.lock.lock();
  xaStoreLocked(xa, page.index, xaMkValue(entry)); // in place of the page: takes no memory
  mapping.nrPages--;
  mapping.nrSwapped++;
  xa.lock.unlock();
  page.mapping.store(0);
  countShmem(-1);
  putPage(page);
  return true;
}

/** The slot at `index`, or 0 if there is a page or nothing. */
export function filemapSwapEntry(mapping: AddressSpace, index: u64): SwpEntry {
  localIrqSave();
  const found = xaLoad(mapping.iPages, index);
  localIrqRestore();
  return xaIsValue(found) ? xaToValue(found) : 0;
}

/**
 * Brings the page of a slot back into the file; false when memory is exhausted. Whoever calls looks
 * into the file again then: somebody else may have been first (Linux: shmem_swapin_folio).
 */
export function shmemSwapin(mapping: AddressSpace, index: u64, entry: SwpEntry): bool {
  const found = swapinPage(entry);
  if (isSwapinError(found)) return found == SWAPIN_NO_ENTRY;
  const page = changetype<Page>(found);
  lockPage(page);
  if (isSwapcacheOf(page, entry)) moveToFile(mapping, index, entry, page);
  unlockPage(page);
  putPage(page);
  return true;
}

/**
 * The page at `index` with a reference, brought back if it was swapped out; or one of the two below
 * (Linux: shmem_get_folio with SGP_READ).
 */
export function shmemFindPage(mapping: AddressSpace, index: u64): usize {
  while (true) {
    const page = filemapGetPage(mapping, index);
    if (page != null) return changetype<usize>(page);
    const entry = filemapSwapEntry(mapping, index);
    if (entry == 0) return SHMEM_HOLE;
    if (!shmemSwapin(mapping, index, entry)) return SHMEM_NO_MEMORY;
  }
}

/** What `shmemFindPage` returns when it finds no page. */
export const SHMEM_HOLE: usize = 0;
export const SHMEM_NO_MEMORY: usize = 1;

/** Drops the slot at `index`, if there still is one; true if so (Linux: shmem_free_swap). */
export function shmemFreeSwap(mapping: AddressSpace, index: u64): bool {
  const xa = mapping.iPages;
  xa.lock.lock();
  const found = xaLoad(xa, index);
  const dropped = xaIsValue(found);
  if (dropped) {
    xaEraseLocked(xa, index);
    mapping.nrSwapped--;
  }
  xa.lock.unlock();
  if (dropped) freeSwapAndCache(xaToValue(found));
  return dropped;
}

/**
 * How many pages of a mapping's file, in the part that it maps, are on the swap device; in private
 * memory that can be written only those of which the mapping has no copy of its own (Linux:
 * shmem_swap_usage, smaps_pte_hole). mmap_lock is held.
 */
export function shmemSwapUsage(vma: Vma): u64 {
  const file = vma.vmFile;
  if (file == null || file.mapping.nrSwapped == 0) return 0;
  const mapping = file.mapping;
  const holesOnly = (vma.vmFlags & (VM_SHARED | VM_WRITE)) == VM_WRITE;
  const last = vma.vmPgoff + vma.pages;
  let pages: u64 = 0;
  for (let index = nextEntry(mapping, vma.vmPgoff); index < last;) {
    const swapped = filemapSwapEntry(mapping, index) != 0;
    if (swapped && !(holesOnly && hasEntry(vma, index))) pages++;
    index = nextEntry(mapping, index + 1);
  }
  return pages;
}

function hasEntry(vma: Vma, index: u64): bool {
  const address = vma.vmStart + ((index - vma.vmPgoff) << PAGE_SHIFT);
  const table = findPteTable(vma.vmMm, address);
  return table != 0 && entryOf(table, address, 0).load() != 0;
}

/**
 * Begins to bring back what is swapped out of [first, last) of a file, as far as there is memory
 * (Linux: shmem_swapin_range).
 */
export function shmemSwapinRange(mapping: AddressSpace, first: u64, last: u64): void {
  if (mapping.nrSwapped == 0) return;
  for (let index = nextEntry(mapping, first); index < last;) {
    const entry = filemapSwapEntry(mapping, index);
    if (entry != 0) swapinAhead(entry);
    index = nextEntry(mapping, index + 1);
  }
}

/** Brings all pages of a file back; false: no memory (Linux: shmem_unuse_inode). */
export function shmemUnuse(inode: Inode): bool {
  const mapping = inode.mapping;
  let index = nextEntry(mapping, 0);
  while (index != XA_NONE) {
    const entry = filemapSwapEntry(mapping, index);
    if (entry != 0 && !shmemSwapin(mapping, index, entry)) return false;
    index = nextEntry(mapping, entry == 0 ? index + 1 : index);
  }
  return true;
}

/** A page of the swap cache becomes the file's again, if the file still names its slot. */
function moveToFile(mapping: AddressSpace, index: u64, entry: SwpEntry, page: Page): void {
  const xa = mapping.iPages;
  xa.lock.lock();
  const mine = xaLoad(xa, index) == xaMkValue(entry);
  if (mine) {
    page.index = index;
    page.mapping.store(<u32>changetype<usize>(mapping));
    getPage(page);
    xaStoreLocked(xa, index, changetype<usize>(page));
    mapping.nrPages++;
    mapping.nrSwapped--;
  }
  xa.lock.unlock();
  if (!mine) return;
  countShmem(1);
  page.flags.or(PG_DIRTY);
  deleteFromSwapCache(page);
  swapFree(entry);
}

function nextEntry(mapping: AddressSpace, from: u64): u64 {
  localIrqSave();
  const index = xaNext(mapping.iPages, from);
  localIrqRestore();
  return index;
}

function countShmem(delta: i64): void {
  modPageState(VM_NR_FILE_PAGES, delta);
  modPageState(VM_NR_SHMEM, delta);
}
