import { ListHead, listAt } from '../lib/list';
import { SpinLock } from '../lib/spinlock';
import { MACHINE_BASE } from '../memlayout';

// ╒═══════════════ struct mm_lists (64 bytes) ═══════════════╕
//   +0   lock  u32  lock of the list
//   +8   mms   8    every mm (Linux: init_mm.mmlist)
@unmanaged
export class MmLists {
  private _lock: u32;
  private _pad: u32;
  private _mms: u64;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<MmLists>('_lock'));
  }


  @inline get mms(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<MmLists>('_mms'));
  }
}

export const MM_LISTS: usize = MACHINE_BASE + 0x280;

/** The list of all mms, for whoever checks the machine as a whole. */
export function mmLists(): MmLists {
  return changetype<MmLists>(MM_LISTS);
}
