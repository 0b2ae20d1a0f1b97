import { Atomic, cellAt } from '../lib/atomic';
import { TreeNode } from '../lib/balanced_tree';
import { ListHead } from '../lib/list';
import { PAGE_SHIFT } from '../memlayout';
import { AnonVma } from './anon_vma';
import { File } from './file';
import { MmStruct } from './mm_struct';

/** What a mapping allows and is (Linux: VM_*). */
export const VM_READ: u32 = 0x1;
export const VM_WRITE: u32 = 0x2;
export const VM_EXEC: u32 = 0x4;
export const VM_SHARED: u32 = 0x8;
export const VM_MAYREAD: u32 = 0x10;
export const VM_MAYWRITE: u32 = 0x20;
export const VM_MAYEXEC: u32 = 0x40;
export const VM_MAYSHARE: u32 = 0x80;
/** May hold guard markers: set when the first is installed, and never cleared. */
export const VM_MAYBE_GUARD: u32 = 0x800;
/** Its pages stay in memory: mlock. */
export const VM_LOCKED: u32 = 0x2000;
/** Mapped I/O memory, of which there is none: for mm/mlock_pages.ts. */
export const VM_IO: u32 = 0x4000;
/** Advice: read from front to back, or in no order. */
export const VM_SEQ_READ: u32 = 0x8000;
export const VM_RAND_READ: u32 = 0x1_0000;
/** A fork leaves it out. */
export const VM_DONTCOPY: u32 = 0x2_0000;
/** With VM_LOCKED: pages are locked when they are touched, and not before. */
export const VM_LOCKONFAULT: u32 = 0x8_0000;
/** Private memory that was writable once: it counts as promised. */
export const VM_ACCOUNT: u32 = 0x10_0000;
export const VM_NORESERVE: u32 = 0x20_0000;
/** mseal: nobody unmaps, moves or protects it. Linux has it in bit 42; here VM_PAT's is free. */
export const VM_SEALED: u32 = 0x100_0000;
/** A fork gives the child empty memory in its place. */
export const VM_WIPEONFORK: u32 = 0x200_0000;
export const VM_DONTDUMP: u32 = 0x400_0000;
export const VM_HUGEPAGE: u32 = 0x2000_0000;
export const VM_NOHUGEPAGE: u32 = 0x4000_0000;
export const VM_MERGEABLE: u32 = 0x8000_0000;
export const VM_ACCESS_FLAGS: u32 = VM_READ | VM_WRITE | VM_EXEC;
export const VM_LOCKED_MASK: u32 = VM_LOCKED | VM_LOCKONFAULT;
/** What does not keep VMAs from merging: the merged one has it if either had (Linux: VM_STICKY). */
export const VM_STICKY: u32 = VM_MAYBE_GUARD;
/** A fork copies the entries of such a VMA although its pages could be found again. */
export const VM_COPY_ON_FORK: u32 = VM_MAYBE_GUARD;

// ╒═══════════════ struct vm_area_struct (128 bytes) ═══════════════╕
//   All of it: mmap_lock held for writing to change, for reading to read; exceptions named.
//   +0   node         16   place in the mm's tree of VMAs
//   +16  vmStart      u64  first address
//   +24  vmEnd        u64  first address behind
//   +32  subtreeGap   u64  largest hole between two VMAs of this subtree
//   +40  vmPgoff      u64  offset in the file in pages; of anonymous memory: address / 4096
//   +48  vmFlags      u32  mmap_lock; walkers of reverse maps read flagsOnce
//   +52  vmMm         u32  immutable
//   +56  vmFile       u32
//   +60  anonVma      u32  also page_table_lock held to set it during a fault, by anonVmaCell
//   +64  shared       16   i_mmap_rwsem held for writing: place in the file's i_mmap
//   +80  subtreeLast  u64  i_mmap_rwsem held for writing
//   +88  anonVmaChain 8    list of the VMA's anon_vma_chains; as AnonVmaChain.sameVma
//   +96  subtreeStart u64  first address of any VMA of this subtree of the mm's tree
//   +104 subtreeEnd   u64  first address behind all of them
//   +112 reserved

/** A range of addresses with one kind of backing (Linux: struct vm_area_struct). */
@unmanaged
export class Vma {
  private _node0: u64;
  private _node1: u64;
  vmStart: u64;
  vmEnd: u64;
  subtreeGap: u64;
  vmPgoff: u64;
  vmFlags: u32;
  vmMm: MmStruct;
  vmFile: File | null;
  anonVma: AnonVma | null;
  private _shared0: u64;
  private _shared1: u64;
  subtreeLast: u64;
  private _anonVmaChain: u64;
  subtreeStart: u64;
  subtreeEnd: u64;
  private _reserved0: u64;
  private _reserved1: u64;


  @inline static fromNode(node: TreeNode): Vma {
    return changetype<Vma>(changetype<usize>(node) - offsetof<Vma>('_node0'));
  }


  @inline static fromShared(node: TreeNode): Vma {
    return changetype<Vma>(changetype<usize>(node) - offsetof<Vma>('_shared0'));
  }


  @inline get node(): TreeNode {
    return changetype<TreeNode>(changetype<usize>(this) + offsetof<Vma>('_node0'));
  }


  @inline get shared(): TreeNode {
    return changetype<TreeNode>(changetype<usize>(this) + offsetof<Vma>('_shared0'));
  }


  @inline get anonVmaChain(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<Vma>('_anonVmaChain'));
  }
  /** The flags for who walks a reverse map, without mmap_lock (see `resetFlags`). */
  @inline get flagsOnce(): u32 {
    return cellAt<u32>(changetype<usize>(this) + offsetof<Vma>('vmFlags')).load();
  }
  /**
   * Changes the flags of a VMA that a reverse map may find; mmap_lock is held for writing (Linux:
   * vm_flags_reset_once).
   */
  @inline resetFlags(flags: u32): void {
    cellAt<u32>(changetype<usize>(this) + offsetof<Vma>('vmFlags')).store(flags);
  }
  /** `anonVma` while a fault may set it: for who holds mmap_lock for reading (Linux: READ_ONCE). */
  @inline get anonVmaCell(): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this) + offsetof<Vma>('anonVma'));
  }
  /** Number of pages (Linux: vma_pages). */
  @inline get pages(): u64 {
    return (this.vmEnd - this.vmStart) >> PAGE_SHIFT;
  }
  /** Offset of the last page (Linux: vma_last_pgoff). */
  @inline get lastPgoff(): u64 {
    return this.vmPgoff + this.pages - 1;
  }
  /** True if a write makes a private copy (Linux: is_cow_mapping). */
  @inline get isCow(): bool {
    return (this.vmFlags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
  }
  /** True if it may write to its file: it counts in i_mmap_writable (Linux: is_shared_maywrite). */
  @inline get isSharedMaywrite(): bool {
    return (this.vmFlags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
  }
  /** The offset in pages that belongs to an address of it (Linux: linear_page_index). */
  @inline pgoffOf(address: u64): u64 {
    return this.vmPgoff + ((address - this.vmStart) >> PAGE_SHIFT);
  }
}

if (offsetof<Vma>() != 128) ERROR('struct vm_area_struct fills two cache lines');
if (offsetof<Vma>('_shared0') != 64) ERROR('Vma.shared moved: update the drawing above');
