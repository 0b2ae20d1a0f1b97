import { SchedNote, schedNote } from './sched_point';

/**
 * Lifetimes of memory, for the explorer: it knows what is free, and takes every access to that for
 * a mistake. What is freed is filled with a byte that no sound program reads (Linux: mm/slub.c with
 * slub_debug=P), so that a plain field that is read too late does not look right. In builds without
 * an explorer none of this exists.
 */

/** Linux: POISON_FREE. */
export const POISON_FREE: u8 = 0x6b;

/** Memory has an owner. */
export function noteAlloc(address: usize, size: usize): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Alloc, address, <f64>size, 0);
}

/** Memory has no owner any more. */
export function noteFree(address: usize, size: usize): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Free, address, <f64>size, 0);
}

/** Makes memory unreadable that nobody may read. */
export function poison(address: usize, size: usize): void {
  if (isDefined(SCHED)) memory.fill(address, POISON_FREE, size);
}
