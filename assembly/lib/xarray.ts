import { Atomic } from './atomic';
import { CACHE_XA_NODE, cacheAlloc, cacheFree } from './slab';
import { SpinLock } from './spinlock';

/**
 * An array indexed by 64-bit numbers, sparse, with three marks an entry (Linux: struct xarray): a
 * tree of nodes with 64 slots, as high as the largest index needs. It holds a file's page cache.
 *
 * Entries are addresses of at least four-byte alignment, or numbers of 30 bits, with bit 0 set
 * (`xaMkValue`); 0 is none. A slot that points to another node has bit 1 set.
 *
 * Writers hold `lock`. Readers may hold nothing: with interrupts off (see lib/rcu.ts) `xaLoad`
 * walks slots that change one by one; a node that has become empty is unlinked but freed only by
 * `xaReap`, after the writer has waited for such readers.
 */

export const XA_CHUNK_SHIFT: u32 = 6;
export const XA_CHUNK_SIZE: u32 = 1 << XA_CHUNK_SHIFT;
const XA_CHUNK_MASK: u64 = 63;

export const XA_MARK_DIRTY: u32 = 0;
export const XA_MARK_WRITEBACK: u32 = 1;
export const XA_MARK_TOWRITE: u32 = 2;
const NR_MARKS: u32 = 3;
const NODE_BIT: u32 = 2;

// ╒═══════════════ struct xa_node (320 bytes) ═══════════════╕
//   +0   parent   u32       lock held
//   +4   shift    u8        immutable: a slot spans 1 << shift indices
//   +5   offset   u8        immutable: slot of the parent
//   +8   count    u32       lock held: slots in use
//   +16  marks    3 x u64   lock held: one bit a slot
//   +40  slots    64 x u32  atomic, written with the lock held
//   +296 reserved
@unmanaged
export class XaNode {
  parent: XaNode | null;
  shift: u8;
  offset: u8;
  count: u32;
  marks0: u64;
  marks1: u64;
  marks2: u64;


  @inline slot(index: u32): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + XA_NODE_SLOTS + ((<usize>index) << 2));
  }


  @inline getMarks(mark: u32): u64 {
    return load<u64>(changetype<usize>(this) + ((<usize>mark) << 3), offsetof<XaNode>('marks0'));
  }


  @inline setMarks(mark: u32, bits: u64): void {
    store<u64>(changetype<usize>(this) + ((<usize>mark) << 3), bits, offsetof<XaNode>('marks0'));
  }
}

const XA_NODE_SLOTS: usize = 40;
if (offsetof<XaNode>() != XA_NODE_SLOTS) ERROR('the slots of struct xa_node follow its marks');

// ╒═══════════════ struct xarray (16 bytes) ═══════════════╕
//   +0   lock     u32   lock of all of it
//   +4   head     u32   atomic, written with the lock held: a node, or none
//   +8   garbage  u32   lock held: unlinked nodes, linked through `parent`
//   +12  nrNodes  u32   lock held
@unmanaged
export class XArray {
  private _lock: u32;
  private _head: u32;
  garbage: XaNode | null;
  nrNodes: u32;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<XArray>('_lock'));
  }


  @inline get head(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<XArray>('_head'));
  }
}

if (offsetof<XArray>() != 16) ERROR('structs reserve sixteen bytes for an xarray');

/** A small number as an entry, told from an address by its lowest bit (Linux: xa_mk_value). */
export function xaMkValue(value: u32): usize {
  return ((<usize>value) << 2) | 1;
}

/** The number in such an entry (Linux: xa_to_value). */
export function xaToValue(entry: usize): u32 {
  return <u32>(entry >> 2);
}

/** True if the entry is a number, and no address (Linux: xa_is_value). */
export function xaIsValue(entry: usize): bool {
  return (entry & 1) != 0;
}

/** The entry at `index`, or 0 (Linux: xa_load). The lock is held, or interrupts are off. */
export function xaLoad(xa: XArray, index: u64): usize {
  let entry = xa.head.dereference();
  if (entry == 0 || indexTooLarge(nodeOf(entry), index)) return 0;
  while ((entry & NODE_BIT) != 0) {
    const node = nodeOf(entry);
    entry = node.slot(slotOf(node, index)).dereference();
  }
  return <usize>entry;
}

/**
 * Puts `value` at `index`, over what is there; false when memory is exhausted, and then nothing has
 * changed that a reader could see (Linux: __xa_store). The lock is held.
 */
