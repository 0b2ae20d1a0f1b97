import type { ResolvedOptions } from '../options.js';
import { swapBase } from '../options.js';
import {
  CONTENTS_BASE,
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  KMEM_STATE,
  MACHINE_BASE,
  MEM_MAP,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  PERCPU_BASE,
  PERCPU_SIZE,
  SWAP_INFO,
  SWAP_SLOT_SIZE,
  ZONE_BASE,
} from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';

/** Bytes of one page of a snapshot: runs of memory are a whole number of these. */
export const SNAPSHOT_PAGE = PAGE_SIZE;

const BYTES_A_FRAME = { none: 0, stamp: 8, full: PAGE_SIZE };

/**
 * The pages of the memory that may hold anything, by number, as [first, behind) in rising order.
 * What lies behind the frontiers of the allocators was never touched, and reading it would make the
 * host find memory for it.
 */
export function usedPages(views: CoreViews, options: ResolvedOptions): [number, number][] {
  const frames = views.read('Zone', 'frontier', ZONE_BASE);
  const kernelPages = views.read('Kmem', 'frontier', KMEM_STATE);
  const zeroPage = options.memory / PAGE_SIZE;
  const contents = CONTENTS_BASE + (zeroPage + 1) * BYTES_A_FRAME[options.contents];
  const regions: [at: number, size: number][] = [
    [MACHINE_BASE, PERCPU_BASE - MACHINE_BASE],
    [PERCPU_BASE, options.cpus * PERCPU_SIZE],
    [KDESC_BASE, kernelPages * KDESC_SIZE],
    [MEM_MAP, frames * PAGE_STRUCT_SIZE],
    [MEM_MAP + zeroPage * PAGE_STRUCT_SIZE, PAGE_STRUCT_SIZE],
    [KMEM_BASE, kernelPages * PAGE_SIZE],
    [CONTENTS_BASE, frames * BYTES_A_FRAME[options.contents]],
    [contents, swapBase(options) - contents],
    ...swapRegions(views, BYTES_A_FRAME[options.contents]),
  ];
  return merged(regions.filter(([, size]) => size > 0));
}

/** The slots of the swap device that were ever used, and their contents. */
function swapRegions(views: CoreViews, bytesASlot: number): [at: number, size: number][] {
  const read = (field: 'flags' | 'frontier' | 'slots' | 'contents') =>
    views.read('SwapInfo', field, SWAP_INFO);
  if (read('flags') === 0) return [];
  const slots = read('frontier');
  return [
    [read('slots'), slots * SWAP_SLOT_SIZE],
    [read('contents'), (slots - 1) * bytesASlot],
  ];
}

/** Regions as ranges of pages; those that touch become one. */
function merged(regions: readonly (readonly [number, number])[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const [at, size] of [...regions].sort(([a], [b]) => a - b)) {
    const first = Math.floor(at / SNAPSHOT_PAGE);
    const behind = Math.ceil((at + size) / SNAPSHOT_PAGE);
    const last = ranges.at(-1);
    if (last !== undefined && first <= last[1]) last[1] = Math.max(last[1], behind);
    else ranges.push([first, behind]);
  }
  return ranges;
}
