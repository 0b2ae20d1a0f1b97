import { TreeNode, treeErase, treeInsert, treeRepair } from '../lib/balanced_tree';
import { MmStruct } from '../types/mm_struct';
import { Vma } from '../types/vm_area';

/**
 * The VMAs of an mm in the order of their addresses (Linux: the maple tree of mm_struct). Each node
 * keeps the extent of its subtree and the largest hole in it, so that a free range is found in one
 * descent. Searches need mmap_lock for reading, changes for writing.
 */

/** How the tree keeps extents and holes. A type only. */
@unmanaged
class Extents {
  update(node: TreeNode): void {
    const vma = Vma.fromNode(node);
    let gap: u64 = 0;
    let start = vma.vmStart;
    let end = vma.vmEnd;
    const left = node.left;
    if (left != null) {
      const below = Vma.fromNode(left);
      gap = max<u64>(below.subtreeGap, start - below.subtreeEnd);
      start = below.subtreeStart;
    }
    const right = node.right;
    if (right != null) {
      const above = Vma.fromNode(right);
      gap = max<u64>(gap, max<u64>(above.subtreeGap, above.subtreeStart - end));
      end = above.subtreeEnd;
    }
    vma.subtreeGap = gap;
    vma.subtreeStart = start;
    vma.subtreeEnd = end;
  }
}

/** The first VMA that ends behind `address`, or null (Linux: find_vma). */
export function findVma(mm: MmStruct, address: u64): Vma | null {
  let found: Vma | null = null;
  let node = mm.mmRoot.node;
  while (node != null) {
    const vma = Vma.fromNode(node);
    if (vma.vmEnd > address) {
      found = vma;
      if (vma.vmStart <= address) break;
      node = node.left;
    } else {
      node = node.right;
    }
  }
  return found;
}

/** The last VMA that begins before `address`, or null (Linux: find_vma_prev). */
export function findVmaBefore(mm: MmStruct, address: u64): Vma | null {
  let found: Vma | null = null;
  let node = mm.mmRoot.node;
  while (node != null) {
    const vma = Vma.fromNode(node);
    const before = vma.vmStart < address;
    if (before) found = vma;
    node = before ? node.right : node.left;
  }
  return found;
}

/** The VMA that holds `address`, or null (Linux: vma_lookup). */
export function vmaLookup(mm: MmStruct, address: u64): Vma | null {
  const vma = findVma(mm, address);
  return vma != null && vma.vmStart <= address ? vma : null;
}

/** The first VMA that overlaps [start, end), or null (Linux: find_vma_intersection). */
export function findVmaIntersection(mm: MmStruct, start: u64, end: u64): Vma | null {
  const vma = findVma(mm, start);
  return vma != null && vma.vmStart < end ? vma : null;
}

/** Puts a VMA into the tree; it overlaps none of it. */
export function vmaTreeInsert(mm: MmStruct, vma: Vma): void {
  let parent: TreeNode | null = null;
  let onLeft = false;
  for (let at = mm.mmRoot.node; at != null;) {
    parent = at;
    onLeft = vma.vmStart < Vma.fromNode(at).vmStart;
    at = onLeft ? at.left : at.right;
  }
  treeInsert<Extents>(mm.mmRoot, vma.node, parent, onLeft);
}

/** Takes a VMA out of the tree. */
export function vmaTreeErase(mm: MmStruct, vma: Vma): void {
  treeErase<Extents>(mm.mmRoot, vma.node);
}

/** Tells the tree that the range of a VMA has changed, without passing a neighbour. */
export function vmaTreeChanged(mm: MmStruct, vma: Vma): void {
  treeRepair<Extents>(mm.mmRoot, vma.node);
}

/**
 * The highest address in [low, high) where `length` bytes are free, or 0
 * (Linux: vm_unmapped_area with VM_UNMAPPED_AREA_TOPDOWN).
 */
export function highestGap(mm: MmStruct, low: u64, high: u64, length: u64): u64 {
  return highestGapBelow(mm.mmRoot.node, low, high, length);
}

/**
 * The lowest address in [low, high) where `length` bytes are free, or 0 (Linux: vm_unmapped_area).
 */
export function lowestGap(mm: MmStruct, low: u64, high: u64, length: u64): u64 {
  return lowestGapBelow(mm.mmRoot.node, low, high, length);
}

/** Searches the part of [low, high) that the subtree divides; recursion is as deep as the tree. */
function highestGapBelow(node: TreeNode | null, low: u64, high: u64, length: u64): u64 {
  if (high < low || high - low < length) return 0;
  if (node == null) return high - length;
  const vma = Vma.fromNode(node);
  if (noGap(vma, low, high, length)) return 0;
  const above = highestGapBelow(node.right, max<u64>(low, vma.vmEnd), high, length);
  if (above != 0) return above;
  return highestGapBelow(node.left, low, min<u64>(high, vma.vmStart), length);
}

function lowestGapBelow(node: TreeNode | null, low: u64, high: u64, length: u64): u64 {
  if (high < low || high - low < length) return 0;
  if (node == null) return low;
  const vma = Vma.fromNode(node);
  if (noGap(vma, low, high, length)) return 0;
  const below = lowestGapBelow(node.left, low, min<u64>(high, vma.vmStart), length);
  if (below != 0) return below;
  return lowestGapBelow(node.right, max<u64>(low, vma.vmEnd), high, length);
}

/** True if neither the holes of the subtree nor those on its two sides are large enough. */
function noGap(vma: Vma, low: u64, high: u64, length: u64): bool {
  if (vma.subtreeGap >= length) return false;
  if (vma.subtreeStart > low && vma.subtreeStart - low >= length) return false;
  return !(high > vma.subtreeEnd && high - vma.subtreeEnd >= length);
}