export function xaStoreLocked(xa: XArray, index: u64, value: usize): bool {
  const leaf = createPath(xa, index);
  if (leaf == null) return false;
  const slot = leaf.slot(slotOf(leaf, index));
  if (slot.load() == 0) leaf.count++;
  slot.storeRelease(<u32>value);
  return true;
}

/**
 * Takes the entry at `index` out, with its marks, and returns it, or 0 (Linux: __xa_erase). The
 * lock is held. Nodes that become empty wait in `garbage` for `xaReap`.
 */
export function xaEraseLocked(xa: XArray, index: u64): usize {
  const leaf = findLeaf(xa, index);
  if (leaf == null) return 0;
  const at = slotOf(leaf, index);
  const value = leaf.slot(at).load();
  if (value == 0) return 0;
  for (let mark: u32 = 0; mark < NR_MARKS; mark++) clearMarkAt(leaf, at, mark);
  leaf.slot(at).store(0);
  leaf.count--;
  if (leaf.count == 0) unlinkEmpty(xa, leaf);
  return <usize>value;
}

/**
 * Frees the unlinked nodes. The lock is held.
 * Preconditions:
 * - `synchronize` was called since the last erase.
 */
export function xaReapLocked(xa: XArray): void {
  let node = xa.garbage;
  xa.garbage = null;
  while (node != null) {
    const next = node.parent;
    cacheFree(CACHE_XA_NODE, changetype<usize>(node));
    xa.nrNodes--;
    node = next;
  }
}

/**
 * Sets a mark on the entry at `index`, if there is one (Linux: __xa_set_mark). The lock is held.
 */
export function xaSetMarkLocked(xa: XArray, index: u64, mark: u32): void {
  let node = findLeaf(xa, index);
  if (node == null || node.slot(slotOf(node, index)).load() == 0) return;
  let at = slotOf(node, index);
  while (node != null) {
    node.setMarks(mark, node.getMarks(mark) | ((<u64>1) << at));
    at = node.offset;
    node = node.parent;
  }
}

/** Clears a mark of the entry at `index` (Linux: __xa_clear_mark). The lock is held. */
export function xaClearMarkLocked(xa: XArray, index: u64, mark: u32): void {
  const leaf = findLeaf(xa, index);
  if (leaf != null) clearMarkAt(leaf, slotOf(leaf, index), mark);
}

/** True if any entry has the mark (Linux: xa_marked). The lock is held. */
export function xaMarkedLocked(xa: XArray, mark: u32): bool {
  const head = xa.head.load();
  return head != 0 && nodeOf(head).getMarks(mark) != 0;
}

/**
 * The smallest index at or after `from` with an entry (Linux: xas_find); XA_NONE when there is
 * none. The lock is held, or interrupts are off.
 */
export function xaNext(xa: XArray, from: u64): u64 {
  return findNext(xa, from, NR_MARKS);
}

/** The smallest index at or after `from` whose entry has the mark, or XA_NONE. The lock is held. */
export function xaNextMarkedLocked(xa: XArray, from: u64, mark: u32): u64 {
  return findNext(xa, from, mark);
}

/** No index: what the searches return when they find nothing. */
export const XA_NONE: u64 = u64.MAX_VALUE;

function nodeOf(entry: u32): XaNode {
  return changetype<XaNode>(<usize>(entry & ~NODE_BIT));
}

function slotOf(node: XaNode, index: u64): u32 {
  return <u32>((index >> node.shift) & XA_CHUNK_MASK);
}

/** True if `index` lies beyond what a tree with this top node can hold. */
function indexTooLarge(top: XaNode, index: u64): bool {
  const bits = <u32>top.shift + XA_CHUNK_SHIFT;
  return bits < 64 && index >> bits != 0;
}

function findLeaf(xa: XArray, index: u64): XaNode | null {
  let entry = xa.head.load();
  if (entry == 0 || indexTooLarge(nodeOf(entry), index)) return null;
  while (entry != 0) {
    const node = nodeOf(entry);
    if (node.shift == 0) return node;
    entry = node.slot(slotOf(node, index)).load();
  }
  return null;
}

