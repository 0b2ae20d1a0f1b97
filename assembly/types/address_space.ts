import { Atomic } from '../lib/atomic';
import { TreeRoot } from '../lib/balanced_tree';
import { ListHead } from '../lib/list';
import { RwSem } from '../lib/rwsem';
import { XArray } from '../lib/xarray';
import { Pipe } from './pipe';

/** Bits of AddressSpace.flags (Linux: AS_*). */
/** Pages of this file must not be pinned (policy seal: dontpin). */
export const AS_DONTPIN: u32 = 1 << 0;

/** Seals (Linux: F_SEAL_*). */
export const F_SEAL_SEAL: u32 = 0x01;
export const F_SEAL_SHRINK: u32 = 0x02;
export const F_SEAL_GROW: u32 = 0x04;
export const F_SEAL_WRITE: u32 = 0x08;
export const F_SEAL_FUTURE_WRITE: u32 = 0x10;
export const F_SEAL_EXEC: u32 = 0x20;
export const F_ALL_SEALS: u32 = 0x3f;

// ╒═════════════════ struct address_space (128 bytes) ═════════════════╕
//   Line 0: who maps the file
//   +0    flags          u32  immutable after creation: AS_*
//   +4    iMmapWritable  i32  atomic: shared mappings that may write; negative: denied
//   +8    iMmap          u32  i_mmap_rwsem held for writing to change: interval tree of VMAs
//   +12   iMmapRwsem     u32  lock
//   +16   pinCounters    u32  immutable after creation: a counter a CPU, or 0 (policy
//                             pin: i-mmap-writable-percpu; see mm/policy/i_mmap_writable_percpu.ts)
//   Line 1: its pages
//   +64   iPages         16   its own lock: index -> page, or a slot as a value
//   +80   nrPages        u64  i_pages lock held
//   +88   nrSwapped      u64  i_pages lock held: slots of the swap device among the entries

/** A file's pages and its mappings (Linux: struct address_space). */
@unmanaged
export class AddressSpace {
  private _flags: u32;
  private _iMmapWritable: i32;
  private _iMmap: u32;
  private _iMmapRwsem: u32;
  private _pinCounters: u32;
  private _pad0: u32;
  private _pad1: u64;
  private _pad2: u64;
  private _pad3: u64;
  private _pad4: u64;
  private _pad5: u64;
  private _iPages0: u64;
  private _iPages1: u64;
  nrPages: u64;
  nrSwapped: u64;
  private _pad7: u64;
  private _pad8: u64;
  private _pad9: u64;
  private _pad10: u64;


  @inline get flags(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<AddressSpace>('_flags'));
  }


  @inline get iMmapWritable(): Atomic<i32> {
    return changetype<Atomic<i32>>(
      changetype<usize>(this) + offsetof<AddressSpace>('_iMmapWritable'),
    );
  }


  @inline get iMmap(): TreeRoot {
    return changetype<TreeRoot>(changetype<usize>(this) + offsetof<AddressSpace>('_iMmap'));
  }


  @inline get iMmapRwsem(): RwSem {
    return changetype<RwSem>(changetype<usize>(this) + offsetof<AddressSpace>('_iMmapRwsem'));
  }


  @inline get pinCounters(): Atomic<u32> {
    return changetype<Atomic<u32>>(
      changetype<usize>(this) + offsetof<AddressSpace>('_pinCounters'),
    );
  }


  @inline get iPages(): XArray {
    return changetype<XArray>(changetype<usize>(this) + offsetof<AddressSpace>('_iPages0'));
  }
}

if (offsetof<AddressSpace>() != 128) ERROR('struct address_space fills two cache lines');
if (offsetof<AddressSpace>('_iPages0') != 64) ERROR('AddressSpace.iPages begins line 1');

// ╒═════════════════ struct shmem_falloc (16 bytes) ═════════════════╕
//   +0    start     u64  atomic, i_rwsem held for writing to change: first page of the hole
//   +8    next      u64  the same: the page behind it; 0 while no hole is punched

/** A hole that is being punched: kept for a historic bug alone (mm/shmem_punch.ts). */
@unmanaged
export class ShmemFalloc {
  private _start: u64;
  private _next: u64;


