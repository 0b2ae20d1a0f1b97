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
}

/**
 * Announces an access to shared memory before it happens: its address, its kind and its size in
 * bytes. Present only in the SCHED build; the host counts it or hands control to a scheduler.
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