/** The leaf for `index`, creating what is missing; null when memory is exhausted. */
function createPath(xa: XArray, index: u64): XaNode | null {
  if (xa.head.load() == 0 && !plantRoot(xa, index)) return null;
  while (indexTooLarge(nodeOf(xa.head.load()), index)) {
    if (!growRoot(xa)) return null;
  }
  let node = nodeOf(xa.head.load());
  while (node.shift != 0) {
    const at = slotOf(node, index);
    let entry = node.slot(at).load();
    if (entry == 0) {
      const child = newNode(xa, node.shift - <u8>XA_CHUNK_SHIFT, <u8>at, node);
      if (child == null) {
        if (node.count == 0) unlinkEmpty(xa, node);
        return null;
      }
      entry = (<u32>changetype<usize>(child)) | NODE_BIT;
      node.slot(at).storeRelease(entry);
      node.count++;
    }
    node = nodeOf(entry);
  }
  return node;
}

function plantRoot(xa: XArray, index: u64): bool {
  let shift: u8 = 0;
  while (<u32>shift + XA_CHUNK_SHIFT < 64 && index >> (<u32>shift + XA_CHUNK_SHIFT) != 0) {
    shift += <u8>XA_CHUNK_SHIFT;
  }
  const root = newNode(xa, shift, 0, null);
  if (root == null) return false;
  xa.head.storeRelease((<u32>changetype<usize>(root)) | NODE_BIT);
  return true;
}

/** Puts a new root above the old one, which becomes its slot 0. */
function growRoot(xa: XArray): bool {
  const old = nodeOf(xa.head.load());
  const root = newNode(xa, old.shift + <u8>XA_CHUNK_SHIFT, 0, null);
  if (root == null) return false;
  root.slot(0).init((<u32>changetype<usize>(old)) | NODE_BIT);
  root.count = 1;
  for (let mark: u32 = 0; mark < NR_MARKS; mark++) {
    root.setMarks(mark, old.getMarks(mark) != 0 ? 1 : 0);
  }
  old.parent = root;
  xa.head.storeRelease((<u32>changetype<usize>(root)) | NODE_BIT);
  return true;
}

function newNode(xa: XArray, shift: u8, offset: u8, parent: XaNode | null): XaNode | null {
  const address = cacheAlloc(CACHE_XA_NODE);
  if (address == 0) return null;
  const node = changetype<XaNode>(address);
  node.shift = shift;
  node.offset = offset;
  node.parent = parent;
  xa.nrNodes++;
  return node;
}

/** Unlinks a node without entries, and its ancestors that lose their last entry by that. */
function unlinkEmpty(xa: XArray, empty: XaNode): void {
  let node: XaNode = empty;
  while (true) {
    const parent = node.parent;
    if (parent == null) xa.head.store(0);
    else {
      parent.slot(node.offset).store(0);
      parent.count--;
    }
    node.parent = xa.garbage;
    xa.garbage = node;
    if (parent == null || parent.count != 0) return;
    node = parent;
  }
}

/** Clears a mark of one slot, and upwards where it was the last of its node. */
function clearMarkAt(leaf: XaNode, slot: u32, mark: u32): void {
  let node: XaNode | null = leaf;
  let at = slot;
  while (node != null) {
    const bits = node.getMarks(mark) & ~((<u64>1) << at);
    node.setMarks(mark, bits);
    if (bits != 0) return;
    at = node.offset;
    node = node.parent;
  }
}

/** Searches entries (mark == NR_MARKS) or marked entries from an index on. */
function findNext(xa: XArray, from: u64, mark: u32): u64 {
  let index = from;
  while (true) {
    const head = xa.head.dereference();
    if (head == 0 || indexTooLarge(nodeOf(head), index)) return XA_NONE;
    let node = nodeOf(head);
    while (true) {
      const start = slotOf(node, index);
      const at = nextSlot(node, start, mark);
      if (at != start) {
        const next = ((index >> node.shift) + (at - start)) << node.shift;
        if (next <= index) return XA_NONE; // passed the end of the index space
        index = next;
      }
      if (at == XA_CHUNK_SIZE) break;
      const entry = node.slot(at).dereference();
      if (node.shift == 0) return index;
      if (entry == 0) break; // emptied by a writer while we looked: search again from here
      node = nodeOf(entry);
    }
  }
}

/** The first slot at or after `start` in use (or with the mark), or XA_CHUNK_SIZE. */
function nextSlot(node: XaNode, start: u32, mark: u32): u32 {
  if (mark < NR_MARKS) {
    const bits = node.getMarks(mark) >> start;
    return bits == 0 ? XA_CHUNK_SIZE : start + <u32>ctz<u64>(bits);
  }
  let at = start;
  while (at < XA_CHUNK_SIZE && node.slot(at).load() == 0) at++;
  return at;
}
