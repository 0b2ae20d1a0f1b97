import {
  STRUCTS,
  CACHE_XA_NODE,
  XA_CHUNK_SHIFT,
  XA_CHUNK_SIZE,
  XA_MARK_TOWRITE,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { Slabs } from './slabs.js';

const XARRAY = offsetsOf('XArray');
const NODE = offsetsOf('XaNode');
/** A slot that points to another node has this bit. */
const NODE_BIT = 2;
const SLOTS = STRUCTS.XaNode.size;
const NR_MARKS = 3;
/** A top node of this shift reaches every index of 64 bits. */
const SHIFT_MAX = 60;

/** Calls a visitor for each entry: its index and its value. */
export type EntryVisitor = (index: number, value: number) => void;

/** Walks one xarray, and checks the place, the count and the marks of each node. */
class Walk {
  readonly #audit: Audit;
  readonly #slabs: Slabs;
  readonly #name: string;
  readonly #visit: EntryVisitor;
  nodes = 0;

  constructor(audit: Audit, slabs: Slabs, name: string, visit: EntryVisitor) {
    this.#audit = audit;
    this.#slabs = slabs;
    this.#name = name;
    this.#visit = visit;
  }

  /** Walks a subtree; returns which marks it has: bit `m` for mark `m`. */
  enter(node: number, parent: number, shift: number, offset: number, first: number): number {
    const { memory } = this.#audit;
    if (!this.#slabs.use(CACHE_XA_NODE, node, this.#name)) return 0;
    this.nodes++;
    this.#equal(node, 'shift', shift, memory.u8(node + NODE.shift));
    this.#equal(node, 'offset', offset, memory.u8(node + NODE.offset));
    // A child that names another parent may stand in the tree twice: it is not entered.
    if (!this.#equal(node, 'parent', parent, memory.u32(node + NODE.parent))) return 0;
    let count = 0;
    let marks = 0;
    for (let slot = 0; slot < XA_CHUNK_SIZE; slot++) {
      const value = memory.u32(node + SLOTS + slot * 4);
      const noted = this.#marksOf(node, slot);
      const found = value === 0 ? 0 : this.#slot(node, shift, slot, first, value, noted);
      if (value !== 0) count++;
      if (found !== noted) this.#equal(node, `marks of slot ${slot}`, found, noted);
      marks |= noted;
    }
    this.#equal(node, 'count', count, memory.u32(node + NODE.count));
    if (count === 0) this.#equal(node, 'slots in use', 'some', 'none');
    return marks;
  }

  /** What a slot leads to; returns the marks that it should have. */
  #slot(
    node: number,
    shift: number,
    slot: number,
    first: number,
    value: number,
    noted: number,
  ): number {
    const index = first + slot * 2 ** shift;
    if (shift === 0) {
      this.#visit(index, value);
      return noted;
    }
    if (!this.#equal(node, 'kind of a slot', NODE_BIT, value & NODE_BIT)) return noted;
    return this.enter(value - NODE_BIT, node, shift - XA_CHUNK_SHIFT, slot, index);
  }

  /** The marks of one slot, as bits. */
  #marksOf(node: number, slot: number): number {
    const { memory } = this.#audit;
    const word = node + NODE.marks0 + (slot >> 5) * 4;
    let marks = 0;
    for (let mark = 0; mark < NR_MARKS; mark++) {
      marks |= ((memory.u32(word + mark * 8) >>> (slot & 31)) & 1) << mark;
    }
    return marks;
  }

  #equal(node: number, what: string, expected: number | string, found: number | string): boolean {
    if (expected === found) return true;
    const detail = `${what} of node ${hex(node)}`;
    this.#audit.findings.report('xarray-node', this.#name, expected, found, detail);
    return false;
  }
}

/** Walks an xarray; at rest no entry is marked as one to look at again. */
export function walkXarray(
  audit: Audit,
  slabs: Slabs,
  xarray: number,
  name: string,
  visit: EntryVisitor,
): void {
  const { memory, findings } = audit;
  const walk = new Walk(audit, slabs, name, visit);
  const head = memory.u32(xarray + XARRAY.head);
  if (head !== 0) {
    const top = head - (head & NODE_BIT);
    const shift = memory.u8(top + NODE.shift);
    if (shift % XA_CHUNK_SHIFT === 0 && shift <= SHIFT_MAX) {
      const toWrite = (walk.enter(top, 0, shift, 0, 0) >> XA_MARK_TOWRITE) & 1;
      findings.equal('xarray-node', name, 0, toWrite, 'marks of pages that a sealer waits for');
    } else {
      findings.report('xarray-node', name, 'a multiple of 6', shift, `shift of ${hex(top)}`);
    }
  }
  findings.equal('xarray-node', name, walk.nodes, memory.u32(xarray + XARRAY.nrNodes), 'nrNodes');
  findings.equal('xarray-node', name, 0, memory.u32(xarray + XARRAY.garbage), 'nodes to be freed');
}

/** True for an entry that is a number and no address. */
export function isValue(entry: number): boolean {
  return (entry & 1) !== 0;
}

/** The slot of the swap device that such an entry of a page cache names. */
export function slotOf(entry: number): number {
  return entry >>> 2;
}
