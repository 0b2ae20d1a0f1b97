import { Atomic, cellAt } from '../lib/atomic';
import { PAGE_SHIFT } from '../memlayout';

/**
 * Four levels of page tables with 512 entries of 64 bits (Linux: x86-64). A table is a kernel page;
 * an entry of an upper table holds the address of the next one, an entry of the last one a page
 * frame number, each with the bits of x86. Page tables shrink and grow with their lock held (see
 * mm/pgtable.ts); anybody may read them with interrupts off.
 */

export const PAGE_PRESENT: u64 = 1 << 0;
export const PAGE_RW: u64 = 1 << 1;
export const PAGE_USER: u64 = 1 << 2;
export const PAGE_ACCESSED: u64 = 1 << 5;
export const PAGE_DIRTY: u64 = 1 << 6;
/** Mapped, but no access is allowed: PROT_NONE (Linux: _PAGE_PROTNONE). */
export const PAGE_PROTNONE: u64 = 1 << 8;
/** Not a page that anybody counts: the zero page (Linux: _PAGE_SPECIAL). */
export const PAGE_SPECIAL: u64 = 1 << 9;
export const PAGE_NX: u64 = 1 << 63;
/** What an entry of an upper table has beside the address (Linux: _PAGE_TABLE). */
export const PAGE_TABLE: u64 = PAGE_PRESENT | PAGE_RW | PAGE_USER | PAGE_ACCESSED | PAGE_DIRTY;

const PFN_MASK: u64 = 0x000f_ffff_ffff_f000;

export const PTRS_PER_TABLE: u32 = 512;
export const PMD_SHIFT: u32 = 21;
export const PMD_SIZE: u64 = 1 << PMD_SHIFT;
export const TOP_LEVEL: u32 = 3;

/** First address that no process can use (Linux: TASK_SIZE). */
export const TASK_SIZE: u64 = ((<u64>1) << 47) - 4096;

/** An entry of a page table. */
export type Pte = Atomic<u64>;

/** The entry for `address` in a table of the given level (0: of PTEs). */
export function entryOf(table: usize, address: u64, level: u32): Pte {
  const index = (<usize>(address >> (PAGE_SHIFT + 9 * level))) & 511;
  return cellAt<u64>(table + (index << 3));
}

/** Bytes that one entry of a level covers. */
export function entrySpan(level: u32): u64 {
  return (<u64>1) << (PAGE_SHIFT + 9 * level);
}

/** The table that an upper entry points to. */
export function tableOf(entry: u64): usize {
  return <usize>(entry & PFN_MASK);
}

/** An upper entry for a table (Linux: pmd_populate). */
export function mkTable(table: usize): u64 {
  return (<u64>table) | PAGE_TABLE;
}

/** The page frame number in an entry (Linux: pte_pfn). */
export function ptePfn(pte: u64): u32 {
  return <u32>((pte & PFN_MASK) >> PAGE_SHIFT);
}

/** An entry for a page frame (Linux: pfn_pte). */
export function mkPte(pfn: u32, prot: u64): u64 {
  return ((<u64>pfn) << PAGE_SHIFT) | prot;
}

/** Maps a page, accessible or not (Linux: pte_present). */
export function ptePresent(pte: u64): bool {
  return (pte & (PAGE_PRESENT | PAGE_PROTNONE)) != 0;
}

/** Allows writes (Linux: pte_write). */
export function pteWrite(pte: u64): bool {
  return (pte & PAGE_RW) != 0;
}

/** Was written through (Linux: pte_dirty). */
export function pteDirty(pte: u64): bool {
  return (pte & PAGE_DIRTY) != 0;
}

/** Was accessed (Linux: pte_young). */
export function pteYoung(pte: u64): bool {
  return (pte & PAGE_ACCESSED) != 0;
}

/** True if user space may read (or write) through the entry (Linux: pte_access_permitted). */
export function pteAccessPermitted(pte: u64, write: bool): bool {
  const need = PAGE_PRESENT | PAGE_USER | (write ? PAGE_RW : 0);
  return (pte & need) == need;
}

/** True for a page that nobody counts, such as the zero page (Linux: pte_special). */
export function pteSpecial(pte: u64): bool {
  return (pte & PAGE_SPECIAL) != 0;
}

/**
 * The bits for a mapping that allows the given accesses. Private mappings come without PAGE_RW: the
 * first write faults (Linux: vm_get_page_prot).
 */
export function pageProt(readable: bool, writable: bool, executable: bool): u64 {
  if (!readable && !writable && !executable) return PAGE_PROTNONE | PAGE_NX;
  let prot: u64 = PAGE_PRESENT | PAGE_USER;
  if (writable) prot |= PAGE_RW;
  if (!executable) prot |= PAGE_NX;
  return prot;
}
