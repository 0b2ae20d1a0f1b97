import { Atomic } from '../lib/atomic';
import { AddressSpace, Inode } from './address_space';

export const FMODE_READ: u32 = 1;
export const FMODE_WRITE: u32 = 2;

// ╒═══════════════ struct file (64 bytes) ═══════════════╕
//   +0   fCount  u32  atomic: descriptors and mappings
//   +4   fMode   u32  immutable: FMODE_*
//   +8   fFlags  u32  atomic: O_* as F_GETFL shows them
//   +12  inode   u32  immutable
//   +16  fPos    u64  atomic

/** An open file (Linux: struct file). */
@unmanaged
export class File {
  private _fCount: u32;
  fMode: u32;
  private _fFlags: u32;
  inode: Inode;
  private _fPos: u64;


  @inline get fCount(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<File>('_fCount'));
  }


  @inline get fFlags(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<File>('_fFlags'));
  }


  @inline get fPos(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<File>('_fPos'));
  }


  @inline get mapping(): AddressSpace {
    return this.inode.mapping;
  }
}

if (offsetof<File>() > 64) ERROR('struct file fits one cache line');
