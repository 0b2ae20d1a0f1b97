import { TreeNode } from '../lib/balanced_tree';
import { AnonVmaChain } from '../types/anon_vma';
import { Vma } from '../types/vm_area';

/**
 * The two kinds of interval trees of the reverse map (Linux: mm/interval_tree.c). Types only: their
 * methods never look at `this`.
 */

/** VMAs by the pages of the file that they map: address_space.iMmap. */
@unmanaged
export class VmaInterval {

  @inline start(node: TreeNode): u64 {
    return Vma.fromShared(node).vmPgoff;
  }


  @inline last(node: TreeNode): u64 {
    return Vma.fromShared(node).lastPgoff;
  }


  @inline subtreeLast(node: TreeNode): u64 {
    return Vma.fromShared(node).subtreeLast;
  }


  @inline setSubtreeLast(node: TreeNode, last: u64): void {
    Vma.fromShared(node).subtreeLast = last;
  }
}

/** Chains by the linear offsets of their VMA: anon_vma.tree. */
@unmanaged
export class AvcInterval {

  @inline static chainOf(node: TreeNode): AnonVmaChain {
    return AnonVmaChain.fromNode(node);
  }


  @inline start(node: TreeNode): u64 {
    return AnonVmaChain.fromNode(node).vma.vmPgoff;
  }


  @inline last(node: TreeNode): u64 {
    return AnonVmaChain.fromNode(node).vma.lastPgoff;
  }


  @inline subtreeLast(node: TreeNode): u64 {
    return AnonVmaChain.fromNode(node).subtreeLast;
  }


  @inline setSubtreeLast(node: TreeNode, last: u64): void {
    AnonVmaChain.fromNode(node).subtreeLast = last;
  }
}
