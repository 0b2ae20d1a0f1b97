import type { VerifyContext } from '../verify/verify.js';
import {
  KDESC_BASE,
  KDESC_SIZE,
  KPAGE_SLAB,
  PAGE_SIZE,
  VM_NR_ACTIVE_ANON,
  VM_NR_ACTIVE_FILE,
  VM_NR_ANON_MAPPED,
  VM_NR_FILE_MAPPED,
  VM_NR_FILE_PAGES,
  VM_NR_FREE_PAGES,
  VM_NR_INACTIVE_ANON,
  VM_NR_INACTIVE_FILE,
  VM_NR_MLOCK,
  VM_NR_PAGE_TABLE_PAGES,
  VM_NR_SHMEM,
  VM_NR_SWAPCACHED,
  VM_NR_UNEVICTABLE,
} from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { KMEM_STATE, SWAP_INFO } from '../wasm/generated/layout.js';
import { sumOfCounter } from './counters.js';

/** Memory in kB, under the names of /proc/meminfo. */
export interface Meminfo {
  /** The emulated RAM. */
  readonly MemTotal: number;
  readonly MemFree: number;
  /** Frames that nobody uses. */
  readonly MemAvailable: number;
  /** Pages of files; all lie in memory only, so `Shmem` is the same. */
  readonly Cached: number;
  readonly Shmem: number;
  /** Pages on the LRU lists, by kind and age; shared memory counts as anonymous. */
  readonly 'Active(anon)': number;
  readonly 'Inactive(anon)': number;
  readonly 'Active(file)': number;
  readonly 'Inactive(file)': number;
  readonly Unevictable: number;
  readonly Mlocked: number;
  readonly AnonPages: number;
  /** Pages of files that are mapped. */
  readonly Mapped: number;
  /** The kernel's own memory: it lies beside the emulated RAM and takes nothing away from it. */
  readonly PageTables: number;
  readonly Slab: number;
  /** Pages that are in memory and have a slot of the swap device besides. */
  readonly SwapCached: number;
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
    Cached: kb(VM_NR_FILE_PAGES) - kb(VM_NR_SWAPCACHED),
    Shmem: kb(VM_NR_SHMEM),
    'Active(anon)': kb(VM_NR_ACTIVE_ANON),
    'Inactive(anon)': kb(VM_NR_INACTIVE_ANON),
    'Active(file)': kb(VM_NR_ACTIVE_FILE),
    'Inactive(file)': kb(VM_NR_INACTIVE_FILE),
    Unevictable: kb(VM_NR_UNEVICTABLE),
    Mlocked: kb(VM_NR_MLOCK),
    AnonPages: kb(VM_NR_ANON_MAPPED),
    Mapped: kb(VM_NR_FILE_MAPPED),
    PageTables: kb(VM_NR_PAGE_TABLE_PAGES),
    Slab: slabPages({ views }) * KB_A_PAGE,
    SwapCached: kb(VM_NR_SWAPCACHED),
    ...swapSpace(views),
  };
}

function swapSpace(views: CoreViews): Pick<Meminfo, 'SwapTotal' | 'SwapFree'> {
  const used = views.read('SwapInfo', 'flags', SWAP_INFO) !== 0;
  const pages = used ? views.read('SwapInfo', 'pages', SWAP_INFO) : 0;
  const inuse = used ? views.read('SwapInfo', 'inuse', SWAP_INFO) : 0;
  return { SwapTotal: pages * KB_A_PAGE, SwapFree: (pages - inuse) * KB_A_PAGE };
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
