import { TASK_SIZE } from '../arch/pgtable';
import { ENOMEM } from '../lib/errno';
import { machine } from '../lib/machine';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { MmStruct, START_BRK } from '../types/mm_struct';
import {
  VM_ACCOUNT,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
  Vma,
} from '../types/vm_area';
import { mlockFutureOk } from './mlock';
import { mmPopulate } from './populate';
import { unmapRange } from './unmap';
import { setVmaRange, vmAreaAlloc, vmaLink } from './vma';
import { canExtendBy } from './vma_merge';
import { findVmaBefore, findVmaIntersection } from './vma_tree';

/**
 * The heap: private memory from START_BRK up to the break (Linux: mm/mmap.c, brk; mm/vma.c,
 * do_brk_flags). It is a mapping like others, which may be cut and changed; the break only says
 * where the next one begins.
 */

/** Flags of the heap (Linux: VM_DATA_DEFAULT_FLAGS | VM_ACCOUNT). */
const VM_HEAP: u32 = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

/** brk(2): where the heap ends then, which is where it ended if it could not be moved. */
export function doBrk(mm: MmStruct, address: u64): u64 {
  mm.mmapLock.downWrite();
  const before = mm.brk;
  const start = pageAlign(before);
  const end = pageAlign(address);
  if (address >= START_BRK && moveBreak(mm, start, end)) mm.brk = address;
  const result = mm.brk;
  const populate = result != before && end > start && (mm.defFlags.load() & VM_LOCKED) != 0;
  mm.mmapLock.upWrite();
  if (populate) mmPopulate(mm, start, end, true);
  return result;
}

function pageAlign(address: u64): u64 {
  return (address + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1));
}

/** Unmaps or maps what lies between the old end and the new one; false if that is refused. */
function moveBreak(mm: MmStruct, before: u64, end: u64): bool {
  if (end == before) return true;
  if (end < before) {
    return findVmaIntersection(mm, end, before) != null && unmapRange(mm, end, before) == 0;
  }
  if (end > TASK_SIZE || !mlockFutureOk(mm, mm.defFlags.load(), end - before)) return false;
  // One page stays free before the next mapping.
  if (findVmaIntersection(mm, before, end + PAGE_SIZE) != null) return false;
  return extendHeap(mm, before, end) == 0;
}

/**
 * Maps [start, end) as heap: extends the mapping that ends there, if it is the heap's and like it,
 * or makes one (Linux: do_brk_flags). What lies above is left alone.
 */
function extendHeap(mm: MmStruct, start: u64, end: u64): i32 {
  if (mm.mapCount > machine().maxMapCount) return -ENOMEM;
  const flags = VM_HEAP | mm.defFlags.load();
  const lower = findVmaBefore(mm, start);
  const heap = lower != null && lower.vmStart >= START_BRK;
  if (heap && canExtendBy(lower!, start, flags)) {
    setVmaRange(mm, lower!, lower!.vmStart, end);
  } else if (!linkHeap(mm, start, end, flags)) {
    return -ENOMEM;
  }
  const pages = (end - start) >> PAGE_SHIFT;
  mm.totalVm += pages;
  if ((flags & VM_LOCKED) != 0) mm.lockedVm += pages;
  return 0;
}

function linkHeap(mm: MmStruct, start: u64, end: u64, flags: u32): bool {
  const vma: Vma | null = vmAreaAlloc(mm);
  if (vma == null) return false;
  vma.vmStart = start;
  vma.vmEnd = end;
  vma.vmFlags = flags;
  vma.vmPgoff = start >> PAGE_SHIFT;
  vmaLink(mm, vma);
  return true;
}
