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

/** The words of a guard's entry: the last swap device, and marker 4 as the place in it. */
const GUARD_LOW = 4 << 14;
const GUARD_HIGH = 0xf800_0000;

/** True for the entry of a guard. */
export function isGuard(low: number, high: number): boolean {
  return low === GUARD_LOW && high >>> 0 === GUARD_HIGH;
}

const SWP_SHIFT = 14;
const SWP_EXCLUSIVE = 1 << 3;
/** Upper bits of an entry that say what kind of place it names; 0: the swap device. */
const SWP_TYPE = 0xf800_0000;
/** Lower bits that must be clear: all but the exclusive bit. */
const SWP_CLEAR = ((1 << SWP_SHIFT) - 1) & ~SWP_EXCLUSIVE;

/** True for an entry that can only be one of a page that was swapped out. */
export function isSwap(low: number, high: number): boolean {
  return (
    (low & SWP_CLEAR) === 0 && (high & SWP_TYPE) === 0 && (low >>> SWP_SHIFT !== 0 || high > 0)
  );
}

/** The slot of the swap device that such an entry names. */
export function swapSlotOf(low: number, high: number): number {
  return high * 2 ** (32 - SWP_SHIFT) + (low >>> SWP_SHIFT);
}

/** True if the page that comes back is the process's alone. */
export function isSwapExclusive(low: number): boolean {
  return (low & SWP_EXCLUSIVE) !== 0;
}

/** The frame that an entry names. */
export function pfnOf(low: number, high: number): number {
  return (high & PTE_HIGH_ADDRESS) * 2 ** 20 + (low >>> 12);
}