  @inline get start(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<ShmemFalloc>('_start'));
  }


  @inline get next(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<ShmemFalloc>('_next'));
  }
}

if (offsetof<ShmemFalloc>() != 16) ERROR('struct shmem_falloc has a place in struct inode');

// ╒═════════════════ struct inode (256 bytes) ═════════════════╕
//   +0    iSize     u64  atomic, written with i_rwsem held for writing
//   +8    iCount    u32  atomic: open files, and a name in the tmpfs
//   +12   iRwsem    u32  lock
//   +16   seals     u32  i_rwsem held for writing to change: F_SEAL_*
//   +20   iMode     u32  i_rwsem held for writing to change
//   +24   iIno      u32  immutable
//   +28   name      u32  immutable: a NUL-terminated name in a CACHE_NAME object, or 0
//   +32   list      8    the machine's inode lock: list of all inodes, or of orphans
//   +40   state     u32  the machine's inode lock: INODE_*
//   +44   sleeper   u32  i_rwsem held for writing: CPU + 1 that sleeps on the clock with it, or 0
//   +48   pipe      u32  immutable: the struct pipe_inode_info of a pipe, or 0
//   +52   dentry    u32  the machine's inode lock to change: DENTRY_*
//   +56   named     8    the machine's inode lock: list of inodes with a name in the tmpfs
//   +64   mapping   128  struct address_space
//   +192  iPrivate  16   struct shmem_falloc
//   +208  reserved

/** Life of an inode. */
export const INODE_LIVE: u32 = 0;
/** No file and no mapping is left; pins of its pages keep it (see mm/shmem.ts: evict). */
export const INODE_ORPHAN: u32 = 1;

/** What `name` is: the name of a memfd, or none. */
export const DENTRY_NONE: u32 = 0;
/** A path of the tmpfs, which finds the file and holds a reference to it. */
export const DENTRY_LINKED: u32 = 1;
/** A path that the file once had. */
export const DENTRY_DELETED: u32 = 2;

/** A file of tmpfs: a memfd, or the memory behind a shared anonymous mapping. Or a pipe. */
@unmanaged
export class Inode {
  private _iSize: u64;
  private _iCount: u32;
  private _iRwsem: u32;
  seals: u32;
  iMode: u32;
  iIno: u32;
  name: u32;
  private _list: u64;
  state: u32;
  private _sleeper: u32;
  pipe: Pipe | null;
  dentry: u32;
  private _named: u64;
  private _mapping0: u64;

  /** The inode that embeds `mapping` (Linux: mapping->host). */
  @inline static fromMapping(mapping: AddressSpace): Inode {
    return changetype<Inode>(changetype<usize>(mapping) - offsetof<Inode>('_mapping0'));
  }


  @inline static fromList(link: ListHead): Inode {
    return changetype<Inode>(changetype<usize>(link) - offsetof<Inode>('_list'));
  }


  @inline static fromNamed(link: ListHead): Inode {
    return changetype<Inode>(changetype<usize>(link) - offsetof<Inode>('_named'));
  }


  @inline get named(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<Inode>('_named'));
  }


  @inline get iSize(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<Inode>('_iSize'));
  }


  @inline get iCount(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<Inode>('_iCount'));
  }


  @inline get iRwsem(): RwSem {
    return changetype<RwSem>(changetype<usize>(this) + offsetof<Inode>('_iRwsem'));
  }


  @inline get sleeper(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<Inode>('_sleeper'));
  }


  @inline get list(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<Inode>('_list'));
  }


  @inline get mapping(): AddressSpace {
    return changetype<AddressSpace>(changetype<usize>(this) + offsetof<Inode>('_mapping0'));
  }


  @inline get iPrivate(): ShmemFalloc {
    return changetype<ShmemFalloc>(changetype<usize>(this.mapping) + offsetof<AddressSpace>());
  }
}

if (offsetof<Inode>('_mapping0') != 64) ERROR('Inode.mapping begins line 1');
if (64 + offsetof<AddressSpace>() != 192) ERROR('Inode.iPrivate begins line 3');
