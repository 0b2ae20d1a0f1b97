import { CACHE_XA_NODE, XA_CHUNK_SHIFT, XA_CHUNK_SIZE } from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { Slabs } from './slabs.js';

const XARRAY = offsetsOf('XArray');
const NODE = offsetsOf('XaNode');
/** A slot that points to another node has this bit. */
const NODE_BIT = 2;
const SLOTS = 32;
const NR_MARKS = 3;

/**
 * Walks an xarray: calls `entry` for each entry, and checks place, count and marks of each node.
 * No mark is set at rest, so none is expected.
 */
export function walkXarray(
  audit: Audit,
  slabs: Slabs,
  xarray: number,
  name: string,
  entry: (index: number, value: number) => void,
): void {
  const { memory, findings } = audit;
  let nodes = 0;

  const enter = (node: number, parent: number, shift: number, slot: number, first: number): void => {
    if (!slabs.use(CACHE_XA_NODE, node, name)) return;
    const at = `node ${hex(node)}: `;
    const equal = (what: string, expected: number, found: number) =>
      findings.equal('xarray-node', name, expected, found, at + what);
    nodes++;
    equal('shift', shift, memory.u8(node + NODE.shift));
    equal('offset', slot, memory.u8(node + NODE.offset));
    // A child that names another parent may stand in the tree twice: it is not entered.
    if (!equal('parent', parent, memory.u32(node + NODE.parent))) return;
    let count = 0;
    for (let index = 0; index < XA_CHUNK_SIZE; index++) {
      const value = memory.u32(node + SLOTS + index * 4);
      if (value === 0) continue;
      count++;
      const position = first + index * 2 ** shift;
      if (shift === 0) entry(position, value);
      else if ((value & NODE_BIT) === 0) equal(`slot ${index}: bit of a node`, NODE_BIT, 0);
      else enter(value - NODE_BIT, node, shift - XA_CHUNK_SHIFT, index, position);
    }
    equal('count', count, memory.u8(node + NODE.count));
    if (count === 0) findings.report('xarray-node', name, 'entries', 'none', at + 'slots');
    for (let mark = 0; mark < NR_MARKS; mark++) {
      equal(`marks ${mark}`, 0, memory.u64(node + NODE.marks0 + mark * 8));
    }
  };

  const head = memory.u32(xarray + XARRAY.head);
  if (head !== 0) {
    const top = head - (head & NODE_BIT);
    const shift = memory.u8(top + NODE.shift);
    const isShift = shift % XA_CHUNK_SHIFT === 0 && shift <= 60;
    if (isShift) enter(top, 0, shift, 0, 0);
    else findings.report('xarray-node', name, 'a multiple of 6', shift, `shift of ${hex(top)}`);
  }
  findings.equal('xarray-node', name, nodes, memory.u32(xarray + XARRAY.nrNodes), 'nrNodes');
  findings.equal('xarray-node', name, 0, memory.u32(xarray + XARRAY.garbage), 'nodes to be freed');
}
