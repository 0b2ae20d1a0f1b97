/** Values as a reader of the kernel knows them: entries of page tables, flags of pages, numbers. */
import { flagNames } from '../stats/page-info.js';

/** Values from here on are shown in hexadecimal. */
const HEX_FROM = 2 ** 20;
const PAGE_SIZE = 4096;
/** An entry of a page table: its level. */
const TABLE = /^(?:mm\[\d+\]\.)?(pte|pmd|pud|pgd)(?:@[0-9a-f]+)?\[/;
const PRESENT = 1 << 0;
const PROTNONE = 1 << 8;
const SWP_EXCLUSIVE = 1 << 3;
const SWP_OFFSET_FACTOR = 2 ** 14;
const SWP_PLACE_END = 2 ** 59;
/** Bits of an entry that maps a page, by their letters. */
const PTE_BITS = [
  [1 << 1, 'rw'],
  [1 << 5, 'accessed'],
  [1 << 6, 'dirty'],
  [PROTNONE, 'protnone'],
  [1 << 9, 'special'],
] as const;

/** A value of a location; empty for none. */
export function valueText(location: string | undefined, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  const level = location === undefined ? undefined : TABLE.exec(location)?.[1];
  if (level === 'pte') return pteText(value);
  if (level !== undefined) return tableText(value);
  if (location !== undefined && isPageFlags(location)) return flagNames(value).join('|') || '0';
  return numberText(value);
}

/** What becomes of a value; of flags those that come and go. */
export function changeText(location: string | undefined, before: number, after: number): string {
  if (location !== undefined && isPageFlags(location)) {
    if (before === after) return `${valueText(location, after)}, as before`;
    const come = flagNames(after & ~before).map((name) => `+${name}`);
    return [...come, ...flagNames(before & ~after).map((name) => `-${name}`)].join(' ');
  }
  return `${valueText(location, before)} -> ${valueText(location, after)}`;
}

function isPageFlags(location: string): boolean {
  return location.startsWith('page[') && location.endsWith('.flags');
}

/** An entry of an upper level: its table lies in the core's own memory. */
function tableText(value: number): string {
  return value === 0 ? 'none' : `table@${(value - (value % PAGE_SIZE)).toString(16)}`;
}

/** An entry of the last level; one with the top bit, which forbids execution, is negative. */
function pteText(value: number): string {
  const bits = Math.abs(value);
  if (bits === 0) return 'none';
  const low = bits % 2 ** 14;
  if ((low & (PRESENT | PROTNONE)) === 0) {
    if (value < 0 || bits >= SWP_PLACE_END) return numberText(value);
    const slot = Math.floor(bits / SWP_OFFSET_FACTOR);
    return `swap slot ${slot}${(low & SWP_EXCLUSIVE) !== 0 ? ' exclusive' : ''}`;
  }
  const names = PTE_BITS.filter(([bit]) => (low & bit) !== 0).map(([, name]) => name);
  return [`pfn ${Math.floor(bits / PAGE_SIZE)}`, ...names].join(' ');
}

function numberText(value: number): string {
  if (Math.abs(value) < HEX_FROM) return String(value);
  return `${value < 0 ? '-' : ''}0x${Math.abs(value).toString(16)}`;
}
