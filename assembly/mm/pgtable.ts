import { VM_NR_PAGE_TABLE_PAGES } from '../abi';
import {
  PAGE_PRESENT,
  PMD_SIZE,
  PTRS_PER_TABLE,
  TOP_LEVEL,
  entryOf,
  entrySpan,
  mkTable,
  tableOf,
} from '../arch/pgtable';
import { VM_BUG_ON } from '../lib/bug';
import { KPAGE_PGTABLE, Kdesc } from '../lib/kdesc';
import { allocKernelPage, freeKernelPage } from '../lib/kmem';
import { SpinLock } from '../lib/spinlock';
import { MmStruct } from '../types/mm_struct';
import { gatherTable } from './mmu_gather';
import { modPageState } from './vmstat';

/**
 * Page tables of an mm: finding, making and freeing them (Linux: mm/pgtable-generic.c, the first
 * half of mm/memory.c).
 *
 * Entries of upper tables change with page_table_lock held, entries of the last level with the lock
 * of their table (`pteLock`). Tables are added under mmap_lock held for reading, so faults may race
 * to add one: the loser frees its own. They are taken out under mmap_lock held for writing, after
 * the VMAs have left every reverse map, and freed only after concurrent walkers have passed.
 */

/** A new, empty top table, or 0 (Linux: pgd_alloc). */
export function pgdAlloc(): usize {
  return newTable(TOP_LEVEL);
}

/** Frees an empty top table (Linux: pgd_free). */
export function pgdFree(pgd: usize): void {
  freeTable(pgd);
}

/** The table of PTEs that covers `address`, or 0 where there is none (Linux: pte_offset_map). */
export function findPteTable(mm: MmStruct, address: u64): usize {
  let table = <usize>mm.pgd.load();
  for (let level: u32 = TOP_LEVEL; level > 0; level--) {
    const entry = entryOf(table, address, level).dereference();
    if ((entry & PAGE_PRESENT) == 0) return 0;
    table = tableOf(entry);
  }
  return table;
}

/**
 * The first address at or after `address` that a table of PTEs covers, or `end`: leaps over what
 * the upper tables do not have.
 */
export function skipUnmapped(mm: MmStruct, address: u64, end: u64): u64 {
  let at = address;
  while (at < end) {
    let table = <usize>mm.pgd.load();
    let level = TOP_LEVEL;
    while (level > 0) {
      const entry = entryOf(table, at, level).dereference();
      if ((entry & PAGE_PRESENT) == 0) break;
      table = tableOf(entry);
      level--;
    }
    if (level == 0) return at;
    const span = entrySpan(level);
    at = (at + span) & ~(span - 1);
  }
  return end;
}

/** The table of PTEs that covers `address`, made if missing; 0: no memory (Linux: pte_alloc). */
export function allocPteTable(mm: MmStruct, address: u64): usize {
  let table = <usize>mm.pgd.load();
  for (let level: u32 = TOP_LEVEL; level > 0; level--) {
    let entry = entryOf(table, address, level).loadAcquire();
    if ((entry & PAGE_PRESENT) == 0) {
      entry = installTable(mm, table, address, level);
      if (entry == 0) return 0;
    }
    table = tableOf(entry);
  }
  return table;
}

/** The lock of a table's entries (Linux: pte_lockptr). */
export function pteLock(table: usize): SpinLock {
  return Kdesc.of(table).ptl;
}

/**
 * Takes out the tables that cover nothing but [start, end) and unmapped space around it
 * (Linux: free_pgd_range). `floor` is the end of the mapping before, `ceiling` the start of the one
 * behind: a table that reaches across either stays. The tables wait in the gather.
 * Preconditions:
 * - mmap_lock is held for writing, and every entry of [start, end) was zapped.
 */
export function freePgdRange(mm: MmStruct, start: u64, end: u64, floor: u64, ceiling: u64): void {
  // Most ranges share their table of PTEs with a neighbour: then no upper one can go either.
  let first = start & ~(PMD_SIZE - 1);
  let last = (end + PMD_SIZE - 1) & ~(PMD_SIZE - 1);
  if (first < floor) first += PMD_SIZE;
  if (last > ceiling) last -= PMD_SIZE;
  if (first >= last) return;
  freeRangeOf(mm, <usize>mm.pgd.load(), TOP_LEVEL, start, end, floor, ceiling);
}

/** Frees a table that no walker can reach any more; all its entries are zero. */
export function freeTable(table: usize): void {
  VM_BUG_ON(Kdesc.of(table).ptl.isLocked, 141);
  modPageState(VM_NR_PAGE_TABLE_PAGES, -1);
  freeKernelPage(table);
}

function newTable(level: u32): usize {
  const table = allocKernelPage(KPAGE_PGTABLE);
  if (table == 0) return 0;
  Kdesc.of(table).level = level;
  modPageState(VM_NR_PAGE_TABLE_PAGES, 1);
  return table;
}

/** Puts a new table under an entry unless somebody was faster; returns the entry then, or 0. */
function installTable(mm: MmStruct, table: usize, address: u64, level: u32): u64 {
  const child = newTable(level - 1);
  if (child == 0) return 0;
  const slot = entryOf(table, address, level);
  mm.pageTableLock.lock();
  let entry = slot.load();
  const mine = entry == 0;
  if (mine) {
    entry = mkTable(child);
    slot.storeRelease(entry);
    mm.nrTables++;
  }
  mm.pageTableLock.unlock();
  if (!mine) freeTable(child);
  return entry;
}

function freeRangeOf(
  mm: MmStruct,
  table: usize,
  level: u32,
  start: u64,
  end: u64,
  floor: u64,
  ceiling: u64,
): void {
  const span = entrySpan(level);
  let from = start & ~(span - 1);
  for (let i: u32 = 0; i < PTRS_PER_TABLE && from < end; i++, from += span) {
    const slot = entryOf(table, from, level);
    const entry = slot.load();
    if (entry == 0) continue;
    const child = tableOf(entry);
    const last = from + span;
    if (level > 1) {
      freeRangeOf(mm, child, level - 1, max(from, start), min(last, end), floor, ceiling);
    }
    if (from < floor || last > ceiling) continue;
    mm.pageTableLock.lock();
    slot.store(0);
    mm.nrTables--;
    mm.pageTableLock.unlock();
    gatherTable(child);
  }
}
