import { MAP_ANONYMOUS, MAP_HUGETLB } from '../abi';
import { EBADF, EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { accessUser, touchUser } from '../mm/access';
import { fget, fput } from '../mm/file_table';
import { doBrk } from '../mm/brk';
import { doMmap, wantsPopulate } from '../mm/mmap';
import { doMprotect } from '../mm/mprotect';
import { doMremap } from '../mm/mremap';
import { mmPopulate } from '../mm/populate';
import { doMunmap } from '../mm/unmap';
import { File } from '../types/file';
import { Task } from '../types/task';
import { toF64, toU64 } from './convert';

/** System calls on the address space: decode, take mmap_lock, call mm (Linux: mm/mmap.c). */

/** mmap(2): the address, or a negative error. */
export function sysMmap(
  task: Task,
  addr: f64,
  length: f64,
  prot: u32,
  flags: u32,
  fd: i32,
  offset: f64,
): f64 {
  const at = toU64(offset);
  if ((at & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  let file: File | null = null;
  if ((flags & MAP_ANONYMOUS) == 0) {
    file = fget(task, fd);
    if (file == null) return -EBADF;
  }
  const bytes = toU64(length);
  const result =
    (flags & MAP_HUGETLB) != 0
      ? <i64>(file == null ? -ENOMEM : -EINVAL) // no huge pages are reserved, and no file has any
      : mmapLocked(task, toU64(addr), bytes, prot, flags, file, at >> PAGE_SHIFT);
  if (file != null) fput(file);
  if (result >= 0 && wantsPopulate(task.mm, flags)) {
    mmPopulate(task.mm, result, <u64>result + bytes, true);
  }
  return toF64(result);
}

/** munmap(2). */
export function sysMunmap(task: Task, addr: f64, length: f64): i32 {
  const mm = task.mm;
  mm.mmapLock.downWrite();
  const result = doMunmap(mm, toU64(addr), toU64(length));
  mm.mmapLock.upWrite();
  return result;
}

/** mremap(2): the mapping's address, or a negative error. */
export function sysMremap(
  task: Task,
  addr: f64,
  oldLength: f64,
  newLength: f64,
  flags: u32,
  newAddr: f64,
): f64 {
  const before = toU64(oldLength);
  return toF64(doMremap(task.mm, toU64(addr), before, toU64(newLength), flags, toU64(newAddr)));
}

/** brk(2): where the heap ends then. */
export function sysBrk(task: Task, addr: f64): f64 {
  return toF64(doBrk(task.mm, toU64(addr)));
}

/** mprotect(2). */
export function sysMprotect(task: Task, addr: f64, length: f64, prot: u32): i32 {
  const mm = task.mm;
  mm.mmapLock.downWrite();
  const result = doMprotect(mm, toU64(addr), toU64(length), prot);
  mm.mmapLock.upWrite();
  return result;
}

/**
 * Copies out of a process's memory, as its own loads would: 0, -SIGSEGV_RESULT or -SIGBUS_RESULT.
 */
export function userLoad(task: Task, addr: f64, buffer: usize, length: u32): i32 {
  return accessUser(task.mm, toU64(addr), buffer, length, false);
}

/** Copies into a process's memory, as its own stores would. */
export function userStore(task: Task, addr: f64, buffer: usize, length: u32): i32 {
  return accessUser(task.mm, toU64(addr), buffer, length, true);
}

/** Reads or writes one byte of each page of a range, for loops that measure faults. */
export function userTouch(task: Task, addr: f64, length: f64, write: bool): i32 {
  const start = toU64(addr);
  return touchUser(task.mm, start, start + toU64(length), write);
}

function mmapLocked(
  task: Task,
  addr: u64,
  bytes: u64,
  prot: u32,
  flags: u32,
  file: File | null,
  pgoff: u64,
): i64 {
  const mm = task.mm;
  mm.mmapLock.downWrite();
  const result = doMmap(mm, addr, bytes, prot, flags, file, pgoff);
  mm.mmapLock.upWrite();
  return result;
}
