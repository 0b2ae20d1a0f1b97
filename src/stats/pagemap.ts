import { PAGE_SIZE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { entriesOf, isGuard, isPresent, isSpecial, mmOf, pfnOf, type Entry } from './page-table.js';
import { isAnonPage, mapcountOf } from './pages.js';

/** What /proc/PID/pagemap tells of one page. */
export interface PagemapEntry {
  /** Bit 63: a frame is mapped, the zero page included. */
  readonly present: boolean;
  /** Bit 62: the entry names no frame but something else, such as a place in the swap device. */
  readonly swapped: boolean;
  /** Bit 61: the page belongs to a file or to shared anonymous memory. */
  readonly filePage: boolean;
  /** Bit 56: mapped exactly once on the whole machine. */
  readonly exclusive: boolean;
  /** Bit 55: always false, as in a kernel that is built without CONFIG_MEM_SOFT_DIRTY. */
  readonly softDirty: boolean;
  /** Bit 58: a guard (MADV_GUARD_INSTALL). */
  readonly guard: boolean;
  /** The frame; 0 where none is present. */
  readonly pfn: number;
}

const NOTHING: PagemapEntry = {
  present: false,
  swapped: false,
  filePage: false,
  exclusive: false,
  softDirty: false,
  guard: false,
  pfn: 0,
};

/**
 * One entry for each page from `start` on (Linux: fs/proc/task_mmu.c, pte_to_pagemap_entry). Where
 * nothing is mapped, all is false.
 */
export function pagemapOf(
  views: CoreViews,
  task: number,
  start: number,
  nrPages: number,
): PagemapEntry[] {
  const pages = new Array<PagemapEntry>(nrPages).fill(NOTHING);
  for (const entry of entriesOf(views, mmOf(views, task), start, start + nrPages * PAGE_SIZE)) {
    pages[(entry.address - start) / PAGE_SIZE] = describe(views, entry);
  }
  return pages;
}

function describe(views: CoreViews, entry: Entry): PagemapEntry {
  if (!isPresent(entry)) return { ...NOTHING, swapped: true, guard: isGuard(entry) };
  const pfn = pfnOf(entry);
  if (isSpecial(entry)) return { ...NOTHING, present: true, pfn };
  const exclusive = mapcountOf(views, pfn) === 1;
  return { ...NOTHING, present: true, filePage: !isAnonPage(views, pfn), exclusive, pfn };
}
