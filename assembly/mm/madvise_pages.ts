import {
  PAGE_ACCESSED,
  PAGE_DIRTY,
  PMD_SIZE,
  Pte,
  entryOf,
  ptePfn,
  ptePresent,
  pteSpecial,
} from '../arch/pgtable';
import { pteIsSwap, pteToSwpEntry } from '../arch/swapops';
import { EINVAL } from '../lib/errno';
import { thisCpu } from '../lib/percpu';
import { synchronize } from '../lib/rcu';
import { noteGiveUp } from '../lib/watch';
import { PAGE_SIZE } from '../memlayout';
import { CpuLru } from '../types/lruvec';
import {
  PG_ACTIVE,
  PG_DIRTY,
  PG_LRU,
  PG_REFERENCED,
  PG_SWAPCACHE,
  PG_UNEVICTABLE,
  PG_WORKINGSET,
  Page,
} from '../types/page';
import { VM_LOCKED, Vma } from '../types/vm_area';
import { tlbFinish } from './mmu_gather';
import { trylockPage, unlockPage } from './page_lock';
import { findPteTable, pteLock, skipUnmapped } from './pgtable';
import { folioFreeSwap, freeSwapAndCache } from './swap_state';
import { deactivatePage, folioIsolateLru, lazyfreePage, lruAddDrain } from './swap';
import { reclaimPages } from './vmscan';
import { zapRange } from './zap';

/**
 * Advice that works on pages: discarding them, now or when memory is short, and making them old
 * (Linux: mm/madvise.c). mmap_lock is held for reading; locked mappings refuse with -EINVAL.
 */

/** MADV_DONTNEED, and with `evenLocked` MADV_DONTNEED_LOCKED (Linux: madvise_dontneed_free). */
export function madviseDontneed(vma: Vma, start: u64, end: u64, evenLocked: bool): i32 {
  if (!evenLocked && (vma.vmFlags & VM_LOCKED) != 0) return -EINVAL;
  zapRange(vma, start, end, true, false);
  tlbFinish();
  return 0;
}

/**
 * MADV_FREE: pages that nobody writes to again may be dropped instead of written out (Linux:
 * madvise_free_single_vma). Only private anonymous memory can be freed so.
 */
export function madviseFree(vma: Vma, start: u64, end: u64): i32 {
  if ((vma.vmFlags & VM_LOCKED) != 0 || vma.vmFile != null) return -EINVAL;
  ageRange(vma, start, end, true);
  noteGiveUp(changetype<usize>(vma.vmMm), start, end);
  return 0;
}

/** MADV_COLD: pages become the first that reclaim looks at (Linux: madvise_cold). */
export function madviseCold(vma: Vma, start: u64, end: u64): i32 {
  if ((vma.vmFlags & VM_LOCKED) != 0) return -EINVAL;
  ageRange(vma, start, end, false);
  return 0;
}

/**
 * MADV_PAGEOUT: pages that nobody else maps are reclaimed at once, used or not (Linux:
 * madvise_pageout).
 */
export function madvisePageout(vma: Vma, start: u64, end: u64): i32 {
  if ((vma.vmFlags & VM_LOCKED) != 0) return -EINVAL;
  lruAddDrain();
  const mm = vma.vmMm;
  for (let at = skipUnmapped(mm, start, end); at < end;) {
    const next = min<u64>(end, (at + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, at);
    if (table != 0) pageoutTable(table, at, next);
    at = skipUnmapped(mm, next, end);
  }
  return 0;
}

/** Isolates the pages of one table under its lock, and reclaims them without. */
function pageoutTable(table: usize, start: u64, end: u64): void {
  const isolated = CpuLru.of(thisCpu()).taken;
  const lock = pteLock(table);
  lock.lock();
  for (let at = start; at < end; at += PAGE_SIZE) {
    const ptep = entryOf(table, at, 0);
    const pte = ptep.load();
    if (!ptePresent(pte) || pteSpecial(pte)) continue;
    const page = Page.fromPfn(ptePfn(pte));
    if (page.mapcount.load() != 0) continue; // others may be using it
    if ((pte & PAGE_ACCESSED) != 0) ptep.and(~PAGE_ACCESSED);
    page.flags.and(~PG_REFERENCED);
    if (page.flags.test(PG_UNEVICTABLE) == 0 && folioIsolateLru(page)) isolated.add(page.lru);
  }
  lock.unlock();
  reclaimPages(isolated);
}

/** Makes every page old, and with `free` one that may be dropped. */
function ageRange(vma: Vma, start: u64, end: u64, free: bool): void {
  const mm = vma.vmMm;
  lruAddDrain();
  for (let at = skipUnmapped(mm, start, end); at < end;) {
    const next = min<u64>(end, (at + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, at);
    if (table != 0) ageTable(table, at, next, free);
    at = skipUnmapped(mm, next, end);
  }
  // A store under way has seen its entry dirty already: it must be over before that is looked at.
  if (free) synchronize();
}

function ageTable(table: usize, start: u64, end: u64, free: bool): void {
  const lock = pteLock(table);
  lock.lock();
  for (let at = start; at < end; at += PAGE_SIZE) {
    const ptep = entryOf(table, at, 0);
    const pte = ptep.load();
    if (free && pteIsSwap(pte)) {
      ptep.store(0);
      freeSwapAndCache(pteToSwpEntry(pte));
    }
    if (!ptePresent(pte) || pteSpecial(pte)) continue;
    const page = Page.fromPfn(ptePfn(pte));
    if (free) freeLazily(ptep, pte, page);
    else deactivate(ptep, page);
  }
  lock.unlock();
}

/** Linux: madvise_free_pte_range. A page of which others know stays as it is. */
function freeLazily(ptep: Pte, pte: u64, page: Page): void {
  if (!cleanPage(page)) return;
  if ((pte & (PAGE_ACCESSED | PAGE_DIRTY)) != 0) ptep.and(~(PAGE_ACCESSED | PAGE_DIRTY));
  lazyfreePage(page);
}

/** False if the page stays dirty: shared, or in work, or with a slot that others name. */
function cleanPage(page: Page): bool {
  if (page.flags.test(PG_DIRTY | PG_SWAPCACHE) == 0) return true;
  if (!trylockPage(page)) return false;
  let alone: bool = page.mapcount.load() == 0;
  if (alone && page.flags.test(PG_SWAPCACHE) != 0) alone = folioFreeSwap(page);
  if (alone) page.flags.and(~PG_DIRTY);
  unlockPage(page);
  return alone;
}

/** Linux: madvise_cold_or_pageout_pte_range. Only what this entry alone maps is touched. */
function deactivate(ptep: Pte, page: Page): void {
  const flags = page.flags.test(PG_LRU | PG_ACTIVE);
  if ((flags & PG_LRU) == 0 || page.mapcount.load() != 0) return;
  ptep.and(~PAGE_ACCESSED);
  page.flags.and(~PG_REFERENCED);
  if ((flags & PG_ACTIVE) != 0) page.flags.or(PG_WORKINGSET);
  deactivatePage(page);
}
