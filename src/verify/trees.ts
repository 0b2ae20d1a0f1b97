import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';

const NODE = offsetsOf('TreeNode');
/** An AVL tree of 2^32 nodes is not so high. */
const DEPTH_MAX = 64;

/** What a check of a tree needs to know about it. */
export interface TreeKind {
  /** For messages: `VMAs of pid 2`. */
  readonly name: string;
  /** Whether an address can be a node of this tree. */
  readonly isNode: (address: number) => boolean;
  /** Called for each node after its children; 0 stands for no child. */
  readonly visit?: (node: number, left: number, right: number) => void;
}

/**
 * The nodes of a balanced tree, in order. A child that does not name its parent is not entered: so
 * the walk ends whatever the memory holds.
 */
export function walkTree(audit: Audit, root: number, kind: TreeKind): number[] {
  const nodes: number[] = [];
  const { memory, findings } = audit;

  const enter = (node: number, parent: number, depth: number): number => {
    if (node === 0) return 0;
    if (!kind.isNode(node) || depth > DEPTH_MAX) {
      findings.report('tree', kind.name, 'a node', hex(node), `child of ${hex(parent)}`);
      return 0;
    }
    const back = memory.u32(node + NODE.parent);
    if (!findings.equalHex('tree', kind.name, parent, back, () => `parent of ${hex(node)}`)) {
      return 0;
    }
    const left = memory.u32(node + NODE.left);
    const right = memory.u32(node + NODE.right);
    const leftHeight = enter(left, node, depth + 1);
    nodes.push(node);
    const rightHeight = right !== 0 && right === left ? -1 : enter(right, node, depth + 1);
    const height = Math.max(leftHeight, rightHeight) + 1;
    if (Math.abs(leftHeight - rightHeight) > 1) {
      const heights = `${leftHeight} and ${rightHeight}`;
      findings.report('tree', kind.name, 'sides alike', heights, `heights below ${hex(node)}`);
    }
    const noted = memory.u32(node + NODE.height);
    findings.equal('tree', kind.name, height, noted, () => `height of ${hex(node)}`);
    kind.visit?.(node, left, right);
    return height;
  };

  enter(memory.u32(root), 0, 1);
  return nodes;
}

/**
 * Checks the nodes of an interval tree: ordered by start, each with the largest end of its subtree.
 * @param read start, last and the noted largest end of a node
 */
export function walkIntervalTree(
  audit: Audit,
  root: number,
  kind: Omit<TreeKind, 'visit'>,
  read: (node: number) => { start: number; last: number; subtreeLast: number },
): number[] {
  const nodes = walkTree(audit, root, {
    ...kind,
    visit: (node, left, right) => {
      const { last, subtreeLast } = read(node);
      const below = [left, right].filter((child) => child !== 0 && kind.isNode(child));
      const expected = Math.max(last, ...below.map((child) => read(child).subtreeLast));
      const detail = () => `last of the subtree of ${hex(node)}`;
      audit.findings.equal('tree-subtree', kind.name, expected, subtreeLast, detail);
    },
  });
  let before = 0;
  for (const node of nodes) {
    const { start } = read(node);
    if (start < before) {
      const detail = `start of ${hex(node)}`;
      audit.findings.report('tree-order', kind.name, `${before} or more`, start, detail);
    }
    before = start;
  }
  return nodes;
}
