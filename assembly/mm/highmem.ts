import { machine } from '../lib/machine';
import { SchedOp, schedPoint } from '../lib/sched_point';
import { POISON_FREE } from '../lib/poison';
import { CONTENTS_BASE, PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { CONTENTS_FULL, CONTENTS_NONE, pageAddress, pageStamp } from '../types/page';

/**
 * What frames contain (Linux: mm/highmem.c, whose pages have no permanent address either). A frame
 * holds 4096 bytes, one word that stands for them all, or nothing, as the machine was booted.
 *
 * Contents are what user space and devices write: they may change at any time under a reader, and
 * are no shared state of the kernel's. So they are accessed plainly. The SCHED build announces each
 * access as one to the whole frame, whatever it contains: who wrote before whom is what an explorer
 * must try out.
 */

/** Zeroes a frame (Linux: clear_highpage). */
export function clearPage(pfn: u32): void {
  if (isDefined(SCHED)) announce(pfn, SchedOp.Store);
  const contents = machine().contents;
  if (contents == CONTENTS_NONE) return;
  if (contents == CONTENTS_FULL) memory.fill(pageAddress(pfn), 0, PAGE_SIZE);
  else store<u64>(pageStamp(pfn), 0);
}

/** Fills a free frame so that nobody takes it for data (Linux: kernel_poison_pages). */
export function poisonPage(pfn: u32): void {
  if (!isDefined(SCHED)) return;
  const contents = machine().contents;
  if (contents == CONTENTS_FULL) memory.fill(pageAddress(pfn), POISON_FREE, PAGE_SIZE);
  else if (contents != CONTENTS_NONE) memory.fill(pageStamp(pfn), POISON_FREE, 8);
}

/** Copies a frame onto another (Linux: copy_highpage). */
export function copyPage(to: u32, from: u32): void {
  if (isDefined(SCHED)) announce(from, SchedOp.Load);
  if (isDefined(SCHED)) announce(to, SchedOp.Store);
  const contents = machine().contents;
  if (contents == CONTENTS_NONE) return;
  if (contents == CONTENTS_FULL) memory.copy(pageAddress(to), pageAddress(from), PAGE_SIZE);
  else store<u64>(pageStamp(to), load<u64>(pageStamp(from)));
}

/** Zeroes `length` bytes of a frame from `offset` on (Linux: zero_user). */
export function zeroPageRange(pfn: u32, offset: u32, length: u32): void {
  if (isDefined(SCHED)) announce(pfn, SchedOp.Store);
  const contents = machine().contents;
  if (contents == CONTENTS_NONE) return;
  if (contents == CONTENTS_FULL) memory.fill(pageAddress(pfn) + offset, 0, length);
  else {
    for (let i: u32 = 0; i < length && i < 8; i++) store<u8>(stampByte(pfn, offset + i), 0);
  }
}

/** Copies bytes out of a frame into `buffer`. */
export function readPage(pfn: u32, offset: u32, buffer: usize, length: u32): void {
  if (isDefined(SCHED)) announce(pfn, SchedOp.Load);
  const contents = machine().contents;
  if (contents == CONTENTS_FULL) memory.copy(buffer, pageAddress(pfn) + offset, length);
  else if (contents == CONTENTS_NONE) memory.fill(buffer, 0, length);
  else {
    for (let i: u32 = 0; i < length; i++) {
      store<u8>(buffer + i, load<u8>(stampByte(pfn, offset + i)));
    }
  }
}

/** Copies bytes of `buffer` into a frame. */
export function writePage(pfn: u32, offset: u32, buffer: usize, length: u32): void {
  if (isDefined(SCHED)) announce(pfn, SchedOp.Store);
  const contents = machine().contents;
  if (contents == CONTENTS_NONE) return;
  if (contents == CONTENTS_FULL) memory.copy(pageAddress(pfn) + offset, buffer, length);
  else {
    for (let i: u32 = 0; i < length; i++) {
      store<u8>(stampByte(pfn, offset + i), load<u8>(buffer + i));
    }
  }
}

/** The byte of a frame's word that stands for the byte at `offset`. */
function stampByte(pfn: u32, offset: u32): usize {
  return pageStamp(pfn) + (offset & 7);
}

function announce(pfn: u32, op: SchedOp): void {
  schedPoint(CONTENTS_BASE + ((<usize>pfn) << PAGE_SHIFT), op, PAGE_SIZE);
}
