import { PAGE_PRESENT, PAGE_PROTNONE } from './pgtable';

/**
 * Entries of pages that are not there (Linux: include/linux/swapops.h, and x86's pgtable_64.h): a
 * type and a place of that type. The lowest types are swap devices, whose place is a slot. Linux
 * keeps those at the top for pages that migrate, for pages that only a device can read, and for
 * markers; so do we. None of them has PAGE_PRESENT or PAGE_PROTNONE, so no walk takes one for a
 * page, and none is 0, so no fault takes one for an untouched page.
 *
 *   bits 59..63  type
 *   bits 14..58  place
 *   bit 3        exclusive: the page that comes back is this process's alone
 *   bit 1        room for soft-dirty
 */

const SWP_TYPE_SHIFT: u64 = 59;
const SWP_OFFSET_SHIFT: u64 = 14;
const SWP_OFFSET_MASK: u64 = ((<u64>1) << (59 - 14)) - 1;

/** Types below are swap devices (Linux: MAX_SWAPFILES); there is one, of type 0. */
export const MAX_SWAPFILES: u64 = 23;
/** Linux: _PAGE_SWP_EXCLUSIVE. */
export const PAGE_SWP_EXCLUSIVE: u64 = 1 << 3;

/**
 * A slot of the swap device (Linux: swp_entry_t). Slot 0 holds no page (Linux: the device's
 * header), so 0 is no entry.
 */
export type SwpEntry = u32;

/** The entry of a page that was swapped out to a slot (Linux: swp_entry_to_pte). */
export function swpEntryToPte(entry: SwpEntry): u64 {
  return (<u64>entry) << SWP_OFFSET_SHIFT;
}

/** The slot that an entry names, if `pteIsSwap` (Linux: pte_to_swp_entry). */
export function pteToSwpEntry(pte: u64): SwpEntry {
  return <u32>((pte >> SWP_OFFSET_SHIFT) & SWP_OFFSET_MASK);
}

/** True for the entry of a page that was swapped out (Linux: is_swap_pte and !non_swap_entry). */
export function pteIsSwap(pte: u64): bool {
  const present = (pte & (PAGE_PRESENT | PAGE_PROTNONE)) != 0;
  return pte != 0 && !present && pte >> SWP_TYPE_SHIFT < MAX_SWAPFILES;
}

/** True if the page that comes back is the process's alone (Linux: pte_swp_exclusive). */
export function pteSwpExclusive(pte: u64): bool {
  return (pte & PAGE_SWP_EXCLUSIVE) != 0;
}
