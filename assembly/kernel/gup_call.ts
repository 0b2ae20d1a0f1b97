import { GupVec } from '../types/gup_vec';
import { Task } from '../types/task';
import { toU64 } from './convert';
import { gup, gupCopy, gupPfn, gupRelease } from './gup_vec';

/** The border of kernel/gup_vec.ts: vectors are addresses to TypeScript. */

/** A vector that holds 1 to `nr` pages, or a negative error. */
export function gupCall(task: Task, addr: f64, nr: u32, flags: u32, fast: bool): i32 {
  return gup(task, toU64(addr), nr, flags, fast);
}

/** Gives the pages back and frees the vector. */
export function gupReleaseCall(vec: GupVec, dirty: bool): void {
  gupRelease(vec, dirty);
}

/** The page frame number of one page of a vector. */
export function gupPfnAt(vec: GupVec, index: u32): u32 {
  return gupPfn(vec, index);
}

/** DMA between the vector's frames and a buffer. */
export function gupCopyCall(
  vec: GupVec,
  offset: f64,
  buffer: usize,
  length: u32,
  write: bool,
): i32 {
  return gupCopy(vec, toU64(offset), buffer, length, write);
}
