import { kpagecount } from './page-info.js';
import type { VerifyContext } from '../verify/verify.js';
import {
  ENTRIES,
  isPresent,
  pfnOf,
  PTE_PRESENT,
  PTE_SPECIAL,
  spanOf,
  TOP_LEVEL,
} from '../verify/pte.js';
import {
  MEM_MAP,
  PAGE_MAPPING_ANON,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
} from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';

/** What /proc/PID/pagemap tells of one page of an address space. */
export interface PagemapEntry {
  /** Mapped, whether an access is allowed or not. */
  readonly present: boolean;
  /** A page of a file, or of shared anonymous memory. */
  readonly filePage: boolean;
  /** Mapped nowhere else. */
  readonly exclusive: boolean;
  /** The page frame number; 0 unless present. */
  readonly pfn: number;
}

const ABSENT: PagemapEntry = { present: false, filePage: false, exclusive: false, pfn: 0 };

/**
 * Entries for so many pages from an address on (Linux: fs/proc/task_mmu.c, pte_to_pagemap_entry).
 */
export function pagemap(
  context: VerifyContext,
  task: number,
  address: number,
  nrPages: number,
): PagemapEntry[] {
  const pgd = context.views.read('MmStruct', 'pgd', context.views.read('Task', 'mm', task));
  return Array.from({ length: nrPages }, (_, page) =>
    entryFor(context, pgd, address + page * PAGE_SIZE),
  );
}

function entryFor(context: VerifyContext, pgd: number, address: number): PagemapEntry {
  const { views } = context;
  let table = pgd;
  for (let level = TOP_LEVEL; level > 0; level--) {
    const entry = entryAt(table, address, level);
    const low = views.u32At(entry);
    if ((low & PTE_PRESENT) === 0) return ABSENT;
    table = pfnOf(low, views.u32At(entry + 4)) * PAGE_SIZE;
  }
  const entry = entryAt(table, address, 0);
  return describe(context, views.u32At(entry), views.u32At(entry + 4));
}

function describe(context: VerifyContext, low: number, high: number): PagemapEntry {
  if (!isPresent(low)) return ABSENT;
  const pfn = pfnOf(low, high);
  if ((low & PTE_SPECIAL) !== 0) return { ...ABSENT, present: true, pfn };
  return {
    present: true,
    filePage: !isAnon(context.views, pfn),
    exclusive: kpagecount(context, pfn) === 1,
    pfn,
  };
}

function isAnon(views: CoreViews, pfn: number): boolean {
  const mapping = views.read('Page', 'mapping', MEM_MAP + pfn * PAGE_STRUCT_SIZE);
  return (mapping & PAGE_MAPPING_ANON) !== 0;
}

function entryAt(table: number, address: number, level: number): number {
  return table + (Math.floor(address / spanOf(level)) % ENTRIES) * 8;
}
