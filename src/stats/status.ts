import { PAGE_SIZE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { mmOf } from './page-table.js';
import { smapsOf } from './smaps.js';

/** The memory of a process as /proc/PID/status has it; bytes. */
export interface ProcessStatus {
  /** All that is mapped, in memory or not. */
  readonly vmSize: number;
  /** Pages in memory. */
  readonly vmRSS: number;
  /** Mappings that are locked in memory, in memory or not. */
  readonly vmLck: number;
  /** Private pages on the swap device. */
  readonly vmSwap: number;
}

/** Linux: fs/proc/task_mmu.c, task_mem. */
export function statusOf(views: CoreViews, task: number): ProcessStatus {
  const mm = mmOf(views, task);
  const maps = smapsOf(views, task);
  const sum = (of: (map: (typeof maps)[number]) => number) =>
    maps.reduce((total, map) => total + of(map), 0);
  return {
    vmSize: views.read('MmStruct', 'totalVm', mm) * PAGE_SIZE,
    vmRSS: sum(({ rss }) => rss),
    vmLck: sum(({ start, end, vmFlags }) => (vmFlags.includes('lo') ? end - start : 0)),
    vmSwap: sum(({ swap }) => swap),
  };
}
