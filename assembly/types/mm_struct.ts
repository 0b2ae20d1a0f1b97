import { Atomic } from '../lib/atomic';
import { TreeRoot } from '../lib/balanced_tree';
import { ListHead } from '../lib/list';
import { RwSem } from '../lib/rwsem';
import { SeqCount } from '../lib/seqlock';
import { SpinLock } from '../lib/spinlock';

/** Bits of `flags` (Linux: MMF_*). */
export const MMF_HAS_PINNED: u32 = 1 << 27;

/** Where the heap of every process begins (Linux: mm->start_brk, which is random there). */
export const START_BRK: u64 = 0x5555_5556_0000;

// ╒═══════════════════ struct mm_struct (192 bytes) ═══════════════════╕
//   Line 0: what GUP-fast reads, and nobody writes often
//   +0    pgd              u32  immutable until the last user is gone: the top page table
//   +4    flags            u32  atomic: MMF_*
//   +8    writeProtectSeq  u32  seqcount, written with mmap_lock held for writing (fork)
//   Line 1: the lock
//   +64   mmapLock         u32  lock
//   +68   pageTableLock    u32  lock: upper page tables, rss; see docs/ARCHITECTURE.md
//   +72   mmUsers          u32  atomic
//   Line 2: what mmap_lock protects
//   +128  mmRoot           u32  mmap_lock: the tree of VMAs
//   +132  mapCount         u32  mmap_lock held for writing
//   +136  totalVm          u64  mmap_lock held for writing, pages
//   +144  mmList           8    the machine's mm lock: list of all mms
//   +152  pid              u32  immutable
//   +156  nrTables         u32  page_table_lock held: page tables below the top one
//   +160  lockedVm         u64  mmap_lock held for writing, pages of VMAs with VM_LOCKED
//   +168  defFlags         u32  atomic, changed with mmap_lock held for writing: VM_* of new VMAs
//   +176  brk              u64  mmap_lock held for writing: where the heap ends

/** One address space (Linux: struct mm_struct). */
@unmanaged
export class MmStruct {
  private _pgd: u32;
  private _flags: u32;
  private _writeProtectSeq: u32;
  private _pad0: u32;
  private _pad1: u64;
  private _pad2: u64;
  private _pad3: u64;
  private _pad4: u64;
  private _pad5: u64;
  private _pad6: u64;
  private _mmapLock: u32;
  private _pageTableLock: u32;
  private _mmUsers: u32;
  private _pad7: u32;
  private _pad8: u64;
  private _pad9: u64;
  private _pad10: u64;
  private _pad11: u64;
  private _pad12: u64;
  private _pad13: u64;
  private _mmRoot: u32;
  mapCount: u32;
  totalVm: u64;
  private _mmList: u64;
  pid: u32;
  nrTables: u32;
  lockedVm: u64;
  private _defFlags: u32;
  private _pad16: u32;
  brk: u64;
  private _pad18: u64;


  @inline static fromMmList(link: ListHead): MmStruct {
    return changetype<MmStruct>(changetype<usize>(link) - offsetof<MmStruct>('_mmList'));
  }


  @inline get pgd(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MmStruct>('_pgd'));
  }


  @inline get flags(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MmStruct>('_flags'));
  }


  @inline get writeProtectSeq(): SeqCount {
    return changetype<SeqCount>(changetype<usize>(this) + offsetof<MmStruct>('_writeProtectSeq'));
  }


  @inline get mmapLock(): RwSem {
    return changetype<RwSem>(changetype<usize>(this) + offsetof<MmStruct>('_mmapLock'));
  }


  @inline get pageTableLock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<MmStruct>('_pageTableLock'));
  }


  @inline get mmUsers(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MmStruct>('_mmUsers'));
  }


  @inline get defFlags(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MmStruct>('_defFlags'));
  }


  @inline get mmRoot(): TreeRoot {
    return changetype<TreeRoot>(changetype<usize>(this) + offsetof<MmStruct>('_mmRoot'));
  }


  @inline get mmList(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<MmStruct>('_mmList'));
  }
}

if (offsetof<MmStruct>() != 192) ERROR('struct mm_struct fills three cache lines');
if (offsetof<MmStruct>('_mmapLock') != 64) ERROR('MmStruct.mmapLock begins line 1');
if (offsetof<MmStruct>('_mmRoot') != 128) ERROR('MmStruct.mmRoot begins line 2');
