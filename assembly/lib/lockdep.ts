import { SchedNote, schedNote } from './sched_point';

/**
 * Tells the explorer which CPU holds which lock (Linux: lockdep). It learns in which order locks of
 * different classes are taken, and names who holds what in a deadlock. A class is a field of a
 * struct. Whoever holds two locks of one class at once says by a subclass which order makes that
 * right. In builds without an explorer none of this exists.
 */

/** The second of two locks of one class (Linux: SINGLE_DEPTH_NESTING). */
export const SINGLE_DEPTH_NESTING: u32 = 1;

/** A lock was taken by a CPU that would have waited for it (Linux: lock_acquire). */
export function lockAcquire(lock: usize, subclass: u32): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Acquire, lock, <f64>subclass, 0);
}

/** A lock was taken that was free; the order of locks does not matter then. */
export function lockTryAcquire(lock: usize): void {
  if (isDefined(SCHED)) schedNote(SchedNote.TryAcquire, lock, 0, 0);
}

/** A lock was given back (Linux: lock_release). */
export function lockRelease(lock: usize): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Release, lock, 0, 0);
}
