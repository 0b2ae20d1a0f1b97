import { KPAGE_PGTABLE, PAGE_SIZE } from '../wasm/generated/layout.js';
import type { Mm } from './address-spaces.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { KernelPages } from './kernel-pages.js';
import { kernelPageOf } from './places.js';
import {
  ENTRIES,
  pfnOf,
  PTE_HIGH_FLAGS,
  PTE_LOW_FLAGS,
  spanOf,
  TABLE_FLAGS,
  TOP_LEVEL,
} from './pte.js';

const MM = offsetsOf('MmStruct');

/** Hears of an entry that is not empty: its address, and both of its words. */
export type EntryVisitor = (address: number, low: number, high: number) => void;

/**
 * Walks all page tables of an mm in the order of addresses, and claims them.
 * @returns the number of tables, the top one included
 */
export function walkPageTables(
  audit: Audit,
  pages: KernelPages,
  mm: Mm,
  visit: EntryVisitor,
): number {
  const { memory, findings } = audit;
  let tables = 0;

  const enter = (table: number, level: number, base: number): void => {
    const covered = `page table of pid ${mm.pid} at ${hex(base)}`;
    if (!pages.claim(table, KPAGE_PGTABLE, covered)) return;
    tables++;
    const page = kernelPageOf(table);
    findings.equal('page-table', covered, level, pages.descriptor(page, 'level'), 'level');
    if (pages.descriptor(page, 'ptl') !== 0) {
      findings.report(
        'lock-free',
        covered,
        0,
        pages.descriptor(page, 'ptl'),
        'lock of its entries',
      );
    }
    const span = spanOf(level);
    for (let index = 0; index < ENTRIES; index++) {
      const low = memory.u32(table + index * 8);
      const high = memory.u32(table + index * 8 + 4);
      if (low === 0 && high === 0) continue;
      const address = base + index * span;
      if (level > 0) enterEntry(level, address, low, high);
      else visit(address, low, high);
    }
  };

  const enterEntry = (level: number, address: number, low: number, high: number): void => {
    const flags = low & PTE_LOW_FLAGS;
    const name = () => `entry of level ${level} at ${hex(address)} of pid ${mm.pid}`;
    if (!findings.equalHex('page-table', name, TABLE_FLAGS, flags, 'flags')) return;
    const upper = (high & PTE_HIGH_FLAGS) >>> 0;
    if (!findings.equalHex('page-table', name, 0, upper, 'upper bits')) return;
    enter(pfnOf(low, high) * PAGE_SIZE, level - 1, address);
  };

  enter(mm.pgd, TOP_LEVEL, 0);
  findings.equal('mm', mm.name, tables - 1, memory.u32(mm.address + MM.nrTables), 'nrTables');
  return tables;
}

/** For messages: an entry of the last level. */
export function entryName(mm: Mm, address: number): string {
  return `entry at ${hex(address)} of pid ${mm.pid}`;
}
