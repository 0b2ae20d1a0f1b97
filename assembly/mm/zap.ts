import { PMD_SIZE, entryOf, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { gatherPage } from './mmu_gather';
import { zapDirtyBit } from './memory';
import { findPteTable, pteLock, skipUnmapped } from './pgtable';
import { removeRmap } from './rmap';

/**
 * Unmapping pages (Linux: zap_page_range_single in mm/memory.c). The pages wait in the gather; the
 * caller ends with `tlbFinish`.
 * Preconditions:
 * - mmap_lock is held, or the VMA was found through its file with i_mmap_rwsem held, so that its
 *   page tables stay.
 */
export function zapRange(vma: Vma, start: u64, end: u64, evenCows: bool): void {
  const mm = vma.vmMm;
  let address = skipUnmapped(mm, start, end);
  while (address < end) {
    const next = min<u64>(end, (address + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, address);
    if (table != 0) zapTable(table, address, next, evenCows);
    address = skipUnmapped(mm, next, end);
  }
}

/** Zaps entries of one table (Linux: zap_pte_range). */
function zapTable(table: usize, start: u64, end: u64, evenCows: bool): void {
  const lock = pteLock(table);
  lock.lock();
  for (let address = start; address < end; address += 4096) {
    const ptep = entryOf(table, address, 0);
    const seen = ptep.load();
    if (!ptePresent(seen)) continue;
    if (!evenCows && !pteSpecial(seen) && Page.fromPfn(ptePfn(seen)).isAnon) continue;
    const pte = ptep.exchange(0); // a CPU may have set the dirty bit since
    if (pteSpecial(pte)) continue;
    const page = Page.fromPfn(ptePfn(pte));
    zapDirtyBit(pte, page);
    removeRmap(page);
    gatherPage(page);
  }
  lock.unlock();
}
