import { offsetOf, type CoreViews } from '../wasm/views.js';

/**
 * Page tables as a reader outside the core sees them. An entry comes as two words of 32 bits, as in
 * `verify/pte.ts`; nothing here takes a lock, so it is for quiet moments.
 */

/** Bits of the lower word. */
const PTE_PRESENT = 1 << 0;
const PTE_PROTNONE = 1 << 8;
const PTE_SPECIAL = 1 << 9;
/** The words of a guard (assembly/arch/pte_marker.ts). */
const GUARD_LOW = 4 << 14;
const GUARD_HIGH = 0xf800_0000;
const PAGE_BITS = 0xfff;
const PFN_HIGH = 0xf_ffff;

const TOP_LEVEL = 3;
const SHIFT = 12;
const BITS_A_LEVEL = 9;

/** One non-empty entry of the last level. */
export interface Entry {
  readonly address: number;
  readonly low: number;
  readonly high: number;
}

/** The non-empty entries of an mm from `start` to below `end`, in the order of their addresses. */
export function* entriesOf(
  views: CoreViews,
  mm: number,
  start: number,
  end: number,
): Generator<Entry> {
  yield* below(views, views.read('MmStruct', 'pgd', mm), TOP_LEVEL, 0, start, end);
}

function* below(
  views: CoreViews,
  table: number,
  level: number,
  base: number,
  start: number,
  end: number,
): Generator<Entry> {
  const span = 2 ** (SHIFT + BITS_A_LEVEL * level);
  const first = Math.max(0, Math.floor((start - base) / span));
  const last = Math.min(2 ** BITS_A_LEVEL - 1, Math.ceil((end - base) / span) - 1);
  for (let index = first; index <= last; index++) {
    const low = views.u32At(table + index * 8);
    const high = views.u32At(table + index * 8 + 4);
    if (low === 0 && high === 0) continue;
    const address = base + index * span;
    if (level === 0) yield { address, low, high };
    else yield* below(views, (low & ~PAGE_BITS) >>> 0, level - 1, address, start, end);
  }
}

/** True if the entry maps a page, accessible or not (Linux: pte_present). */
export function isPresent({ low }: Entry): boolean {
  return (low & (PTE_PRESENT | PTE_PROTNONE)) !== 0;
}

/** True for the zero page, which nobody counts (Linux: pte_special). */
export function isSpecial({ low }: Entry): boolean {
  return (low & PTE_SPECIAL) !== 0;
}

/** True for a guard (Linux: is_guard_swp_entry). */
export function isGuard({ low, high }: Entry): boolean {
  return low === GUARD_LOW && high === GUARD_HIGH;
}

/** The frame of a present entry (Linux: pte_pfn). */
export function pfnOf({ low, high }: Entry): number {
  return (high & PFN_HIGH) * 2 ** 20 + (low >>> SHIFT);
}

/** The mm of a task. */
export function mmOf(views: CoreViews, task: number): number {
  return views.u32At(task + offsetOf('Task', 'mm'));
}
