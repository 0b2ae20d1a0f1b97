import { SchedNote, schedNote } from './sched_point';

/**
 * Tells the explorer what users were promised, and what they have given up: so it can look, at the
 * end of an execution, whether a sealed file has changed, a pinned page was replaced, or what a
 * device wrote is lost. In builds without an explorer none of this exists.
 */

/** A file has these seals from now on. */
export function noteSeals(inode: usize, seals: u32): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Seal, inode, <f64>seals, 0);
}

/** A file is being cut to a size. */
export function noteSize(inode: usize, size: u64): void {
  if (isDefined(SCHED)) schedNote(SchedNote.SetSize, inode, <f64>size, 0);
}

/** A vector holds the pages that are mapped from an address on. */
export function noteTake(vec: usize, start: u64): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Take, vec, <f64>start, 0);
}

/** A vector's pages are marked dirty: they hold what was to be written to them. */
export function noteDirty(vec: usize): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Dirty, vec, 0, 0);
}

/** A process has unmapped [start, end), and no entry is left of what was there. */
export function noteZap(mm: usize, start: u64, end: u64): void {
  if (isDefined(SCHED)) schedNote(SchedNote.Zap, mm, <f64>start, <f64>end);
}

/** What [start, end) of a process or of a file holds is not needed any more. */
export function noteGiveUp(owner: usize, start: u64, end: u64): void {
  if (isDefined(SCHED)) schedNote(SchedNote.GiveUp, owner, <f64>start, <f64>end);
}
