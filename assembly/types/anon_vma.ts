import { Atomic } from '../lib/atomic';
import { TreeNode, TreeRoot } from '../lib/balanced_tree';
import { ListHead } from '../lib/list';
import { RwSem } from '../lib/rwsem';
import { Vma } from './vm_area';

// ╒═══════════════ struct anon_vma (64 bytes) ═══════════════╕
//   +0   root         u32  immutable: the oldest ancestor, whose rwsem protects the whole family
//   +4   rwsem        u32  lock, used in the root only
//   +8   refcount     u32  atomic: 1 while in use, and of a root 1 for each descendant
//   +12  parent       u32  immutable
//   +16  tree         u32  root's rwsem held for writing: interval tree of chains
//   +20  numChildren  u32  root's rwsem held for writing: those whose parent it is
//   +24  numActiveVmas u32 root's rwsem held for writing: VMAs whose anonVma it is
//   +28  reserved

/** Finds the VMAs that may map a family of anonymous pages (Linux: struct anon_vma). */
@unmanaged
export class AnonVma {
  root: AnonVma;
  private _rwsem: u32;
  private _refcount: u32;
  parent: AnonVma;
  private _tree: u32;
  numChildren: u32;
  numActiveVmas: u32;
  private _reserved0: u32;
  private _reserved1: u64;
  private _reserved2: u64;
  private _reserved3: u64;
  private _reserved4: u64;


  @inline get rwsem(): RwSem {
    return changetype<RwSem>(changetype<usize>(this) + offsetof<AnonVma>('_rwsem'));
  }


  @inline get refcount(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<AnonVma>('_refcount'));
  }


  @inline get tree(): TreeRoot {
    return changetype<TreeRoot>(changetype<usize>(this) + offsetof<AnonVma>('_tree'));
  }
}

if (offsetof<AnonVma>() != 64) ERROR('struct anon_vma fills one cache line');

// ╒═══════════════ struct anon_vma_chain (64 bytes) ═══════════════╕
//   +0   vma          u32  immutable while linked
//   +4   anonVma      u32  immutable while linked
//   +8   sameVma      8    mmap_lock held for writing, or page_table_lock: list of the VMA
//   +16  node         16   anon_vma's rwsem held for writing: interval tree
//   +32  subtreeLast  u64  the same

/** Joins one VMA to one anon_vma (Linux: struct anon_vma_chain). */
@unmanaged
export class AnonVmaChain {
  vma: Vma;
  anonVma: AnonVma;
  private _sameVma: u64;
  private _node0: u64;
  private _node1: u64;
  subtreeLast: u64;
  private _reserved0: u64;
  private _reserved1: u64;
  private _reserved2: u64;


  @inline static fromNode(node: TreeNode): AnonVmaChain {
    return changetype<AnonVmaChain>(changetype<usize>(node) - offsetof<AnonVmaChain>('_node0'));
  }


  @inline static fromSameVma(link: ListHead): AnonVmaChain {
    return changetype<AnonVmaChain>(changetype<usize>(link) - offsetof<AnonVmaChain>('_sameVma'));
  }


  @inline get sameVma(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<AnonVmaChain>('_sameVma'));
  }


  @inline get node(): TreeNode {
    return changetype<TreeNode>(changetype<usize>(this) + offsetof<AnonVmaChain>('_node0'));
  }
}

if (offsetof<AnonVmaChain>() != 64) ERROR('struct anon_vma_chain fills one cache line');
