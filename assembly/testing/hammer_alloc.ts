import { Atomic, cellAt } from '../lib/atomic';
import { thisCpu } from '../lib/percpu';
import { cacheAlloc, cacheFree, objectSize } from '../lib/slab';
import { KMEM_BASE } from '../memlayout';
import { allocPages, freePages } from '../mm/page_alloc';
import { Page } from '../types/page';
import { Shared, nextRandom } from './shared';

/**
 * CPUs that allocate, put what they got into a mailbox, and free what they take out of it: mostly
 * what another CPU has allocated. Each returns how often something was wrong.
 */

/** An entry of the mailbox for a block: its frame number and its order. */
const ORDER_BITS: u32 = 4;

/**
 * Blocks of pages up to `maxOrder`. `owners` has a word for each frame, which says who was given
 * it: a frame that is handed out twice, or freed without an owner, counts as wrong.
 */
export function hammerPages(
  shared: Shared,
  cpus: u32,
  rounds: u32,
  owners: usize,
  maxOrder: u32,
): u32 {
  let wrong: u32 = 0;
  let seed = 0x9e3779b9 + thisCpu().cpu;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    seed = nextRandom(seed);
    const order = (seed & 7) == 0 ? (seed >> 3) % (maxOrder + 1) : 0;
    const page = takes(i >> 9) ? allocPages(order) : null;
    let entry: u32 = 0;
    if (page != null) {
      wrong += claim(owners, page.pfn, order);
      entry = ((page.pfn << ORDER_BITS) | order) + 1;
    }
    wrong += takeBack(owners, shared.mailbox(seed >> 16).exchange(entry));
  }
  return wrong;
}

/** Frees a block that came out of a mailbox, if it is one; returns how many frames had no owner. */
export function takeBack(owners: usize, entry: u32): u32 {
  if (entry == 0) return 0;
  let wrong: u32 = 0;
  const pfn = (entry - 1) >> ORDER_BITS;
  const order = (entry - 1) & ((1 << ORDER_BITS) - 1);
  for (let i: u32 = 0; i < (<u32>1) << order; i++) {
    if (cellAt<u32>(owners + ((<usize>(pfn + i)) << 2)).exchange(0) == 0) wrong++;
  }
  const page = Page.fromPfn(pfn);
  page.refcount.sub(1);
  freePages(page, order);
  return wrong;
}

/**
 * Objects of a cache: they must come zeroed, keep what their owner wrote, and have one owner.
 * `owners` has a word for each 32 bytes of the kernel's pages.
 */
export function hammerObjects(
  shared: Shared,
  cpus: u32,
  rounds: u32,
  owners: usize,
  cache: u32,
): u32 {
  let wrong: u32 = 0;
  let seed = 0x9e3779b9 + thisCpu().cpu;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    seed = nextRandom(seed);
    const object = takes(i >> 7) ? cacheAlloc(cache) : 0;
    if (object != 0) {
      wrong += holds(object, objectSize(cache), 0);
      fill(object, objectSize(cache), <u32>object);
      if (ownerOf(owners, object).exchange(thisCpu().cpu + 1) != 0) wrong++;
    }
    const other = <usize>shared.mailbox(seed >> 16).exchange(<u32>object);
    if (other != 0) wrong += giveBack(owners, cache, other);
  }
  return wrong;
}

/** Frees an object that came out of a mailbox; returns how much was wrong with it. */
export function giveBack(owners: usize, cache: u32, object: usize): u32 {
  let wrong = holds(object, objectSize(cache), <u32>object);
  if (ownerOf(owners, object).exchange(0) == 0) wrong++;
  cacheFree(cache, object);
  return wrong;
}

function ownerOf(owners: usize, object: usize): Atomic<u32> {
  return cellAt<u32>(owners + (((object - KMEM_BASE) >> 5) << 2));
}

/**
 * True in every other phase: in one a CPU allocates, in the next it only frees, so that lists of
 * its own run empty and full and it has to go to the common ones.
 */
function takes(phase: u32): bool {
  return ((phase + thisCpu().cpu) & 1) == 0;
}

/** Marks the frames of a block as owned by this CPU; returns how many somebody had already. */
function claim(owners: usize, pfn: u32, order: u32): u32 {
  let wrong: u32 = 0;
  for (let i: u32 = 0; i < (<u32>1) << order; i++) {
    const owner = cellAt<u32>(owners + ((<usize>(pfn + i)) << 2));
    if (owner.exchange(thisCpu().cpu + 1) != 0) wrong++;
  }
  return wrong;
}

function fill(object: usize, size: u32, word: u32): void {
  for (let at: u32 = 0; at < size; at += 4) store<u32>(object + at, word);
}

/** 0 if every word of the object is `word`, else 1. */
function holds(object: usize, size: u32, word: u32): u32 {
  for (let at: u32 = 0; at < size; at += 4) {
    if (load<u32>(object + at) != word) return 1;
  }
  return 0;
}
