/** What a CPU is about to do at a scheduling point; the order is the one that Linux names. */
export const enum SchedOp {
  Load,
  LoadAcquire,
  Store,
  StoreRelease,
  /** A read-modify-write whose old value is used: a full barrier. */
  Rmw,
  /** A read-modify-write without a result (Linux: atomic_add): atomic, but no barrier. */
  RmwRelaxed,
  Cmpxchg,
  Fence,
  /** Orders loads only: nothing to do on x86 (Linux: smp_rmb). */
  ReadFence,
  /** A lock is taken or given back for reading: those of different CPUs may change places. */
  RmwShared,
  /** A load of a few bits of a word of flags: `size` is their mask. */
  LoadBits,
  /** A read-modify-write of such bits whose old value is used: a full barrier. */
  RmwBits,
  /** The same without a result. */
  RmwBitsRelaxed,
}

/**
 * Announces an access to shared memory before it happens: its address, its kind and its size in
 * bytes. Present only in the SCHED build; the host counts it or hands control to a scheduler.
 *
 * Of 8-byte words of flags, the kinds that end in Bits say which bits they are about: in Linux each
 * flag is tested, set and cleared by itself, and two CPUs that do so to different ones do not meet.
 */
export declare function schedPoint(address: usize, op: SchedOp, size: usize): void;

/**
 * Announces a wait before it begins: this CPU goes on once `(word & mask) == value` has become
 * `equal`, and what it does then is of the kind `op`. So that no schedule spins, and a deadlock is
 * seen at once. Present only in the SCHED build.
 */
export declare function schedAwait(
  address: usize,
  mask: u32,
  value: u32,
  equal: bool,
  op: SchedOp,
): void;

/** What a CPU has just done that a watcher cannot see from accesses alone. */
export const enum SchedNote {
  /** Memory has an owner from now on; the detail is its size in bytes. */
  Alloc,
  /** Memory has no owner any more; the detail is its size in bytes. */
  Free,
  /** A lock is held; the detail is the subclass (see lib/lockdep.ts). */
  Acquire,
  /** The same, by a CPU that would not have waited. */
  TryAcquire,
  Release,
  /** The seals of a file are set; the detail is all of them. */
  Seal,
  /** A file is cut; the detail is its size from now on. */
  SetSize,
  /** A vector of pages is filled; the detail is the address where they are mapped. */
  Take,
  /** A vector's pages hold what a device has written. */
  Dirty,
  /** An mm has nothing mapped any more from the detail to `behind`. */
  Zap,
  /** An mm does not need what it has mapped there. */
  GiveUp,
}

/**
 * Tells the host about an event at an address. It is no scheduling point: the step that caused it
 * and the note are one. Present only in the SCHED build.
 */
export declare function schedNote(note: SchedNote, address: usize, detail: f64, behind: f64): void;
