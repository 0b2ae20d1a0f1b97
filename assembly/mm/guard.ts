import { PMD_SIZE, entryOf } from '../arch/pgtable';
import { PTE_GUARD, pteIsGuard } from '../arch/pte_marker';
import { EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SIZE } from '../memlayout';
import { VM_LOCKED, VM_MAYBE_GUARD, Vma } from '../types/vm_area';
import { anonVmaPrepare } from './anon_vma';
import { tlbFinish } from './mmu_gather';
import { allocPteTable, findPteTable, pteLock, skipUnmapped } from './pgtable';
import { zapRange } from './zap';

/**
 * Guard pages: entries on which every access raises SIGSEGV, without a VMA of their own (Linux:
 * mm/madvise.c, madvise_guard_install and madvise_guard_remove). Discarding and truncating leave
 * them; unmapping and MADV_GUARD_REMOVE take them away. mmap_lock is held for writing, since the
 * VMA is marked.
 */

/**
 * Installs guards over [start, end) of a VMA; what the pages held is gone: 0, -EINVAL for a locked
 * VMA, or -ENOMEM.
 */
export function guardInstall(vma: Vma, start: u64, end: u64): i32 {
  if ((vma.vmFlags & VM_LOCKED) != 0) return -EINVAL;
  // Anonymous memory with guards is not empty: a fork must find an anon_vma and copy the entries.
  if (vma.vmFile == null && anonVmaPrepare(vma) < 0) return -ENOMEM;
  vma.resetFlags(vma.vmFlags | VM_MAYBE_GUARD);
  zapRange(vma, start, end, true, false);
  tlbFinish();
  for (let at = start; at < end;) {
    const table = allocPteTable(vma.vmMm, at);
    if (table == 0) return -ENOMEM;
    const next = min<u64>(end, (at + PMD_SIZE) & ~(PMD_SIZE - 1));
    fillTable(table, at, next);
    at = next;
  }
  return 0;
}

/** Takes the guards of [start, end) of a VMA away. */
export function guardRemove(vma: Vma, start: u64, end: u64): void {
  const mm = vma.vmMm;
  for (let at = skipUnmapped(mm, start, end); at < end;) {
    const next = min<u64>(end, (at + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, at);
    if (table != 0) clearTable(table, at, next);
    at = skipUnmapped(mm, next, end);
  }
}

/** Nobody faults meanwhile, so what was zapped is empty still. */
function fillTable(table: usize, start: u64, end: u64): void {
  const lock = pteLock(table);
  lock.lock();
  for (let at = start; at < end; at += PAGE_SIZE) entryOf(table, at, 0).store(PTE_GUARD);
  lock.unlock();
}

function clearTable(table: usize, start: u64, end: u64): void {
  const lock = pteLock(table);
  lock.lock();
  for (let at = start; at < end; at += PAGE_SIZE) {
    const ptep = entryOf(table, at, 0);
    if (pteIsGuard(ptep.load())) ptep.store(0);
  }
  lock.unlock();
}
