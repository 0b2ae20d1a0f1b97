import { MmStruct } from '../types/mm_struct';
import { Vma } from '../types/vm_area';
import { splitVma } from './vma';
import { mergeSides, vmaMergeExisting } from './vma_merge';

/**
 * Gives the part [start, end) of a VMA other flags: joins it with neighbours that are like it then,
 * or else cuts it out (Linux: vma_modify_flags in mm/vma.c). Returns the VMA that holds the part
 * then, or null: no memory, or too many mappings. As in Linux a first cut stays when the second one
 * fails; the flags are as before on both sides of it. A part that is not joined has `mark` as well.
 * Preconditions:
 * - mmap_lock is held for writing; the part lies in the VMA, and is not empty.
 */
export function vmaModifyFlags(
  mm: MmStruct,
  vma: Vma,
  start: u64,
  end: u64,
  flags: u32,
  mark: u32 = 0,
): Vma | null {
  const sides = mergeSides(vma, start, end, flags);
  if (sides != 0) return vmaMergeExisting(mm, vma, start, end, flags, sides);
  let part: Vma = vma;
  if (start > vma.vmStart) {
    const upper = splitVma(mm, vma, start);
    if (upper == null) return null;
    part = upper;
  }
  if (end < part.vmEnd && splitVma(mm, part, end) == null) return null;
  part.resetFlags(flags | mark);
  return part;
}
