import { PMD_SIZE, entryOf, ptePresent } from '../arch/pgtable';
import { SINGLE_DEPTH_NESTING } from '../lib/lockdep';
import { synchronize } from '../lib/rcu';
import { noteZap } from '../lib/watch';
import { PAGE_SIZE } from '../memlayout';
import { Vma } from '../types/vm_area';
import { allocPteTable, findPteTable, pteLock, skipUnmapped } from './pgtable';

/**
 * Moving page-table entries to another place of the same mm (Linux: move_page_tables in
 * mm/mremap.c). mmap_lock is held for writing, so no fault installs an entry meanwhile; reverse
 * walks, GUP-fast and accesses under way go on.
 *
 * Both page tables' locks are held while an entry is at neither place, the old place's outermost.
 * Before they are let go every access through an old entry is over: otherwise somebody could unmap
 * and free a page at its new place while a store through the old one still goes to it
 * (CVE-2018-18281).
 */

/**
 * Moves what `old` maps in [from, from + length) to `to`: as many bytes as that was done for, fewer
 * than `length` when there is no memory for page tables. With `rmapLocks` the locks of the reverse
 * maps are held too.
 */
export function movePageTables(old: Vma, from: u64, to: u64, length: u64, rmapLocks: bool): u64 {
  const mm = old.vmMm;
  const end = from + length;
  let at = skipUnmapped(mm, from, end);
  while (at < end) {
    const target = to + (at - from);
    const bytes = min<u64>(end - at, min<u64>(toTableEnd(at), toTableEnd(target)));
    const targetTable = allocPteTable(mm, target);
    if (targetTable == 0) break;
    if (rmapLocks) takeRmapLocks(old);
    moveEntries(findPteTable(mm, at), targetTable, at, target, bytes);
    if (rmapLocks) dropRmapLocks(old);
    at = skipUnmapped(mm, at + bytes, end);
  }
  noteZap(changetype<usize>(mm), from, end);
  return at - from;
}

/** Bytes from an address to the end of what its table of PTEs covers. */
function toTableEnd(address: u64): u64 {
  return PMD_SIZE - (address & (PMD_SIZE - 1));
}

/** Moves the entries of one table to one table, which may be the same (Linux: move_ptes). */
function moveEntries(table: usize, target: usize, from: u64, to: u64, bytes: u64): void {
  const lock = pteLock(table);
  const nested = pteLock(target);
  lock.lock();
  if (target != table) nested.lockNested(SINGLE_DEPTH_NESTING);
  let flush = false;
  for (let offset: u64 = 0; offset < bytes; offset += PAGE_SIZE) {
    const slot = entryOf(table, from + offset, 0);
    if (slot.load() == 0) continue;
    const pte = slot.exchange(0); // a CPU may have set the accessed or dirty bit since
    if (ptePresent(pte)) flush = true;
    entryOf(target, to + offset, 0).storeRelease(pte);
  }
  if (flush) synchronize();
  if (target != table) nested.unlock();
  lock.unlock();
}

function takeRmapLocks(vma: Vma): void {
  const file = vma.vmFile;
  const anonVma = vma.anonVma;
  if (file != null) file.mapping.iMmapRwsem.downWrite();
  if (anonVma != null) anonVma.root.rwsem.downWrite();
}

function dropRmapLocks(vma: Vma): void {
  const file = vma.vmFile;
  const anonVma = vma.anonVma;
  if (anonVma != null) anonVma.root.rwsem.upWrite();
  if (file != null) file.mapping.iMmapRwsem.upWrite();
}
