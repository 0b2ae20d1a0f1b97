import { entryOf, ptePresent } from '../arch/pgtable';
import { TASK_SIZE } from '../arch/pgtable';
import { pteIsSwap, pteToSwpEntry } from '../arch/swapops';
import { EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { PG_UPTODATE } from '../types/page';
import { Vma } from '../types/vm_area';
import { filemapGetPage } from './filemap';
import { putPage } from './page_alloc';
import { findPteTable } from './pgtable';
import { filemapSwapEntry } from './shmem_swap';
import { swapIsResident } from './swap_state';
import { vmaLookup } from './vma_tree';

/**
 * mincore(2): which pages are in memory, one byte a page (Linux: mm/mincore.c). For a file that is
 * whether its page cache has the page, mapped or not; every process here owns its files, so the
 * answer is never withheld.
 */

/** What is wrong with the arguments: 0 or an error. */
export function checkMincore(start: u64, length: u64): i32 {
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  return start > TASK_SIZE || length > TASK_SIZE - start ? -ENOMEM : 0;
}

/**
 * Writes up to `nr` bytes to `vec`, for pages of one mapping; returns how many, or -ENOMEM at a
 * hole (Linux: do_mincore). mmap_lock is held for reading.
 */
export function doMincore(mm: MmStruct, start: u64, nr: u32, vec: usize): i32 {
  const vma = vmaLookup(mm, start);
  if (vma == null) return -ENOMEM;
  const pages = <u32>min<u64>(nr, (vma.vmEnd - start) >> PAGE_SHIFT);
  for (let i: u32 = 0; i < pages; i++) {
    store<u8>(vec + i, isInCore(vma, start + ((<u64>i) << PAGE_SHIFT)) ? 1 : 0);
  }
  return pages;
}

/** True if a touch of the page needs no I/O (Linux: mincore_pte_range). */
function isInCore(vma: Vma, address: u64): bool {
  const table = findPteTable(vma.vmMm, address);
  const pte: u64 = table == 0 ? 0 : entryOf(table, address, 0).load();
  if (ptePresent(pte)) return true;
  if (pteIsSwap(pte)) return swapIsResident(pteToSwpEntry(pte));
  const file = vma.vmFile;
  if (file == null) return false;
  const index = vma.pgoffOf(address);
  const page = filemapGetPage(file.mapping, index);
  if (page == null) {
    const entry = filemapSwapEntry(file.mapping, index);
    return entry != 0 && swapIsResident(entry);
  }
  const uptodate = page.flags.test(PG_UPTODATE) != 0;
  putPage(page);
  return uptodate;
}
