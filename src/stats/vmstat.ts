import {
  VM_ALLOCSTALL_NORMAL,
  VM_GUP_FAST_FALLBACK,
  VM_NR_ACTIVE_ANON,
  VM_NR_ACTIVE_FILE,
  VM_NR_ANON_MAPPED,
  VM_NR_FILE_MAPPED,
  VM_NR_FILE_PAGES,
  VM_NR_FOLL_PIN_ACQUIRED,
  VM_NR_FOLL_PIN_RELEASED,
  VM_NR_FREE_PAGES,
  VM_NR_INACTIVE_ANON,
  VM_NR_INACTIVE_FILE,
  VM_NR_ISOLATED_ANON,
  VM_NR_ISOLATED_FILE,
  VM_NR_MLOCK,
  VM_NR_PAGE_TABLE_PAGES,
  VM_NR_SHMEM,
  VM_NR_SWAPCACHED,
  VM_NR_UNEVICTABLE,
  VM_PGACTIVATE,
  VM_PGALLOC_NORMAL,
  VM_PGDEACTIVATE,
  VM_PGFAULT,
  VM_PGFREE,
  VM_PGMAJFAULT,
  VM_PSWPIN,
  VM_PSWPOUT,
  VM_PGLAZYFREE,
  VM_PGLAZYFREED,
  VM_PGREFILL,
  VM_PGROTATED,
  VM_PGSCAN_ANON,
  VM_PGSCAN_DIRECT,
  VM_PGSCAN_FILE,
  VM_PGSTEAL_ANON,
  VM_PGSTEAL_DIRECT,
  VM_PGSTEAL_FILE,
  VM_SEAL_PIN_WAITS,
  VM_UNEVICTABLE_PGCLEARED,
  VM_UNEVICTABLE_PGCULLED,
  VM_UNEVICTABLE_PGMLOCKED,
  VM_UNEVICTABLE_PGMUNLOCKED,
  VM_UNEVICTABLE_PGRESCUED,
  VM_UNEVICTABLE_PGSTRANDED,
} from '../wasm/generated/layout.js';

/** Counters under the names of /proc/vmstat; pages or events. */
export interface Vmstat {
  /** Frames that nobody uses. */
  readonly nr_free_pages: number;
  /** Pages in page caches, those of memfds and of shared anonymous memory included. */
  readonly nr_file_pages: number;
  /** Of these, pages of tmpfs: here all of them. */
  readonly nr_shmem: number;
  /** Pages of the swap cache; `nr_file_pages` has them too, as in Linux. */
  readonly nr_swapcached: number;
  /** Anonymous pages that are mapped. */
  readonly nr_anon_pages: number;
  /** Pages of files that are mapped. */
  readonly nr_mapped: number;
  readonly nr_page_table_pages: number;
  /** Pins taken and given back (FOLL_PIN) since boot. */
  readonly nr_foll_pin_acquired: number;
  readonly nr_foll_pin_released: number;
  /** Frames handed out, and given back, since boot. */
  readonly pgalloc_normal: number;
  readonly pgfree: number;
  readonly pgfault: number;
  /** Times that a page was read from the swap device because somebody needed it. */
  readonly pgmajfault: number;
  /** Pages read from the swap device, and written to it. */
  readonly pswpin: number;
  readonly pswpout: number;
  /** Pages on the LRU lists: anonymous memory and tmpfs, long unused and recently used. */
  readonly nr_inactive_anon: number;
  readonly nr_active_anon: number;
  /** The same for pages that reclaim may drop: lazily freed ones (MADV_FREE). */
  readonly nr_inactive_file: number;
  readonly nr_active_file: number;
  /** Pages that reclaim never looks at: locked ones. */
  readonly nr_unevictable: number;
  /** Pages that some mapping locks. */
  readonly nr_mlock: number;
  /** Pages that reclaim has taken off the lists for the moment. */
  readonly nr_isolated_anon: number;
  readonly nr_isolated_file: number;
  /** Moves between the lists since boot. */
  readonly pgactivate: number;
  readonly pgdeactivate: number;
  readonly pglazyfree: number;
  readonly pglazyfreed: number;
  /** Looks of reclaim at the active lists, at the inactive ones, and what it got. */
  readonly pgrefill: number;
  readonly pgsteal_direct: number;
  readonly pgscan_direct: number;
  readonly pgscan_anon: number;
  readonly pgscan_file: number;
  readonly pgsteal_anon: number;
  readonly pgsteal_file: number;
  readonly pgrotated: number;
  /** Allocations that had to reclaim first. */
  readonly allocstall_normal: number;
  /** What became of pages that were locked. */
  readonly unevictable_pgs_culled: number;
  readonly unevictable_pgs_rescued: number;
  readonly unevictable_pgs_mlocked: number;
  readonly unevictable_pgs_munlocked: number;
  readonly unevictable_pgs_cleared: number;
  readonly unevictable_pgs_stranded: number;
  /** Calls of GUP-fast that needed the slow path. Linux does not count them. */
  readonly gup_fast_fallback: number;
  /** Times that a seal has waited for pins. Linux does not count them. */
  readonly seal_pin_waits: number;
}

