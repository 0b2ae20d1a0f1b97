import assert from 'node:assert/strict';
import { STRUCTS } from '../../src/wasm/generated/layout.js';
import type { TestMachine } from './machine.js';

const { parent, left, right, height } = STRUCTS.TreeNode.fields;

/** A node with what hangs below it; 0 where nothing does. */
export interface NodeView {
  readonly node: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The nodes of a balanced tree in order, after a look at each: parents, heights and balance are
 * right. `visit` sees every node, children before parents, and looks at what the tree keeps there.
 */
export function nodesOf(
  machine: TestMachine,
  root: number,
  visit: (view: NodeView) => void = () => undefined,
): number[] {
  const found: number[] = [];
  const walk = (node: number, above: number): number => {
    if (node === 0) return 0;
    const view = {
      node,
      left: machine.word(node + left.offset),
      right: machine.word(node + right.offset),
    };
    assert.equal(machine.word(node + parent.offset), above);
    const leftHeight = walk(view.left, node);
    found.push(node);
    const rightHeight = walk(view.right, node);
    const own = Math.max(leftHeight, rightHeight) + 1;
    assert.ok(Math.abs(leftHeight - rightHeight) <= 1);
    assert.equal(machine.word(node + height.offset), own);
    visit(view);
    return own;
  };
  const total = walk(machine.word(root), 0);
  // An AVL tree of n nodes is lower than 1.4405 log2(n + 2); see Knuth, 6.2.3, theorem A.
  assert.ok(total <= 1.45 * Math.log2(found.length + 2));
  return found;
}
