import { BUG_SHMEM_FAULT_TAKES_I_RWSEM } from '../abi';
import { EDEADLK, EPERM } from '../lib/errno';
import { reenacts } from '../lib/machine';
import { TRACE_TRUNCATE, trace } from '../lib/trace';
import { intervalFirst, intervalNext } from '../lib/interval_tree';
import { noteGiveUp, noteSize } from '../lib/watch';
import { XA_NONE, xaNext } from '../lib/xarray';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { AddressSpace, F_SEAL_FUTURE_WRITE, F_SEAL_WRITE, Inode } from '../types/address_space';
import { PG_UPTODATE, Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { filemapGetPage, filemapLockPage, filemapReap, filemapRemovePage } from './filemap';
import { zeroPageRange } from './highmem';
import { inodeLock, inodeUnlock } from './inode_lock';
import { VmaInterval } from './interval';
import { markPageDirty } from './memory';
import { tlbFinish } from './mmu_gather';
import { putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
import { shmemBeginPunch, shmemEndPunch } from './shmem_punch';
import { filemapSwapEntry, shmemFreeSwap, shmemSwapin } from './shmem_swap';
import { lruAddDrain } from './swap';
import { zapRange } from './zap';

/**
 * Dropping pages of a file and their mappings (Linux: mm/truncate.c, unmap_mapping_range in
 * mm/memory.c).
 *
 * Truncation writes the new size first, unmaps, and then removes page by page with each page
 * locked. A fault that raced has either seen the new size, or has mapped its page before the
 * removal locks it; so the removal unmaps once more where a page is mapped. Private copies made
 * meanwhile go in a second pass over the mappings.
 */

/** No file has a page with a larger index. */
const LAST_INDEX: u64 = (<u64>1) << 51;

/** Sets the size, and drops what lies beyond it then; i_rwsem is held (Linux: shmem_setattr). */
export function truncateSetsize(inode: Inode, size: u64): void {
  trace(TRACE_TRUNCATE, size, inode.iIno);
  const mapping = inode.mapping;
  const oldSize = inode.iSize.load();
  inode.iSize.storeRelease(size);
  if (size > oldSize) return;
  noteSize(changetype<usize>(inode), size);
  const firstPage = (size >> PAGE_SHIFT) + ((size & (PAGE_SIZE - 1)) != 0 ? 1 : 0);
  const mayBeMapped = oldSize > firstPage << PAGE_SHIFT;
  if (mayBeMapped) unmapMappingPages(mapping, firstPage, LAST_INDEX, true);
  const inPage = <u32>(size & (PAGE_SIZE - 1));
  if (inPage != 0) zeroPartial(mapping, size >> PAGE_SHIFT, inPage, PAGE_SIZE - inPage);
  removePages(mapping, firstPage, LAST_INDEX);
  if (mayBeMapped) unmapMappingPages(mapping, firstPage, LAST_INDEX, true);
}

/**
 * Punches a hole of [start, end), unless a seal forbids it: 0 or an error. i_rwsem is taken here
 * (Linux: shmem_fallocate).
 */
export function punchUnlessSealed(inode: Inode, start: u64, end: u64): i32 {
  if (inodeLock(inode) < 0) return -EDEADLK;
  const sealed = (inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0;
  const announced = reenacts(BUG_SHMEM_FAULT_TAKES_I_RWSEM) && !sealed;
  if (announced) shmemBeginPunch(inode, (start + PAGE_SIZE - 1) >> PAGE_SHIFT, end >> PAGE_SHIFT);
  if (!sealed) punchHole(inode, start, end);
  if (announced) shmemEndPunch(inode);
  inodeUnlock(inode);
  return sealed ? -EPERM : 0;
}

/**
 * Drops the bytes [start, end), whose whole pages go; i_rwsem is held (Linux: shmem_fallocate).
 *
 * A hole that ends within the first page unmaps the rest of the file, too, as in Linux, where the
 * index of the last whole page is then -1 and read as unsigned. Nothing but faults comes of it.
 */
function punchHole(inode: Inode, start: u64, end: u64): void {
  const mapping = inode.mapping;
  const firstWhole = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
  const endWhole = end >> PAGE_SHIFT;
  const lastUnmapped = endWhole == 0 ? LAST_INDEX : endWhole - 1;
  if (firstWhole <= lastUnmapped) unmapMappingPages(mapping, firstWhole, lastUnmapped, false);
  zeroEdges(mapping, start, end);
  if (firstWhole < endWhole) {
    removePages(mapping, firstWhole, endWhole - 1);
    unmapMappingPages(mapping, firstWhole, endWhole - 1, false);
  }
}

/** Drops every page; nobody uses the file any more (Linux: truncate_inode_pages_final). */
export function truncateInodePages(mapping: AddressSpace): void {
  removePages(mapping, 0, LAST_INDEX);
  // Reclaim may have taken out the last page, and hold the lock still.
  mapping.iPages.lock.lock();
  mapping.iPages.lock.unlock();
}

/**
 * Unmaps the pages [first, last] of a file everywhere; with `evenCows` private copies too
 * (Linux: unmap_mapping_pages).
 */
export function unmapMappingPages(
  mapping: AddressSpace,
  first: u64,
  last: u64,
  evenCows: bool,
): void {
  mapping.iMmapRwsem.downRead();
  let node = intervalFirst<VmaInterval>(mapping.iMmap, first, last);
  while (node != null) {
    const vma = Vma.fromShared(node);
    const from = max<u64>(first, vma.vmPgoff);
    const to = min<u64>(last, vma.lastPgoff);
    const start = vma.vmStart + ((from - vma.vmPgoff) << PAGE_SHIFT);
    const end = vma.vmStart + ((to - vma.vmPgoff + 1) << PAGE_SHIFT);
    zapRange(vma, start, end, evenCows, false);
    node = intervalNext<VmaInterval>(node, first, last);
  }
  tlbFinish();
  mapping.iMmapRwsem.upRead();
}

/** Drops the pages [first, last] that nobody has used since fallocate made them. */
export function dropUnusedPages(mapping: AddressSpace, first: u64, last: u64): void {
  for (
    let index = nextIndex(mapping, first);
    index <= last;
    index = nextIndex(mapping, index + 1)
  ) {
    const page = filemapGetPage(mapping, index);
    if (page == null) continue;
    if (page.flags.test(PG_UPTODATE) == 0) removeOne(mapping, page, index);
    else putPage(page);
  }
  lruAddDrain(); // a page that waits in a batch of this CPU is not free before
  filemapReap(mapping);
}

function removePages(mapping: AddressSpace, first: u64, last: u64): void {
  let index = first;
  while (true) {
    index = nextIndex(mapping, index);
    if (index == XA_NONE || index > last) break;
    const page = filemapGetPage(mapping, index);
    // What has changed from page to slot or back meanwhile is looked at again.
    const gone = page == null ? shmemFreeSwap(mapping, index) : removeOne(mapping, page, index);
    if (gone && page == null) givesUp(mapping, index);
    if (gone) index++;
  }
  lruAddDrain(); // a page that waits in a batch of this CPU is not free before
  filemapReap(mapping);
}

/** Unmaps and removes a page that is still the file's; or false (Linux: truncate_inode_folio). */
function removeOne(mapping: AddressSpace, page: Page, index: u64): bool {
  lockPage(page);
  const mine = page.mapping.load() == <u32>changetype<usize>(mapping);
  if (mine) {
    if (page.mapcount.load() >= 0) unmapMappingPages(mapping, index, index, false);
    givesUp(mapping, index);
    filemapRemovePage(mapping, page);
  }
  unlockPage(page);
  putPage(page);
  return mine;
}

/** What the page held, and whoever still holds it, is nobody's concern now. */
function givesUp(mapping: AddressSpace, index: u64): void {
  const inode = changetype<usize>(Inode.fromMapping(mapping));
  noteGiveUp(inode, index << PAGE_SHIFT, (index + 1) << PAGE_SHIFT);
}

function nextIndex(mapping: AddressSpace, from: u64): u64 {
  localIrqSave();
  const index = xaNext(mapping.iPages, from);
  localIrqRestore();
  return index;
}

/** Zeroes the parts of pages at both ends of a hole. */
function zeroEdges(mapping: AddressSpace, start: u64, end: u64): void {
  const startPage = start >> PAGE_SHIFT;
  const endPage = end >> PAGE_SHIFT;
  const startIn = <u32>(start & (PAGE_SIZE - 1));
  const endIn = <u32>(end & (PAGE_SIZE - 1));
  if (startPage == endPage) {
    if (endIn > startIn) zeroPartial(mapping, startPage, startIn, endIn - startIn);
    return;
  }
  if (startIn != 0) zeroPartial(mapping, startPage, startIn, PAGE_SIZE - startIn);
  if (endIn != 0) zeroPartial(mapping, endPage, 0, endIn);
}

function zeroPartial(mapping: AddressSpace, index: u64, offset: u32, length: u32): void {
  const page = lockPageOf(mapping, index);
  if (page == null) return;
  zeroPageRange(page.pfn, offset, length);
  markPageDirty(page);
  unlockPage(page);
  putPage(page);
}

/** The page at `index`, locked and with a reference, brought back if it has to be; or null. */
function lockPageOf(mapping: AddressSpace, index: u64): Page | null {
  while (true) {
    const page = filemapLockPage(mapping, index);
    if (page != null) return page;
    const entry = filemapSwapEntry(mapping, index);
    // Without memory it stays as it is, as in Linux.
    if (entry == 0 || !shmemSwapin(mapping, index, entry)) return null;
  }
}
