/**
 * Markers: entries that map nothing, and say why (Linux: pte_marker in swapops.h). One is an entry
 * as of a page that was swapped out, to the last of the devices that its upper five bits can name.
 */

/** The device that no swap space has (Linux: SWP_PTE_MARKER). */
const SWP_PTE_MARKER: u64 = 31;
const SWP_TYPE_SHIFT: u64 = 59;
const SWP_OFFSET_SHIFT: u64 = 14;
/** Every access is a SIGSEGV (Linux: PTE_MARKER_GUARD). */
const PTE_MARKER_GUARD: u64 = 1 << 2;

/** The entry of a guard page. */
export const PTE_GUARD: u64 =
  (SWP_PTE_MARKER << SWP_TYPE_SHIFT) | (PTE_MARKER_GUARD << SWP_OFFSET_SHIFT);

/** True for the entry of a guard page (Linux: is_guard_swp_entry). */
export function pteIsGuard(pte: u64): bool {
  return pte == PTE_GUARD;
}
