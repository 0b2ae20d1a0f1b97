/** What a CPU does at its next step: filled in before it stops, so nothing is allocated. */
export interface PendingAccess {
  address: number;
  /** SchedOp of the core. */
  op: number;
  /** The same, or the SchedNamed that stands for it. */
  named: number;
  /** Bytes. */
  size: number;
  /** True for a wait: the CPU can run only while its condition holds. */
  waits: boolean;
  /** Of a wait: it ends when `(word & mask) === value` is `equal`. */
  mask: number;
  value: number;
  equal: boolean;
}

/** An access that is none yet. */
export function noAccess(): PendingAccess {
  return { address: 0, op: 0, named: 0, size: 0, waits: false, mask: 0, value: 0, equal: true };
}
