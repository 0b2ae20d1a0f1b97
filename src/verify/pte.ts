/**
 * Bits of page-table entries, written down anew: a check that shared them with the core could not
 * see that they are wrong. An entry comes as two words of 32 bits.
 */

/** The page is there, and may be accessed. */
export const PTE_PRESENT = 1 << 0;
/** Allows writes. */
export const PTE_RW = 1 << 1;
/** Allows user space what it allows. */
export const PTE_USER = 1 << 2;
/** Set by an access. */
export const PTE_ACCESSED = 1 << 5;
/** Set by a write. */
export const PTE_DIRTY = 1 << 6;
/** The page is there, and no access is allowed. */
export const PTE_PROTNONE = 1 << 8;
/** The page is one that nobody counts. */
export const PTE_SPECIAL = 1 << 9;
/** Every bit of a lower word that is no part of the address. */
export const PTE_LOW_FLAGS = 0xfff;
/** In the upper word: nothing there can be executed. */
export const PTE_NX = 0x8000_0000;
const PTE_HIGH_ADDRESS = 0xf_ffff;
/** Every bit of an upper word that is no part of the address. */
export const PTE_HIGH_FLAGS = ~PTE_HIGH_ADDRESS;

/** The flags of an entry that points to a table. */
export const TABLE_FLAGS = PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY;

/** Levels below the top table; 0 is a table of PTEs. */
export const TOP_LEVEL = 3;
/** Entries of a table. */
export const ENTRIES = 512;
/** First address that no process can use. */
export const ADDRESS_END = 2 ** 47 - 4096;

/** Bytes that an entry of a table of this level covers. */
export function spanOf(level: number): number {
  return 2 ** (12 + 9 * level);
}

/** True if the entry maps a page, whether an access is allowed or not. */
export function isPresent(low: number): boolean {
  return (low & (PTE_PRESENT | PTE_PROTNONE)) !== 0;
}

/** The frame that an entry names. */
export function pfnOf(low: number, high: number): number {
  return (high & PTE_HIGH_ADDRESS) * 2 ** 20 + (low >>> 12);
}
