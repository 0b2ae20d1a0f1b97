import { F_GET_SEALS } from '../abi';
import { sysFcntl } from '../kernel/file';
import { sysMunmap } from '../kernel/syscall';
import { Task } from '../types/task';

/**
 * System calls in a loop inside the core: what an operation costs without the way to it. Each
 * returns the last result.
 */

/** fcntl(fd, F_GET_SEALS), so many times. */
export function getSealsLoop(task: Task, fd: i32, calls: u32): i32 {
  let result: i32 = 0;
  for (let i: u32 = 0; i < calls; i++) result = sysFcntl(task, fd, F_GET_SEALS, 0);
  return result;
}

/** munmap of one range, so many times: all but the first find nothing there. */
export function munmapLoop(task: Task, addr: f64, length: f64, calls: u32): i32 {
  let result: i32 = 0;
  for (let i: u32 = 0; i < calls; i++) result = sysMunmap(task, addr, length);
  return result;
}