const ITEMS: Readonly<Record<keyof Vmstat, number>> = {
  nr_free_pages: VM_NR_FREE_PAGES,
  nr_file_pages: VM_NR_FILE_PAGES,
  nr_shmem: VM_NR_SHMEM,
  nr_swapcached: VM_NR_SWAPCACHED,
  nr_anon_pages: VM_NR_ANON_MAPPED,
  nr_mapped: VM_NR_FILE_MAPPED,
  nr_page_table_pages: VM_NR_PAGE_TABLE_PAGES,
  nr_foll_pin_acquired: VM_NR_FOLL_PIN_ACQUIRED,
  nr_foll_pin_released: VM_NR_FOLL_PIN_RELEASED,
  pgalloc_normal: VM_PGALLOC_NORMAL,
  pgfree: VM_PGFREE,
  pgfault: VM_PGFAULT,
  pgmajfault: VM_PGMAJFAULT,
  pswpin: VM_PSWPIN,
  pswpout: VM_PSWPOUT,
  nr_inactive_anon: VM_NR_INACTIVE_ANON,
  nr_active_anon: VM_NR_ACTIVE_ANON,
  nr_inactive_file: VM_NR_INACTIVE_FILE,
  nr_active_file: VM_NR_ACTIVE_FILE,
  nr_unevictable: VM_NR_UNEVICTABLE,
  nr_mlock: VM_NR_MLOCK,
  nr_isolated_anon: VM_NR_ISOLATED_ANON,
  nr_isolated_file: VM_NR_ISOLATED_FILE,
  pgactivate: VM_PGACTIVATE,
  pgdeactivate: VM_PGDEACTIVATE,
  pglazyfree: VM_PGLAZYFREE,
  pglazyfreed: VM_PGLAZYFREED,
  pgrefill: VM_PGREFILL,
  pgsteal_direct: VM_PGSTEAL_DIRECT,
  pgscan_direct: VM_PGSCAN_DIRECT,
  pgscan_anon: VM_PGSCAN_ANON,
  pgscan_file: VM_PGSCAN_FILE,
  pgsteal_anon: VM_PGSTEAL_ANON,
  pgsteal_file: VM_PGSTEAL_FILE,
  pgrotated: VM_PGROTATED,
  allocstall_normal: VM_ALLOCSTALL_NORMAL,
  unevictable_pgs_culled: VM_UNEVICTABLE_PGCULLED,
  unevictable_pgs_rescued: VM_UNEVICTABLE_PGRESCUED,
  unevictable_pgs_mlocked: VM_UNEVICTABLE_PGMLOCKED,
  unevictable_pgs_munlocked: VM_UNEVICTABLE_PGMUNLOCKED,
  unevictable_pgs_cleared: VM_UNEVICTABLE_PGCLEARED,
  unevictable_pgs_stranded: VM_UNEVICTABLE_PGSTRANDED,
  gup_fast_fallback: VM_GUP_FAST_FALLBACK,
  seal_pin_waits: VM_SEAL_PIN_WAITS,
};

/**
 * All counters (Linux: mm/vmstat.c, vmstat_start).
 * @param read the sum of an item (VM_*) over all CPUs
 */
export function vmstat(read: (item: number) => number): Vmstat {
  const entries = Object.entries(ITEMS).map(([name, item]) => [name, read(item)] as const);
  return Object.fromEntries(entries) as unknown as Vmstat;
}
