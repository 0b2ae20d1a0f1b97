import { PAGE_SIZE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { vmasOf } from './maps.js';
import { entriesOf, isGuard, isPresent, isSpecial, mmOf, pfnOf } from './page-table.js';
import { mapcountOf } from './pages.js';

/** How much of one mapping is where; bytes. */
export interface SmapsEntry {
  /** First address. */
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  /** Pages that are mapped; the zero page does not count. */
  readonly rss: number;
  /** The same, each page divided by the number of times that it is mapped. */
  readonly pss: number;
  /** Pages on the swap device, of the process or of the file. */
  readonly swap: number;
  /** What `pss` says, if the mapping is locked in memory; else 0. */
  readonly locked: number;
  /** Two letters a flag, in the kernel's order: `rd`, `wr`, `sh`, `mr`, `lo` ... */
  readonly vmFlags: string[];
}

/** Fixed-point bits of a proportional share (Linux: PSS_SHIFT). */
const PSS_UNITS = 2 ** 12;

/**
 * Linux: fs/proc/task_mmu.c, show_smap_vma_flags. Bits by their number in vm_flags, in the order of
 * Linux's bits: VM_SEALED is 42 there.
 */
const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0, 'rd'],
  [1, 'wr'],
  [2, 'ex'],
  [3, 'sh'],
  [4, 'mr'],
  [5, 'mw'],
  [6, 'me'],
  [7, 'ms'],
  [8, 'gd'],
  [11, 'gu'],
  [13, 'lo'],
  [15, 'sr'],
  [16, 'rr'],
  [17, 'dc'],
  [18, 'de'],
  [19, 'lf'],
  [20, 'ac'],
  [21, 'nr'],
  [25, 'wf'],
  [26, 'dd'],
  [29, 'hg'],
  [30, 'nh'],
  [31, 'mg'],
  [24, 'sl'],
];
const VM_LOCKED_BIT = 13;

/** Bytes of a mapping's file on the swap device, which its page tables do not show. */
export type FileSwap = (vma: number) => number;

/**
 * The mappings of a task with what is in memory of them (Linux: fs/proc/task_mmu.c, show_smap).
 * @param fileSwap left out: what is swapped out is the process's own only, as status counts it
 */
export function smapsOf(
  views: CoreViews,
  task: number,
  fileSwap: FileSwap = () => 0,
): SmapsEntry[] {
  const mm = mmOf(views, task);
  return [...vmasOf(views, mm)].map((vma) => measure(views, mm, vma, fileSwap(vma)));
}

function measure(views: CoreViews, mm: number, vma: number, fileSwap: number): SmapsEntry {
  const start = views.read('Vma', 'vmStart', vma);
  const end = views.read('Vma', 'vmEnd', vma);
  const flags = views.read('Vma', 'vmFlags', vma);
  let [rss, shares, swap] = [0, 0, fileSwap];
  for (const entry of entriesOf(views, mm, start, end)) {
    if (isGuard(entry)) continue;
    if (!isPresent(entry)) swap += PAGE_SIZE;
    else if (!isSpecial(entry)) {
      rss += PAGE_SIZE;
      shares += Math.floor((PAGE_SIZE * PSS_UNITS) / mapcountOf(views, pfnOf(entry)));
    }
  }
  const pss = Math.floor(shares / PSS_UNITS);
  const has = (bit: number) => Math.floor(flags / 2 ** bit) % 2 === 1;
  const vmFlags = FLAG_NAMES.filter(([bit]) => has(bit)).map(([, name]) => name);
  return { start, end, rss, pss, swap, locked: has(VM_LOCKED_BIT) ? pss : 0, vmFlags };
}
