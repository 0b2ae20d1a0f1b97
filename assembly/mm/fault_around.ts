import { PTRS_PER_TABLE, entryOf, entrySpan, mkPte } from '../arch/pgtable';
import { machine } from '../lib/machine';
import { PAGE_SIZE } from '../memlayout';
import { PG_UPTODATE, Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { filemapGetPage } from './filemap';
import { putPage } from './page_alloc';
import { trylockPage, unlockPage } from './page_lock';
import { pteLock } from './pgtable';
import { addFileRmap } from './rmap';
import { beyondEnd } from './shmem';

/**
 * Fault-around (Linux: mm/memory.c, do_fault_around): a read fault on a page of a file also maps
 * the pages around it that are in the page cache already, so that touching them costs no fault. The
 * window is `faultAroundPages` entries, aligned to its own size, cut to the VMA and to the page
 * table. Nothing here waits or allocates: a page that is locked, or not yet data, is passed over.
 */

/**
 * Maps pages around `address` with the bits `prot`; true if the page at `address` itself is among
 * them, so that the fault is over.
 */
export function doFaultAround(vma: Vma, address: u64, table: usize, prot: u64): bool {
  const pages: u64 = machine().faultAroundPages;
  if (pages < 2) return false;
  const first = windowStart(vma, address, pages * PAGE_SIZE);
  const span = entrySpan(0) * PTRS_PER_TABLE;
  const tableEnd = (address & ~(span - 1)) + span;
  const last = min(min(first + pages * PAGE_SIZE, vma.vmEnd), tableEnd);
  let done = false;
  for (let at = first; at < last; at += PAGE_SIZE) {
    if (mapCached(vma, at, table, prot) && at == address) done = true;
  }
  return done;
}

/**
 * Linux takes the aligned window, or less where the VMA begins inside it; the window then ends at
 * its full length behind that beginning.
 */
function windowStart(vma: Vma, address: u64, length: u64): u64 {
  return max(address & ~(length - 1), vma.vmStart);
}

/** Maps the page of that address if the cache has it (Linux: filemap_map_pages). */
function mapCached(vma: Vma, address: u64, table: usize, prot: u64): bool {
  const inode = vma.vmFile!.inode;
  const index = vma.pgoffOf(address);
  const page = filemapGetPage(inode.mapping, index);
  if (page == null) return false;
  let mapped: bool = false;
  if (trylockPage(page)) {
    const mapping = <u32>changetype<usize>(inode.mapping);
    const usable = page.mapping.load() == mapping && page.flags.test(PG_UPTODATE) != 0;
    mapped = usable && !beyondEnd(inode, index) && install(vma, address, table, page, prot);
    unlockPage(page);
  }
  if (!mapped) putPage(page);
  return mapped;
}

/** Gives the page's reference to the entry, if that is empty (Linux: set_pte_range). */
function install(vma: Vma, address: u64, table: usize, page: Page, prot: u64): bool {
  const ptep = entryOf(table, address, 0);
  const lock = pteLock(table);
  lock.lock();
  const empty = ptep.load() == 0;
  if (empty) {
    addFileRmap(page, vma);
    ptep.storeRelease(mkPte(page.pfn, prot));
  }
  lock.unlock();
  return empty;
}
