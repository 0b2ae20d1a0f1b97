import { PMD_SIZE, entryOf, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { PAGE_SIZE } from '../memlayout';
import { Page } from '../types/page';
import { VM_IO, VM_LOCKED, Vma } from '../types/vm_area';
import { findPteTable, pteLock, skipUnmapped } from './pgtable';
import { lruAddDrain, mlockPage, munlockPage } from './swap';

/**
 * The pages of locked mappings (Linux: mm/mlock.c, mm/internal.h). A page is locked once for each
 * entry of a VM_LOCKED mapping that maps it: when the entry is made and unmade (mm/rmap.ts), and
 * here when a mapping with pages becomes locked or unlocked. Reclaim that meets such an entry locks
 * the page too, should that have been missed; while a mapping is becoming locked it must not, or
 * the page would be locked twice and unlocked once. VM_IO, which no locked mapping has, says so.
 */

/** A mapping maps a page (Linux: mlock_vma_folio). The lock of the page table is held. */
export function mlockVmaPage(page: Page, vma: Vma): void {
  if ((vma.vmFlags & (VM_LOCKED | VM_IO)) == VM_LOCKED) mlockPage(page);
}

/** A mapping maps a page no longer (Linux: munlock_vma_folio). */
export function munlockVmaPage(page: Page, vma: Vma): void {
  if ((vma.flagsOnce & VM_LOCKED) != 0) munlockPage(page);
}

/**
 * Locks or unlocks what [start, end) of a mapping has mapped, as its flags say now (Linux:
 * mlock_vma_pages_range). mmap_lock is held for writing.
 */
export function mlockVmaPagesRange(vma: Vma, start: u64, end: u64): void {
  const locks = (vma.vmFlags & VM_LOCKED) != 0;
  if (locks) vma.resetFlags(vma.vmFlags | VM_IO);
  lruAddDrain();
  const mm = vma.vmMm;
  for (let at = skipUnmapped(mm, start, end); at < end;) {
    const next = min<u64>(end, (at + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, at);
    if (table != 0) changeTable(table, at, next, locks);
    at = skipUnmapped(mm, next, end);
  }
  lruAddDrain();
  vma.resetFlags(vma.vmFlags & ~VM_IO);
}

/** Linux: mlock_pte_range. */
function changeTable(table: usize, start: u64, end: u64, locks: bool): void {
  const lock = pteLock(table);
  lock.lock();
  for (let at = start; at < end; at += PAGE_SIZE) {
    const pte = entryOf(table, at, 0).load();
    if (!ptePresent(pte) || pteSpecial(pte)) continue;
    const page = Page.fromPfn(ptePfn(pte));
    if (locks) mlockPage(page);
    else munlockPage(page);
  }
  lock.unlock();
}
