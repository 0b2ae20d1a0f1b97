/**
 * A balanced search tree through nodes that are embedded in structs, in which each node also keeps
 * something about its whole subtree (Linux: rbtree_augmented; here an AVL tree, which is half the
 * code since an augmented tree has to walk up to the root after each change anyway).
 *
 * The user searches for the place and links the node; the tree then balances. `A` says what is kept
 * for a subtree: a class with `update(node)`, called on every node whose subtree changed, children
 * before parents. It is a type only, its methods never look at `this`: the core has no function
 * pointers, and so the compiler makes one copy of the tree code for each kind of tree.
 *
 * Protected by its user's lock.
 */

// ╒═══════════════ struct tree_node (16 bytes) ═══════════════╕
//   +0  parent  +4  left  +8  right  +12  height (0: in no tree)
@unmanaged
export class TreeNode {
  parent: TreeNode | null;
  left: TreeNode | null;
  right: TreeNode | null;
  height: u32;
}


@unmanaged
export class TreeRoot {
  node: TreeNode | null;
}

if (offsetof<TreeNode>() != 16) ERROR('structs reserve sixteen bytes for a tree node');
if (offsetof<TreeRoot>() != 4) ERROR('structs reserve four bytes for a tree root');

/**
 * Links `node` below `parent` (null: as the root), on the left side or the right, and balances.
 * Preconditions:
 * - that side of `parent` is empty, and it is where the node belongs in the order.
 */
export function treeInsert<A>(
  root: TreeRoot,
  node: TreeNode,
  parent: TreeNode | null,
  onLeft: bool,
): void {
  node.parent = parent;
  node.left = null;
  node.right = null;
  node.height = 1;
  if (parent == null) root.node = node;
  else if (onLeft) parent.left = node;
  else parent.right = node;
  changetype<A>(0).update(node);
  treeRepair<A>(root, parent);
}

/** Takes `node` out of the tree and balances. */
export function treeErase<A>(root: TreeRoot, node: TreeNode): void {
  const left = node.left;
  const right = node.right;
  let repairFrom: TreeNode | null;
  if (left == null || right == null) {
    repairFrom = node.parent;
    replaceChild(root, node, left == null ? right : left);
  } else {
    repairFrom = eraseWithTwoChildren(root, node, left, right);
  }
  node.height = 0;
  treeRepair<A>(root, repairFrom);
}

/** Recomputes what is kept for the subtrees of `from` and of all above it, and balances them. */
export function treeRepair<A>(root: TreeRoot, from: TreeNode | null): void {
  let node = from;
  while (node != null) {
    const balance = <i32>heightOf(node.left) - <i32>heightOf(node.right);
    let top: TreeNode = node;
    if (balance > 1) top = leanRight<A>(root, node);
    else if (balance < -1) top = leanLeft<A>(root, node);
    else settle<A>(node);
    node = top.parent;
  }
}

/** The first node in order, or null (Linux: rb_first). */
export function treeFirst(root: TreeRoot): TreeNode | null {
  const top = root.node;
  return top == null ? null : leftmost(top);
}

/** The last node in order, or null (Linux: rb_last). */
export function treeLast(root: TreeRoot): TreeNode | null {
  const top = root.node;
  return top == null ? null : rightmost(top);
}

/** The node after `node`, or null (Linux: rb_next). */
export function treeNext(node: TreeNode): TreeNode | null {
  const right = node.right;
  if (right != null) return leftmost(right);
  let child: TreeNode = node;
  let parent = node.parent;
  while (parent != null && parent.right == child) {
    child = parent;
    parent = child.parent;
  }
  return parent;
}

/** The node before `node`, or null (Linux: rb_prev). */
export function treePrev(node: TreeNode): TreeNode | null {
  const left = node.left;
  if (left != null) return rightmost(left);
  let child: TreeNode = node;
  let parent = node.parent;
  while (parent != null && parent.left == child) {
    child = parent;
    parent = child.parent;
  }
  return parent;
}

function leftmost(node: TreeNode): TreeNode {
  let at = node;
  for (let next = at.left; next != null; next = at.left) at = next;
  return at;
}

function rightmost(node: TreeNode): TreeNode {
  let at = node;
  for (let next = at.right; next != null; next = at.right) at = next;
  return at;
}

function heightOf(node: TreeNode | null): u32 {
  return node == null ? 0 : node.height;
}

function settle<A>(node: TreeNode): void {
  const left = heightOf(node.left);
  const right = heightOf(node.right);
  node.height = (left > right ? left : right) + 1;
  changetype<A>(0).update(node);
}

/** Puts `child` (or nothing) where `node` hangs. */
function replaceChild(root: TreeRoot, node: TreeNode, child: TreeNode | null): void {
  const parent = node.parent;
  if (child != null) child.parent = parent;
  if (parent == null) root.node = child;
  else if (parent.left == node) parent.left = child;
  else parent.right = child;
}

/** The successor takes the place of `node`. Returns the lowest node whose subtree changed. */
function eraseWithTwoChildren(
  root: TreeRoot,
  node: TreeNode,
  left: TreeNode,
  right: TreeNode,
): TreeNode {
  const heir = leftmost(right);
  let changed: TreeNode = heir;
  if (heir != right) {
    changed = heir.parent!;
    replaceChild(root, heir, heir.right);
    heir.right = right;
    right.parent = heir;
  }
  heir.left = left;
  left.parent = heir;
  replaceChild(root, node, heir);
  return changed;
}

/** The left side of `node` is two higher: rotates to the right. Returns the new top. */
function leanRight<A>(root: TreeRoot, node: TreeNode): TreeNode {
  const left = node.left!;
  if (heightOf(left.left) < heightOf(left.right)) rotateLeft<A>(root, left);
  return rotateRight<A>(root, node);
}

/** The right side of `node` is two higher: rotates to the left. Returns the new top. */
function leanLeft<A>(root: TreeRoot, node: TreeNode): TreeNode {
  const right = node.right!;
  if (heightOf(right.right) < heightOf(right.left)) rotateRight<A>(root, right);
  return rotateLeft<A>(root, node);
}

function rotateLeft<A>(root: TreeRoot, node: TreeNode): TreeNode {
  const top = node.right!;
  const middle = top.left;
  replaceChild(root, node, top);
  node.right = middle;
  if (middle != null) middle.parent = node;
  top.left = node;
  node.parent = top;
  settle<A>(node);
  settle<A>(top);
  return top;
}

function rotateRight<A>(root: TreeRoot, node: TreeNode): TreeNode {
  const top = node.left!;
  const middle = top.right;
  replaceChild(root, node, top);
  node.left = middle;
  if (middle != null) middle.parent = node;
  top.right = node;
  node.parent = top;
  settle<A>(node);
  settle<A>(top);
  return top;
}
