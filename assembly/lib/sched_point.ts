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

/** The bits of an announced kind that hold its SchedOp; those above say what Linux calls it. */
export const SCHED_OP_BITS: i32 = 0xff;

/**
 * Kinds of which Linux has several with different names: a SchedOp, and above it a number for the
 * name. The name is for reports alone; nothing is decided by it.
 */
export const enum SchedNamed {
  Add = SchedOp.RmwRelaxed | (1 << 8),
  Sub = SchedOp.RmwRelaxed | (2 << 8),
  Or = SchedOp.RmwRelaxed | (3 << 8),
  And = SchedOp.RmwRelaxed | (4 << 8),
  FetchAdd = SchedOp.Rmw | (5 << 8),
  FetchSub = SchedOp.Rmw | (6 << 8),
  FetchOr = SchedOp.Rmw | (7 << 8),
  FetchAnd = SchedOp.Rmw | (8 << 8),
  Exchange = SchedOp.Rmw | (9 << 8),
  SetBit = SchedOp.RmwBitsRelaxed | (10 << 8),
  ClearBit = SchedOp.RmwBitsRelaxed | (11 << 8),
  TestAndSetBit = SchedOp.RmwBits | (12 << 8),
  TestAndClearBit = SchedOp.RmwBits | (13 << 8),
  SpinLock = SchedOp.Rmw | (14 << 8),
  SpinUnlock = SchedOp.StoreRelease | (15 << 8),
  DownRead = SchedOp.RmwShared | (16 << 8),
  UpRead = SchedOp.RmwShared | (17 << 8),
  DownWrite = SchedOp.Rmw | (18 << 8),
  UpWrite = SchedOp.Rmw | (19 << 8),
  FolioLock = SchedOp.RmwBits | (20 << 8),
}

/**
 * Announces an access to shared memory before it happens: its address, its kind (a SchedOp, or a
 * SchedNamed) and its size in bytes. Present only in the SCHED build; the host counts it or hands
 * control to a scheduler.
 *
 * Of 8-byte words of flags, the kinds that end in Bits say which bits they are about: in Linux each
 * flag is tested, set and cleared by itself, and two CPUs that do so to different ones do not meet.
 */
export declare function schedPoint(address: usize, op: i32, size: usize): void;

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
  op: i32,
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

/**
 * Tells the host of an access to four bytes of a plain field (lib/races.ts): that nothing orders it
 * against the one of the time `other`, or, if that is 0, that it was waited for. Present only in
 * the EXPLORE build.
 */
export declare function schedRace(address: usize, other: u32, how: RaceHow): void;

/** Of the two accesses of a race, bits: which of them write. */
export const enum RaceHow {
  Reads = 0,
  Writes = 1,
  OtherWrites = 2,
}
