import { FOLL_FAST_ONLY } from '../abi';
import { EINVAL } from '../lib/errno';
import { PERCPU_VECTOR, PERCPU_VECTOR_SIZE, thisCpu } from '../lib/percpu';
import { getUserPagesFast, releaseUserPages } from '../mm/gup';
import { GUP_ENTRY_SIZE, GupVec } from '../types/gup_vec';
import { Task } from '../types/task';
import { toU64 } from './convert';
import { gup, gupCopy, gupPfn, gupRelease, gupSetDirty } from './gup_vec';

/** The border of kernel/gup_vec.ts: vectors are addresses to TypeScript. */

/** A vector that holds 1 to `nr` pages, or a negative error. */
export function gupCall(task: Task, addr: f64, nr: u32, flags: u32, fast: bool): i32 {
  return gup(task, toU64(addr), nr, flags, fast);
}

/** Marks the pages dirty, as direct I/O does before a device writes to them. */
export function gupDirtyCall(vec: GupVec): void {
  gupSetDirty(vec);
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

/**
 * Pins into this CPU's own vector: what the measuring loops do, one call at a time. Returns the
 * pages pinned, or an error. GUP-fast only.
 */
export function pinVector(task: Task, addr: f64, nr: u32, flags: u32): i32 {
  const entries = changetype<usize>(thisCpu()) + PERCPU_VECTOR;
  if (<usize>nr * GUP_ENTRY_SIZE > PERCPU_VECTOR_SIZE) return -EINVAL;
  return getUserPagesFast(task.mm, toU64(addr), nr, flags | FOLL_FAST_ONLY, entries);
}

/** Gives back what `pinVector` got. */
export function unpinVector(nr: u32, flags: u32): void {
  releaseUserPages(changetype<usize>(thisCpu()) + PERCPU_VECTOR, nr, flags);
}
