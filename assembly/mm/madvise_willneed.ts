import { PMD_SIZE, entryOf } from '../arch/pgtable';
import { pteIsSwap, pteToSwpEntry } from '../arch/swapops';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { Vma } from '../types/vm_area';
import { findPteTable, skipUnmapped } from './pgtable';
import { shmemSwapinRange } from './shmem_swap';
import { lruAddDrain } from './swap';
import { swapinAhead } from './swapin';

/**
 * MADV_WILLNEED: what was swapped out comes back into the swap cache; it is mapped when it is used
 * (Linux: madvise_willneed). Of a file that is its pages, not the private copies of them. A page
 * for which there is no memory stays out. mmap_lock is held for reading, so entries may change
 * meanwhile: one that has gone stale brings nothing back.
 */
export function madviseWillneed(vma: Vma, start: u64, end: u64): i32 {
  const file = vma.vmFile;
  if (file != null) {
    const first = vma.pgoffOf(start);
    shmemSwapinRange(file.mapping, first, first + ((end - start) >> PAGE_SHIFT));
    return 0;
  }
  const mm = vma.vmMm;
  for (let at = skipUnmapped(mm, start, end); at < end;) {
    const next = min<u64>(end, (at + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, at);
    if (table != 0) swapinTable(table, at, next);
    at = skipUnmapped(mm, next, end);
  }
  lruAddDrain();
  return 0;
}

/** The entries of one table (Linux: swapin_walk_pmd_entry). */
function swapinTable(table: usize, start: u64, end: u64): void {
  for (let at = start; at < end; at += PAGE_SIZE) {
    const pte = entryOf(table, at, 0).load();
    if (pteIsSwap(pte)) swapinAhead(pteToSwpEntry(pte));
  }
}
