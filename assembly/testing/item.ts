import { TreeNode, TreeRoot } from '../lib/balanced_tree';
import { intervalFirst, intervalInsert, intervalNext, intervalRemove } from '../lib/interval_tree';

export { treeFirst, treeLast, treeNext, treePrev } from '../lib/balanced_tree';

// ╒═══════════════ struct item (48 bytes) ═══════════════╕
//   +0   node         16   place in its tree
//   +16  first        u64
//   +24  last         u64
//   +32  subtreeLast  u64

/** An interval that knows nothing but itself: the least that an interval tree can hold. */
@unmanaged
class Item {
  private _node0: u64;
  private _node1: u64;
  first: u64;
  last: u64;
  subtreeLast: u64;
}

if (offsetof<Item>('first') != 16) ERROR('a node begins its item');

/** How the interval tree sees items. A type only: its methods never look at `this`. */
@unmanaged
class ItemInterval {

  @inline start(node: TreeNode): u64 {
    return changetype<Item>(changetype<usize>(node)).first;
  }


  @inline last(node: TreeNode): u64 {
    return changetype<Item>(changetype<usize>(node)).last;
  }


  @inline subtreeLast(node: TreeNode): u64 {
    return changetype<Item>(changetype<usize>(node)).subtreeLast;
  }


  @inline setSubtreeLast(node: TreeNode, last: u64): void {
    changetype<Item>(changetype<usize>(node)).subtreeLast = last;
  }
}

/** intervalInsert of an item. */
export function intervalInsertOf(root: TreeRoot, node: TreeNode): void {
  intervalInsert<ItemInterval>(root, node);
}

/** intervalRemove of an item. */
export function intervalRemoveOf(root: TreeRoot, node: TreeNode): void {
  intervalRemove<ItemInterval>(root, node);
}

/** intervalFirst among items. */
export function intervalFirstOf(root: TreeRoot, first: u64, last: u64): TreeNode | null {
  return intervalFirst<ItemInterval>(root, first, last);
}

/** intervalNext among items. */
export function intervalNextOf(node: TreeNode, first: u64, last: u64): TreeNode | null {
  return intervalNext<ItemInterval>(node, first, last);
}
