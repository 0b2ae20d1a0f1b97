import { PMD_SIZE, entryOf, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { pteIsGuard } from '../arch/pte_marker';
import { pteIsSwap, pteToSwpEntry } from '../arch/swapops';
import { noteZap } from '../lib/watch';
import { Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { gatherPage } from './mmu_gather';
import { zapDirtyBit } from './memory';
import { findPteTable, pteLock, skipUnmapped } from './pgtable';
import { removeRmap } from './rmap';
import { freeSwapAndCache } from './swap_state';

/**
 * Unmapping pages (Linux: zap_page_range_single in mm/memory.c). The pages wait in the gather; the
 * caller ends with `tlbFinish`.
 * @param evenCows private copies of a file's pages too (Linux: zap_details.even_cows)
 * @param dropMarkers guard pages too (Linux: ZAP_FLAG_DROP_MARKER)
 * Preconditions:
 * - mmap_lock is held, or the VMA was found through its file with i_mmap_rwsem held, so that its
 *   page tables stay.
 */
export function zapRange(vma: Vma, start: u64, end: u64, evenCows: bool, dropMarkers: bool): void {
  const mm = vma.vmMm;
  let address = skipUnmapped(mm, start, end);
  while (address < end) {
    const next = min<u64>(end, (address + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, address);
    if (table != 0) zapTable(vma, table, address, next, evenCows, dropMarkers);
    address = skipUnmapped(mm, next, end);
  }
  if (evenCows) noteZap(changetype<usize>(mm), start, end);
}

/** Zaps entries of one table (Linux: zap_pte_range). */
function zapTable(
  vma: Vma,
  table: usize,
  start: u64,
  end: u64,
  evenCows: bool,
  dropMarkers: bool,
): void {
  const lock = pteLock(table);
  lock.lock();
  for (let address = start; address < end; address += 4096) {
    const ptep = entryOf(table, address, 0);
    const seen = ptep.load();
    if (!ptePresent(seen)) {
      if (dropMarkers && pteIsGuard(seen)) ptep.store(0);
      if (evenCows && pteIsSwap(seen)) {
        ptep.store(0);
        freeSwapAndCache(pteToSwpEntry(seen));
      }
      continue;
    }
    if (!evenCows && !pteSpecial(seen) && Page.fromPfn(ptePfn(seen)).isAnon) continue;
    const pte = ptep.exchange(0); // a CPU may have set the dirty bit since
    if (pteSpecial(pte)) continue;
    const page = Page.fromPfn(ptePfn(pte));
    zapDirtyBit(pte, page);
    removeRmap(page, vma);
    gatherPage(page);
  }
  lock.unlock();
}
