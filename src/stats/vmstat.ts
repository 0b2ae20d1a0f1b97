import {
  VM_GUP_FAST_FALLBACK,
  VM_NR_ANON_MAPPED,
  VM_NR_FILE_MAPPED,
  VM_NR_FILE_PAGES,
  VM_NR_FOLL_PIN_ACQUIRED,
  VM_NR_FOLL_PIN_RELEASED,
  VM_NR_FREE_PAGES,
  VM_NR_PAGE_TABLE_PAGES,
  VM_NR_SHMEM,
  VM_PGALLOC_NORMAL,
  VM_PGFAULT,
  VM_PGFREE,
  VM_SEAL_PIN_WAITS,
} from '../wasm/generated/layout.js';

/** Counters under the names of /proc/vmstat; pages or events. */
export interface Vmstat {
  /** Frames that nobody uses. */
  readonly nr_free_pages: number;
  /** Pages in page caches, those of memfds and of shared anonymous memory included. */
  readonly nr_file_pages: number;
  /** Of these, pages of tmpfs: here all of them. */
  readonly nr_shmem: number;
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
  /** Calls of GUP-fast that needed the slow path. Linux does not count them. */
  readonly gup_fast_fallback: number;
  /** Times that a seal has waited for pins. Linux does not count them. */
  readonly seal_pin_waits: number;
}

const ITEMS: Readonly<Record<keyof Vmstat, number>> = {
  nr_free_pages: VM_NR_FREE_PAGES,
  nr_file_pages: VM_NR_FILE_PAGES,
  nr_shmem: VM_NR_SHMEM,
  nr_anon_pages: VM_NR_ANON_MAPPED,
  nr_mapped: VM_NR_FILE_MAPPED,
  nr_page_table_pages: VM_NR_PAGE_TABLE_PAGES,
  nr_foll_pin_acquired: VM_NR_FOLL_PIN_ACQUIRED,
  nr_foll_pin_released: VM_NR_FOLL_PIN_RELEASED,
  pgalloc_normal: VM_PGALLOC_NORMAL,
  pgfree: VM_PGFREE,
  pgfault: VM_PGFAULT,
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
