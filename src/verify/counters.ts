import {
  PERCPU_EVENTS,
  VM_NR_ANON_MAPPED,
  VM_NR_FILE_MAPPED,
  VM_NR_FILE_PAGES,
  VM_NR_FREE_PAGES,
  VM_NR_PAGE_TABLE_PAGES,
  VM_NR_SHMEM,
  VM_NR_SWAPCACHED,
  VM_PGALLOC_NORMAL,
  VM_PGFREE,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { offsetsOf } from './core-memory.js';
import type { MappedPages } from './pages-in-use.js';

const CPU = offsetsOf('PerCpu');

/** What was counted by walking. */
export interface Counted extends MappedPages {
  readonly free: number;
  readonly cached: number;
  /** Pages of the swap cache. */
  readonly swapCached: number;
  readonly tables: number;
  readonly pins: number;
}

/** Compares the sums of the CPUs' counters with what was counted. */
export function checkCounters(audit: Audit, counted: Counted): void {
  const { findings } = audit;
  const check = (name: string, expected: number, found: number) =>
    findings.equal('counter', name, expected, found);
  check('nr_free_pages', counted.free, sumOf(audit, itemAt(VM_NR_FREE_PAGES)));
  check(
    'nr_file_pages',
    counted.cached + counted.swapCached,
    sumOf(audit, itemAt(VM_NR_FILE_PAGES)),
  );
  check('nr_swapcached', counted.swapCached, sumOf(audit, itemAt(VM_NR_SWAPCACHED)));
  check('nr_shmem', counted.cached, sumOf(audit, itemAt(VM_NR_SHMEM)));
  check('nr_anon_pages', counted.anonMapped, sumOf(audit, itemAt(VM_NR_ANON_MAPPED)));
  check('nr_mapped', counted.fileMapped, sumOf(audit, itemAt(VM_NR_FILE_MAPPED)));
  check('nr_page_table_pages', counted.tables, sumOf(audit, itemAt(VM_NR_PAGE_TABLE_PAGES)));
  const allocated = sumOf(audit, itemAt(VM_PGALLOC_NORMAL)) - sumOf(audit, itemAt(VM_PGFREE));
  check('pgalloc_normal - pgfree', counted.inUse, allocated);
  const pinned = sumOf(audit, CPU.pinsAcquired) - sumOf(audit, CPU.pinsReleased);
  check('nr_foll_pin_acquired - nr_foll_pin_released', counted.pins, pinned);
}

function itemAt(item: number): number {
  return PERCPU_EVENTS + item * 8;
}

function sumOf(audit: Audit, offset: number): number {
  const parts = audit.cpus().map((cpu) => audit.memory.s64(audit.perCpu(cpu) + offset));
  return parts.reduce((sum, part) => sum + part, 0);
}
