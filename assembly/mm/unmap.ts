import { TASK_SIZE } from '../arch/pgtable';
import { EINVAL, ENOMEM, EPERM } from '../lib/errno';
import { machine } from '../lib/machine';
import { TRACE_MUNMAP, trace } from '../lib/trace';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_LOCKED, VM_SEALED, Vma } from '../types/vm_area';
import { unlinkAnonVmas } from './anon_vma';
import { tlbFinish } from './mmu_gather';
import { freePgdRange } from './pgtable';
import { nextVma, prevVma, removeVma, splitVmaNoLimit, unlinkFileVma } from './vma';
import { findVmaIntersection, vmaTreeErase } from './vma_tree';
import { zapRange } from './zap';

/**
 * Removing mappings (Linux: do_vmi_munmap in mm/vma.c, exit_mmap in mm/mmap.c).
 *
 * The order matters to those who find pages without mmap_lock: pages are zapped, then the VMA
 * leaves the reverse maps (and stops counting in i_mmap_writable), then its page tables are
 * unlinked, and only after `tlbFinish` are pages and tables freed.
 */

/** Unmaps [start, start + length): 0 or an error. mmap_lock is held for writing. */
export function doMunmap(mm: MmStruct, start: u64, length: u64): i32 {
  if ((start & (PAGE_SIZE - 1)) != 0 || start > TASK_SIZE || length > TASK_SIZE - start) {
    return -EINVAL;
  }
  const end = start + ((length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1)));
  if (end == start) return -EINVAL;
  trace(TRACE_MUNMAP, start, <u32>((end - start) >> PAGE_SHIFT));
  return unmapRange(mm, start, end);
}

/** Unmaps a checked range. mmap_lock is held for writing. */
export function unmapRange(mm: MmStruct, start: u64, end: u64): i32 {
  const first = findVmaIntersection(mm, start, end);
  if (first == null) return 0;
  const error = splitEdges(mm, first, start, end);
  if (error < 0) return error;
  // What was cut off in front of the range keeps the VMA that was found.
  unmapVmas(mm, first.vmStart < start ? nextVma(first) : first, end);
  return 0;
}

/** Unmaps everything; nobody uses the mm any more (Linux: exit_mmap). */
export function exitMmap(mm: MmStruct): void {
  unmapVmas(mm, findVmaIntersection(mm, 0, TASK_SIZE), TASK_SIZE);
}

/** Unmaps the VMAs from `first` on that begin below `end`. */
function unmapVmas(mm: MmStruct, first: Vma | null, end: u64): void {
  let vma = first;
  while (vma != null && vma.vmStart < end) {
    const behind = nextVma(vma);
    unmapVma(mm, vma, behind);
    vma = behind;
  }
  tlbFinish();
}

/**
 * Cuts the VMAs that reach across either end of the range: 0, -ENOMEM, or -EPERM where one of the
 * range is sealed; a cut at the start stays then (Linux: vms_gather_munmap_vmas).
 */
function splitEdges(mm: MmStruct, first: Vma, start: u64, end: u64): i32 {
  let vma: Vma | null = first;
  if (first.vmStart < start) {
    if (first.vmEnd > end && mm.mapCount >= machine().maxMapCount) return -ENOMEM;
    if ((first.vmFlags & VM_SEALED) != 0) return -EPERM;
    vma = splitVmaNoLimit(mm, first, start);
    if (vma == null) return -ENOMEM;
  }
  for (; vma != null && vma.vmStart < end; vma = nextVma(vma)) {
    if ((vma.vmFlags & VM_SEALED) != 0) return -EPERM;
    if (vma.vmEnd > end && splitVmaNoLimit(mm, vma, end) == null) return -ENOMEM;
  }
  return 0;
}

/** Unmaps one whole VMA, in front of `behind`; what it mapped waits in the gather. */
function unmapVma(mm: MmStruct, vma: Vma, behind: Vma | null): void {
  const before = prevVma(vma);
  zapRange(vma, vma.vmStart, vma.vmEnd, true, true);
  unlinkAnonVmas(vma);
  unlinkFileVma(vma);
  const floor = before == null ? 0 : before.vmEnd;
  const ceiling = behind == null ? u64.MAX_VALUE : behind.vmStart;
  freePgdRange(mm, vma.vmStart, vma.vmEnd, floor, ceiling);
  vmaTreeErase(mm, vma);
  mm.mapCount--;
  mm.totalVm -= vma.pages;
  if ((vma.vmFlags & VM_LOCKED) != 0) mm.lockedVm -= vma.pages;
  removeVma(vma);
}
