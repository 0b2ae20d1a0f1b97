import { EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_SEALED } from '../types/vm_area';
import { vmaModifyFlags } from './vma_modify';
import { findVmaIntersection } from './vma_tree';

/**
 * Sealing mappings: from then on nobody unmaps, replaces, moves, resizes or protects them, nor
 * discards what a read-only one holds (Linux: mm/mseal.c). Only the end of the process ends that.
 * mmap_lock is held for writing.
 */
export function doMseal(mm: MmStruct, start: u64, length: u64, flags: u32): i32 {
  if (flags != 0 || (start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  const bytes = (length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1));
  if (length != 0 && bytes == 0) return -EINVAL;
  const end = start + bytes;
  if (end < start) return -EINVAL;
  if (containsUnmapped(mm, start, end)) return -ENOMEM;
  for (let done = start; done < end;) {
    const vma = findVmaIntersection(mm, done, end)!;
    const next = min<u64>(end, vma.vmEnd);
    const sealed = vma.vmFlags | VM_SEALED;
    if (sealed != vma.vmFlags && vmaModifyFlags(mm, vma, done, next, sealed) == null) {
      return -ENOMEM;
    }
    done = next;
  }
  return 0;
}

/** True if there is a hole in [start, end) (Linux: range_contains_unmapped). */
function containsUnmapped(mm: MmStruct, start: u64, end: u64): bool {
  for (let at = start; at < end;) {
    const vma = findVmaIntersection(mm, at, end);
    if (vma == null || vma.vmStart > at) return true;
    at = vma.vmEnd;
  }
  return false;
}
