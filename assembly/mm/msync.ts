import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../abi';
import { EBUSY, EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_LOCKED, Vma } from '../types/vm_area';
import { findVma } from './vma_tree';

/**
 * msync(2): all files lie in memory, so there is nothing to write back, and what is left are the
 * checks (Linux: mm/msync.c). A hole is an error at the end, and for MS_ASYNC alone at once.
 * mmap_lock is held for reading.
 */
export function doMsync(mm: MmStruct, start: u64, length: u64, flags: u32): i32 {
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0) return -EINVAL;
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  if ((flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) return -EINVAL;
  const end = start + ((length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1)));
  if (end < start) return -ENOMEM;
  let error: i32 = 0;
  for (let at = start; at < end;) {
    const vma: Vma | null = findVma(mm, at);
    if (vma == null) return -ENOMEM;
    if (vma.vmStart > at) {
      error = -ENOMEM;
      if (flags == MS_ASYNC || vma.vmStart >= end) break;
    }
    if ((flags & MS_INVALIDATE) != 0 && (vma.vmFlags & VM_LOCKED) != 0) return -EBUSY;
    at = vma.vmEnd;
  }
  return error;
}
