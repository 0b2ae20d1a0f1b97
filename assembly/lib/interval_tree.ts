import { TreeNode, TreeRoot, treeErase, treeInsert } from './balanced_tree';

/**
 * A set of closed intervals that finds all that overlap a given one (Linux: INTERVAL_TREE_DEFINE).
 * Ordered by start; each node also keeps the largest end of its subtree. `K` names the struct that
 * embeds the nodes, a type with `start`, `last`, `subtreeLast` and `setSubtreeLast` of a node.
 *
 * Protected by its user's lock: writers exclude everybody, walkers exclude writers.
 */

/** How an interval tree keeps its subtrees' largest ends. */
@unmanaged
class LargestEnd<K> {
  update(node: TreeNode): void {
    let end = changetype<K>(0).last(node);
    const left = node.left;
    const right = node.right;
    if (left != null) end = max<u64>(end, changetype<K>(0).subtreeLast(left));
    if (right != null) end = max<u64>(end, changetype<K>(0).subtreeLast(right));
    changetype<K>(0).setSubtreeLast(node, end);
  }
}

/** Adds a node; after those with the same start (Linux: interval_tree_insert). */
export function intervalInsert<K>(root: TreeRoot, node: TreeNode): void {
  const start = changetype<K>(0).start(node);
  let parent: TreeNode | null = null;
  let onLeft = false;
  for (let at = root.node; at != null;) {
    parent = at;
    onLeft = start < changetype<K>(0).start(at);
    at = onLeft ? at.left : at.right;
  }
  treeInsert<LargestEnd<K>>(root, node, parent, onLeft);
}

/** Removes a node (Linux: interval_tree_remove). */
export function intervalRemove<K>(root: TreeRoot, node: TreeNode): void {
  treeErase<LargestEnd<K>>(root, node);
}

/**
 * The first node in order that overlaps [first, last], or null (Linux: interval_tree_iter_first).
 */
export function intervalFirst<K>(root: TreeRoot, first: u64, last: u64): TreeNode | null {
  const top = root.node;
  if (top == null || changetype<K>(0).subtreeLast(top) < first) return null;
  return firstBelow<K>(top, first, last);
}

/** The next node in order that overlaps [first, last], or null (Linux: interval_tree_iter_next). */
export function intervalNext<K>(node: TreeNode, first: u64, last: u64): TreeNode | null {
  let at: TreeNode = node;
  while (true) {
    const right = at.right;
    if (right != null && changetype<K>(0).subtreeLast(right) >= first) {
      return firstBelow<K>(right, first, last);
    }
    let parent = at.parent;
    while (parent != null && parent.right == at) {
      at = parent;
      parent = at.parent;
    }
    if (parent == null || changetype<K>(0).start(parent) > last) return null;
    if (changetype<K>(0).last(parent) >= first) return parent;
    at = parent;
  }
}

/** The leftmost overlapping node below `top`, some node of which ends at or after `first`. */
function firstBelow<K>(top: TreeNode, first: u64, last: u64): TreeNode | null {
  let at: TreeNode = top;
  while (true) {
    const left = at.left;
    if (left != null && changetype<K>(0).subtreeLast(left) >= first) {
      at = left;
      continue;
    }
    if (changetype<K>(0).start(at) > last) return null;
    if (changetype<K>(0).last(at) >= first) return at;
    const right = at.right;
    if (right == null || changetype<K>(0).subtreeLast(right) < first) return null;
    at = right;
  }
}
