import { TRACE_TRUNCATE, trace } from '../lib/trace';
import { intervalFirst, intervalNext } from '../lib/interval_tree';
import { XA_NONE, xaNext } from '../lib/xarray';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { AddressSpace, Inode } from '../types/address_space';
import { PG_UPTODATE, Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { filemapGetPage, filemapLockPage, filemapReap, filemapRemovePage } from './filemap';
import { zeroPageRange } from './highmem';
import { VmaInterval } from './interval';
import { tlbFinish } from './mmu_gather';
import { putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
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
  const firstPage = (size >> PAGE_SHIFT) + ((size & (PAGE_SIZE - 1)) != 0 ? 1 : 0);
  const mayBeMapped = oldSize > firstPage << PAGE_SHIFT;
  if (mayBeMapped) unmapMappingPages(mapping, firstPage, LAST_INDEX, true);
  const inPage = <u32>(size & (PAGE_SIZE - 1));
  if (inPage != 0) zeroPartial(mapping, size >> PAGE_SHIFT, inPage, PAGE_SIZE - inPage);
  removePages(mapping, firstPage, LAST_INDEX);
  if (mayBeMapped) unmapMappingPages(mapping, firstPage, LAST_INDEX, true);
}

/** Drops the bytes [start, end), whose whole pages go; i_rwsem is held (Linux: shmem_fallocate). */
export function punchHole(inode: Inode, start: u64, end: u64): void {
  const mapping = inode.mapping;
  const firstWhole = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
  const endWhole = end >> PAGE_SHIFT;
  if (firstWhole < endWhole) unmapMappingPages(mapping, firstWhole, endWhole - 1, false);
  zeroEdges(mapping, start, end);
  if (firstWhole < endWhole) {
    removePages(mapping, firstWhole, endWhole - 1);
    unmapMappingPages(mapping, firstWhole, endWhole - 1, false);
  }
}

/** Drops every page; nobody uses the file any more (Linux: truncate_inode_pages_final). */
export function truncateInodePages(mapping: AddressSpace): void {
  removePages(mapping, 0, LAST_INDEX);
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
    zapRange(vma, start, end, evenCows);
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
    if ((page.flags.load() & PG_UPTODATE) == 0) removeOne(mapping, page, index);
    else putPage(page);
  }
  filemapReap(mapping);
}

function removePages(mapping: AddressSpace, first: u64, last: u64): void {
  let index = first;
  while (true) {
    index = nextIndex(mapping, index);
    if (index == XA_NONE || index > last) break;
    const page = filemapGetPage(mapping, index);
    if (page != null) removeOne(mapping, page, index);
    index++;
  }
  filemapReap(mapping);
}

/** Unmaps and removes one page if it is still the file's (Linux: truncate_inode_folio). */
function removeOne(mapping: AddressSpace, page: Page, index: u64): void {
  lockPage(page);
  if (page.mapping.load() == <u32>changetype<usize>(mapping)) {
    if (page.mapcount.load() >= 0) unmapMappingPages(mapping, index, index, false);
    filemapRemovePage(mapping, page);
  }
  unlockPage(page);
  putPage(page);
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
  const page = filemapLockPage(mapping, index);
  if (page == null) return;
  zeroPageRange(page.pfn, offset, length);
  unlockPage(page);
  putPage(page);
}
