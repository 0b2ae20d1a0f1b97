import { PAGE_SIZE, SchedNamed, SchedOp } from '../../wasm/generated/layout.js';

/** Cells of 8 bytes have names of their own in Linux: atomic64_add beside atomic_add. */
const WIDE = 8;

/** What Linux calls an access of the core, by its SchedOp. */
const PLAIN: Readonly<Record<number, string>> = {
  [SchedOp.Load]: 'READ_ONCE',
  [SchedOp.LoadAcquire]: 'smp_load_acquire',
  [SchedOp.LoadBits]: 'test_bit',
  [SchedOp.Store]: 'WRITE_ONCE',
  [SchedOp.StoreRelease]: 'smp_store_release',
  [SchedOp.Cmpxchg]: 'cmpxchg',
  [SchedOp.Fence]: 'smp_mb',
  [SchedOp.ReadFence]: 'smp_rmb',
};

/** The same of those that the core names. */
const NAMED: Readonly<Record<number, string>> = {
  [SchedNamed.Add]: 'atomic_add',
  [SchedNamed.Sub]: 'atomic_sub',
  [SchedNamed.Or]: 'atomic_or',
  [SchedNamed.And]: 'atomic_and',
  [SchedNamed.FetchAdd]: 'atomic_fetch_add',
  [SchedNamed.FetchSub]: 'atomic_fetch_sub',
  [SchedNamed.FetchOr]: 'atomic_fetch_or',
  [SchedNamed.FetchAnd]: 'atomic_fetch_and',
  [SchedNamed.Exchange]: 'xchg',
  [SchedNamed.SetBit]: 'set_bit',
  [SchedNamed.ClearBit]: 'clear_bit',
  [SchedNamed.TestAndSetBit]: 'test_and_set_bit',
  [SchedNamed.TestAndClearBit]: 'test_and_clear_bit',
  [SchedNamed.SpinLock]: 'spin_lock',
  [SchedNamed.SpinUnlock]: 'spin_unlock',
  [SchedNamed.DownRead]: 'down_read',
  [SchedNamed.UpRead]: 'up_read',
  [SchedNamed.DownWrite]: 'down_write',
  [SchedNamed.UpWrite]: 'up_write',
  [SchedNamed.FolioLock]: 'folio_lock',
};

/**
 * What Linux calls an announced access: `atomic_fetch_add`, `test_and_set_bit`, `spin_lock`.
 * @param op - a SchedOp or a SchedNamed
 * @param size - bytes; of a whole frame, what its contents are accessed with
 */
export function operationName(op: number, size: number): string | undefined {
  if (size === PAGE_SIZE) return op === SchedOp.Load ? 'read' : 'write';
  const named = NAMED[op];
  if (named === undefined) return PLAIN[op];
  return size === WIDE ? named.replace(/^atomic_/, 'atomic64_') : named;
}
