import { racesCopy, racesFill } from './races';
import { PAGE_SHIFT, PAGE_SIZE, WRITTEN_END, WRITTEN_HEAD, WRITTEN_MAP } from '../memlayout';

/**
 * Which pages were written, for the explorer, which puts a machine back thousands of times a
 * second and must not look at pages that are still what they were.
 *
 * In explore.wasm every instruction that writes memory passes its address through here: a step of
 * the build puts the calls in (scripts/note-writes.mjs), so that none can be forgotten. A page that
 * was written is linked into a list, at most once; the host takes the list away and empties it. The
 * map has one word a page, 0 for a page that is not in the list, else the link to the next. Its
 * CPUs are coroutines of one thread, so that plain accesses do. What asyncify writes is not noted:
 * stacks of coroutines lie behind the machine.
 *
 * Other builds have these functions, a hundred bytes, and call them nowhere.
 */

/** Notes that the page of an address is being written. Gives the address back. */
export function noteWritten(address: usize): usize {
  const entry = WRITTEN_MAP + ((address >> PAGE_SHIFT) << 2);
  if (load<u32>(entry) == 0) link(entry, <u32>(address >> PAGE_SHIFT));
  return address;
}

/** As `memory.fill`, of pages that are noted. */
export function fillNoted(to: usize, value: u32, size: usize): void {
  noteRange(to, size);
  racesFill(to, size);
  memory.fill(to, <u8>value, size);
}

/** As `memory.copy`, to pages that are noted. */
export function copyNoted(to: usize, from: usize, size: usize): void {
  noteRange(to, size);
  racesCopy(to, from, size);
  memory.copy(to, from, size);
}

function noteRange(to: usize, size: usize): void {
  if (size == 0) return;
  for (let page = to >> PAGE_SHIFT; page <= (to + size - 1) >> PAGE_SHIFT; page++) {
    noteWritten(page << PAGE_SHIFT);
  }
}

/** Puts a page at the head of the list. Links are never 0: page numbers, and one bit below them. */
function link(entry: usize, page: u32): void {
  const head = load<u32>(WRITTEN_HEAD);
  store<u32>(entry, head == 0 ? WRITTEN_END : head);
  store<u32>(WRITTEN_HEAD, (page << 1) | 1);
}

/** Blocks of a page that are compared in one go. */
const BLOCKS: u32 = 32;
const BLOCK_SIZE: usize = <usize>PAGE_SIZE / BLOCKS;

/** Which blocks of a page differ from a copy of the page: a bit each. */
export function blocksThatDiffer(page: usize, copy: usize): u32 {
  let bits: u32 = 0;
  for (let block: u32 = 0; block < BLOCKS; block++) {
    const at = <usize>block * BLOCK_SIZE;
    if (!isSameBlock(page + at, copy + at)) bits |= 1 << block;
  }
  return bits;
}

function isSameBlock(block: usize, copy: usize): bool {
  for (let at: usize = 0; at < BLOCK_SIZE; at += 32) {
    const first =
      (load<u64>(block + at) ^ load<u64>(copy + at)) |
      (load<u64>(block + at, 8) ^ load<u64>(copy + at, 8));
    const second =
      (load<u64>(block + at, 16) ^ load<u64>(copy + at, 16)) |
      (load<u64>(block + at, 24) ^ load<u64>(copy + at, 24));
    if ((first | second) != 0) return false;
  }
  return true;
}

/** Makes a page what a copy of it is; that is no write of anybody's. */
export function putBack(page: usize, copy: usize): void {
  memory.copy(page, copy, PAGE_SIZE);
}
