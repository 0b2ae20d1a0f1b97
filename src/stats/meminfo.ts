import type { VerifyContext } from '../verify/verify.js';
import {
  KDESC_BASE,
  KDESC_SIZE,
  KPAGE_SLAB,
  PAGE_SIZE,
  VM_NR_ANON_MAPPED,
  VM_NR_FILE_MAPPED,
  VM_NR_FILE_PAGES,
  VM_NR_FREE_PAGES,
  VM_NR_PAGE_TABLE_PAGES,
  VM_NR_SHMEM,
} from '../wasm/generated/layout.js';
import { KMEM_STATE } from '../wasm/generated/layout.js';
import { sumOfCounter } from './counters.js';

/** Memory in kB, under the names of /proc/meminfo. */
export interface Meminfo {
  /** The emulated RAM. */
  readonly MemTotal: number;
  readonly MemFree: number;
  /** What processes could still have: there is no swap, so no page of a file can be reclaimed. */
  readonly MemAvailable: number;
  /** Pages of files; all lie in memory only, so `Shmem` is the same. */
  readonly Cached: number;
  readonly Shmem: number;
  readonly AnonPages: number;
  /** Pages of files that are mapped. */
  readonly Mapped: number;
  /** The kernel's own memory: it lies beside the emulated RAM and takes nothing away from it. */
  readonly PageTables: number;
  readonly Slab: number;
  readonly SwapTotal: number;
  readonly SwapFree: number;
}

const KB_A_PAGE = PAGE_SIZE / 1024;

/** Linux: fs/proc/meminfo.c, meminfo_proc_show. */
export function meminfo({ views, options }: VerifyContext): Meminfo {
  const kb = (item: number) => sumOfCounter(views, options.cpus, item) * KB_A_PAGE;
  const free = kb(VM_NR_FREE_PAGES);
  return {
    MemTotal: options.memory / 1024,
    MemFree: free,
    MemAvailable: free,
    Cached: kb(VM_NR_FILE_PAGES),
    Shmem: kb(VM_NR_SHMEM),
    AnonPages: kb(VM_NR_ANON_MAPPED),
    Mapped: kb(VM_NR_FILE_MAPPED),
    PageTables: kb(VM_NR_PAGE_TABLE_PAGES),
    Slab: slabPages({ views }) * KB_A_PAGE,
    SwapTotal: 0,
    SwapFree: 0,
  };
}

/** Kernel pages that caches of objects have. */
function slabPages({ views }: Pick<VerifyContext, 'views'>): number {
  const frontier = views.read('Kmem', 'frontier', KMEM_STATE);
  let slabs = 0;
  for (let page = 0; page < frontier; page++) {
    if (views.read('Kdesc', 'kind', KDESC_BASE + page * KDESC_SIZE) === KPAGE_SLAB) slabs++;
  }
  return slabs;
}
