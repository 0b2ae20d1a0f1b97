import { MLOCK_ONFAULT } from '../abi';
import { EINVAL } from '../lib/errno';
import { machine } from '../lib/machine';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { doMadvise } from '../mm/madvise';
import { checkMincore, doMincore } from '../mm/mincore';
import { doMlock, doMlockall, doMunlock, doMunlockall } from '../mm/mlock';
import { doMseal } from '../mm/mseal';
import { doMsync } from '../mm/msync';
import { Task } from '../types/task';
import { VM_LOCKED, VM_LOCKONFAULT } from '../types/vm_area';
import { toU64 } from './convert';

/** System calls that advise about memory, lock it, seal it and ask about it. */

/** madvise(2). */
export function sysMadvise(task: Task, addr: f64, length: f64, advice: u32): i32 {
  return doMadvise(task.mm, toU64(addr), toU64(length), advice);
}

/** mlock2(2); mlock(2) is the same without flags. */
export function sysMlock2(task: Task, addr: f64, length: f64, flags: u32): i32 {
  if ((flags & ~MLOCK_ONFAULT) != 0) return -EINVAL;
  const vmFlags = VM_LOCKED | ((flags & MLOCK_ONFAULT) != 0 ? VM_LOCKONFAULT : 0);
  return doMlock(task.mm, toU64(addr), toU64(length), vmFlags);
}

/** munlock(2). */
export function sysMunlock(task: Task, addr: f64, length: f64): i32 {
  return doMunlock(task.mm, toU64(addr), toU64(length));
}

/** mlockall(2). */
export function sysMlockall(task: Task, flags: u32): i32 {
  return doMlockall(task.mm, flags);
}

/** munlockall(2). */
export function sysMunlockall(task: Task): void {
  doMunlockall(task.mm);
}

/** Sets what processes may lock, in bytes; called at boot (Linux: setrlimit of RLIMIT_MEMLOCK). */
export function setRlimitMemlock(bytes: f64): void {
  machine().rlimitMemlock = toU64(bytes);
}

/** mseal(2). */
export function sysMseal(task: Task, addr: f64, length: f64, flags: u32): i32 {
  const mm = task.mm;
  mm.mmapLock.downWrite();
  const result = doMseal(mm, toU64(addr), toU64(length), flags);
  mm.mmapLock.upWrite();
  return result;
}

/** msync(2). */
export function sysMsync(task: Task, addr: f64, length: f64, flags: u32): i32 {
  const mm = task.mm;
  mm.mmapLock.downRead();
  const result = doMsync(mm, toU64(addr), toU64(length), flags);
  mm.mmapLock.upRead();
  return result;
}

/**
 * A part of mincore(2): bytes for pages from `addr` on into `buffer`, of one page at most; returns
 * how many, 0 for a length of 0, or an error.
 */
export function sysMincore(task: Task, addr: f64, length: f64, buffer: usize): i32 {
  const start = toU64(addr);
  const bytes = toU64(length);
  const refused = checkMincore(start, bytes);
  if (refused < 0 || bytes == 0) return refused;
  const nr = <u32>min<u64>(PAGE_SIZE, (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
  const mm = task.mm;
  mm.mmapLock.downRead();
  const result = doMincore(mm, start, nr, buffer);
  mm.mmapLock.upRead();
  return result;
}
