/**
 * What a pin counts: the axis `pin`. A policy is a class that is only ever a type: GUP is written
 * once, generic over it, and compiled once for each (`changetype<P>(0)` names the methods, nothing
 * is allocated), so that no policy pays for another one's branches. Each has
 *
 *   grab(page, write)           takes the page unless it is free; called without any lock
 *   release(page, write)        gives it back, and frees it with the last reference
 *   countsFiles                 whether the next two do anything: a constant
 *   countFile(page, counted)    for a write pin, after `grab`: counts it in the file of the page,
 *                               unless `counted` is that file already; returns the file that
 *                               `uncountFile` must lower, 0 for none, or FILE_REFUSES
 *   uncountFile(mapping)
 *   countsWriters               whether a reference for writing shows in the page as a pin, without
 *                               FOLL_PIN, too: a constant
 *
 * One GUP call counts once for each run of pages of one file; the entry of the run's first page
 * remembers it.
 *
 * The promise of the two policies that count files: while a write pin of a page of the file lives,
 * F_SEAL_WRITE fails with EBUSY. It rests on the order in GUP-fast: raise the count, then read the
 * page-table entry again. If the entry still stands, a shared writable mapping still stands, so the
 * sealer has yet to deny (it can do so only when no such mapping is left), and will find the count.
 */

/** From `countFile`: the file is sealed, or the page no longer belongs to a file. */
export const FILE_REFUSES: u32 = 1;
