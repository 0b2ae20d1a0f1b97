import {
  CONTENTS_BASE,
  KMEM_BASE,
  MM_LISTS,
  PAGE_SIZE,
  STRUCTS,
} from '../../wasm/generated/layout.js';
import type { CoreViews } from '../../wasm/views.js';

/** Entries of a table, bytes of an entry, the level of the top table. */
const ENTRIES = 512;
const ENTRY_SIZE = 8;
const TOP_LEVEL = 3;
const PRESENT = 1;
/** More mms than a list that is being changed could seem to have. */
const MMS_MAX = 4096;

const HEAD = MM_LISTS + STRUCTS.MmLists.fields.mms.offset;
const LINK = STRUCTS.MmStruct.fields.mmList.offset;

/** Where a page table is: in the tables of which process, and from which address on it maps. */
export interface TablePlace {
  readonly pid: number;
  readonly base: number;
}

/** Bytes that an entry of a level maps. */
export function spanOf(level: number): number {
  return PAGE_SIZE * ENTRIES ** level;
}

/**
 * The place of a table of a level; undefined for one that no process has at this moment, such as
 * one that is being made. Other CPUs may stand anywhere: nothing is believed without a look at it.
 */
export function placeOfTable(
  views: CoreViews,
  table: number,
  level: number,
): TablePlace | undefined {
  let link = views.u32At(HEAD);
  for (let mms = 0; link !== HEAD && isKernel(link) && mms < MMS_MAX; mms++) {
    const mm = link - LINK;
    const top = views.read('MmStruct', 'pgd', mm);
    const base = baseIn(views, { table, level }, top, TOP_LEVEL);
    if (base !== undefined) return { pid: views.read('MmStruct', 'pid', mm), base };
    link = views.u32At(link);
  }
  return undefined;
}

/** Whether an address is one of the core's own pages. */
function isKernel(address: number): boolean {
  return address >= KMEM_BASE && address < CONTENTS_BASE;
}

/** The first address that `wanted` maps below a table; undefined where it is not below it. */
function baseIn(
  views: CoreViews,
  wanted: { readonly table: number; readonly level: number },
  table: number,
  level: number,
): number | undefined {
  if (level === wanted.level) return table === wanted.table ? 0 : undefined;
  if (!isKernel(table)) return undefined;
  for (let index = 0; index < ENTRIES; index++) {
    const entry = views.u32At(table + index * ENTRY_SIZE);
    if ((entry & PRESENT) === 0) continue;
    const below = baseIn(views, wanted, entry - (entry % PAGE_SIZE), level - 1);
    if (below !== undefined) return index * spanOf(level) + below;
  }
  return undefined;
}
