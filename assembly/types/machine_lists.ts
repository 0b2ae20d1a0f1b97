import { Atomic } from '../lib/atomic';
import { ListHead, listAt } from '../lib/list';
import { SpinLock } from '../lib/spinlock';
import { INODE_LISTS, MM_LISTS, VEC_LIST } from '../memlayout';

// ╒═══════════════ struct inode_lists (64 bytes) ═══════════════╕
//   +0   lock       u32  lock of the lists
//   +4   nrOrphans  u32  atomic, written with the lock held
//   +8   inodes     8    all that live
//   +16  orphans    8    all that only pins keep
//   +24  names      8    all with a name in the tmpfs

/** The machine's inodes (see mm/inode.ts). */
@unmanaged
export class InodeLists {
  private _lock: u32;
  private _nrOrphans: u32;
  private _inodes: u64;
  private _orphans: u64;
  private _names: u64;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<InodeLists>('_lock'));
  }


  @inline get nrOrphans(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<InodeLists>('_nrOrphans'));
  }


  @inline get inodes(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<InodeLists>('_inodes'));
  }


  @inline get orphans(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<InodeLists>('_orphans'));
  }


  @inline get names(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<InodeLists>('_names'));
  }
}

// ╒═══════════════ struct mm_lists (64 bytes) ═══════════════╕
//   +0   lock  u32  lock of the list
//   +8   mms   8    every mm (Linux: init_mm.mmlist)

/** The machine's address spaces. */
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

// ╒═══════════════ struct vec_list (64 bytes) ═══════════════╕
//   +0   lock  u32  lock of the list
//   +8   vecs  8    every vector that holds pages

/** The vectors of pages that TypeScript holds (see kernel/gup_vec.ts). */
@unmanaged
export class VecList {
  private _lock: u32;
  private _pad: u32;
  private _vecs: u64;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<VecList>('_lock'));
  }


  @inline get vecs(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<VecList>('_vecs'));
  }
}

/** The lists of inodes. */
export function inodeLists(): InodeLists {
  return changetype<InodeLists>(INODE_LISTS);
}

/** The list of all mms, for whoever checks the machine as a whole. */
export function mmLists(): MmLists {
  return changetype<MmLists>(MM_LISTS);
}

/** The list of vectors. */
export function vecList(): VecList {
  return changetype<VecList>(VEC_LIST);
}

if (offsetof<InodeLists>() > 64) ERROR('struct inode_lists fits one cache line');
if (offsetof<MmLists>() > 64) ERROR('struct mm_lists fits one cache line');
if (offsetof<VecList>() > 64) ERROR('struct vec_list fits one cache line');
