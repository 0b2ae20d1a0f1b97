import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT } from '../abi';
import { TASK_SIZE } from '../arch/pgtable';
import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../lib/errno';
import { machine } from '../lib/machine';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_IO, VM_LOCKED, VM_LOCKED_MASK, VM_LOCKONFAULT, Vma } from '../types/vm_area';
import { mlockVmaPagesRange } from './mlock_pages';
import { mmPopulate } from './populate';
import { nextVma } from './vma';
import { vmaModifyFlags } from './vma_modify';
import { findVmaIntersection } from './vma_tree';

/**
 * Locking memory: VM_LOCKED mappings, whose pages are faulted in at once and then stay
 * (Linux: mm/mlock.c). `lockedVm` counts their pages, by mappings and not by what is in memory.
 *
 * A machine with a finite `rlimitMemlock` has processes without CAP_IPC_LOCK, and one without a
 * limit has root's.
 */

/** True if a process may lock anything (Linux: can_do_mlock). */
export function canDoMlock(): bool {
  return machine().rlimitMemlock != 0;
}

/**
 * True if a new mapping with these flags keeps the process within its limit (Linux:
 * mlock_future_ok).
 */
export function mlockFutureOk(mm: MmStruct, flags: u32, bytes: u64): bool {
  return (flags & VM_LOCKED) == 0 || withinLimit(mm.lockedVm + (bytes >> PAGE_SHIFT));
}

/** mlock and mlock2 of [start, start + length) (Linux: do_mlock). Takes mmap_lock. */
export function doMlock(mm: MmStruct, start: u64, length: u64, flags: u32): i32 {
  if (!canDoMlock()) return -EPERM;
  const first = start & ~(<u64>(PAGE_SIZE - 1));
  const bytes = lengthInPages(start, length);
  mm.mmapLock.downWrite();
  let error = -ENOMEM;
  if (mayLock(mm, first, bytes)) error = applyVmaLockFlags(mm, first, bytes, flags);
  mm.mmapLock.upWrite();
  if (error < 0) return error;
  const result = mmPopulate(mm, first, first + bytes, false);
  if (result == -EFAULT) return -ENOMEM;
  return result == -ENOMEM ? -EAGAIN : result;
}

/** munlock of [start, start + length). Takes mmap_lock. */
export function doMunlock(mm: MmStruct, start: u64, length: u64): i32 {
  const first = start & ~(<u64>(PAGE_SIZE - 1));
  mm.mmapLock.downWrite();
  const error = applyVmaLockFlags(mm, first, lengthInPages(start, length), 0);
  mm.mmapLock.upWrite();
  return error;
}

/** mlockall: everything that is mapped, what will be mapped, or both. Takes mmap_lock. */
export function doMlockall(mm: MmStruct, flags: u32): i32 {
  const known = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  if (flags == 0 || (flags & ~known) != 0 || flags == MCL_ONFAULT) return -EINVAL;
  if (!canDoMlock()) return -EPERM;
  const current = (flags & MCL_CURRENT) != 0;
  mm.mmapLock.downWrite();
  const allowed = !current || withinLimit(mm.totalVm);
  if (allowed) applyMlockallFlags(mm, flags);
  mm.mmapLock.upWrite();
  if (!allowed) return -ENOMEM;
  if (current) mmPopulate(mm, 0, TASK_SIZE, true);
  return 0;
}

/** munlockall. Takes mmap_lock. */
export function doMunlockall(mm: MmStruct): void {
  mm.mmapLock.downWrite();
  applyMlockallFlags(mm, 0);
  mm.mmapLock.upWrite();
}

/** Bytes of the pages that a range touches. */
function lengthInPages(start: u64, length: u64): u64 {
  const inPage = start & (PAGE_SIZE - 1);
  return (length + inPage + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1));
}

function withinLimit(pages: u64): bool {
  const limit = machine().rlimitMemlock;
  return limit == u64.MAX_VALUE || pages <= limit >> PAGE_SHIFT;
}

/** What is locked already in the range counts once only (Linux: count_mm_mlocked_page_nr). */
function mayLock(mm: MmStruct, start: u64, bytes: u64): bool {
  const pages = mm.lockedVm + (bytes >> PAGE_SHIFT);
  return withinLimit(pages) || withinLimit(pages - lockedPagesIn(mm, start, start + bytes));
}

function lockedPagesIn(mm: MmStruct, start: u64, end: u64): u64 {
  let pages: u64 = 0;
  let vma = findVmaIntersection(mm, start, end);
  while (vma != null && vma.vmStart < end) {
    if ((vma.vmFlags & VM_LOCKED) != 0) {
      pages += (min<u64>(vma.vmEnd, end) - max<u64>(vma.vmStart, start)) >> PAGE_SHIFT;
    }
    vma = nextVma(vma);
  }
  return pages;
}

/**
 * Sets the lock flags of a range: those before a hole are set when the hole is found (Linux:
 * apply_vma_lock_flags). mmap_lock is held for writing.
 */
function applyVmaLockFlags(mm: MmStruct, start: u64, bytes: u64, flags: u32): i32 {
  const end = start + bytes;
  if (end < start) return -EINVAL;
  let done = start;
  while (done < end) {
    const vma = findVmaIntersection(mm, done, end);
    if (vma == null || vma.vmStart > done) return -ENOMEM;
    const next = min<u64>(end, vma.vmEnd);
    const error = mlockFixup(mm, vma, done, next, (vma.vmFlags & ~VM_LOCKED_MASK) | flags);
    if (error < 0) return error;
    done = next;
  }
  return 0;
}

/**
 * The same for all mappings, and for those to come (Linux: apply_mlockall_flags). mmap_lock is held
 * for writing.
 */
function applyMlockallFlags(mm: MmStruct, flags: u32): void {
  const onFault = (flags & MCL_ONFAULT) != 0 ? VM_LOCKONFAULT : 0;
  const future = (flags & MCL_FUTURE) != 0 ? VM_LOCKED | onFault : 0;
  mm.defFlags.store((mm.defFlags.load() & ~VM_LOCKED_MASK) | future);
  if (future != 0 && (flags & MCL_CURRENT) == 0) return;
  const current = (flags & MCL_CURRENT) != 0 ? VM_LOCKED | onFault : 0;
  let vma = findVmaIntersection(mm, 0, TASK_SIZE);
  while (vma != null) {
    const end = vma.vmEnd;
    mlockFixup(mm, vma, vma.vmStart, end, (vma.vmFlags & ~VM_LOCKED_MASK) | current);
    vma = findVmaIntersection(mm, end, TASK_SIZE);
  }
}

/** Sets the lock flags of a part of one VMA, and counts it (Linux: mlock_fixup). */
function mlockFixup(mm: MmStruct, vma: Vma, start: u64, end: u64, flags: u32): i32 {
  const before = vma.vmFlags;
  if (flags == before) return 0;
  // Reclaim must not lock pages of it, which is done below, as soon as it looks locked.
  const mark = (flags & ~before & VM_LOCKED) != 0 ? VM_IO : 0;
  const changed = vmaModifyFlags(mm, vma, start, end, flags, mark);
  if (changed == null) return -ENOMEM;
  const pages = (end - start) >> PAGE_SHIFT;
  if ((before & VM_LOCKED) != 0) mm.lockedVm -= pages;
  if ((flags & VM_LOCKED) != 0) mm.lockedVm += pages;
  if (((before ^ flags) & VM_LOCKED) != 0) mlockVmaPagesRange(changed, start, end);
  return 0;
}
