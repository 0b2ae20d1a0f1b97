import { VM_NR_FREE_PAGES, VM_PGALLOC_NORMAL, VM_PGFREE } from '../abi';
import { BUG_ON, VM_BUG_ON } from '../lib/bug';
import { machine } from '../lib/machine';
import { PerCpu, thisCpu } from '../lib/percpu';
import { noteAlloc, noteFree } from '../lib/poison';
import { PAGE_STRUCT_SIZE } from '../memlayout';
import { MAX_PAGE_ORDER, NR_PAGE_ORDERS, PerCpuPages, Zone, zone } from '../types/mmzone';
import { PAGE_TYPE_BUDDY, PAGE_TYPE_PCP, Page } from '../types/page';
import { clearPage, poisonPage } from './highmem';
import { pageCacheRelease } from './mm_inline';
import { lruAddDrainAll } from './swap';
import { tryToFreePages } from './vmscan';
import { countVmEvent, modPageState } from './vmstat';

/**
 * Frames of emulated RAM: a buddy allocator with lists of single pages for each CPU in front of it
 * (Linux: mm/page_alloc.c).
 *
 * Frames that were never used lie behind the zone's frontier and in no list; the buddy takes one
 * largest block at a time from there when its lists are empty (Linux: deferred_grow_zone). So
 * booting costs nothing by the size of the machine, and a frame never touched no host memory.
 *
 * A CPU whose list is empty takes PCP_BATCH pages from the buddy; one with PCP_HIGH pages gives as
 * many back. When the buddy has nothing left, the lists of all CPUs are drained and searched once
 * more before the answer is that memory is exhausted.
 */

const PCP_BATCH: u32 = 63;
const PCP_HIGH: u32 = 4 * PCP_BATCH;

/** Makes the lists; called once, at boot. */
export function freeAreaInit(): void {
  for (let order: u32 = 0; order < NR_PAGE_ORDERS; order++) zone().freeList(order).init();
  for (let cpu: u32 = 0; cpu < machine().nrCpus; cpu++) PerCpuPages.of(PerCpu.of(cpu)).list.init();
  modPageState(VM_NR_FREE_PAGES, machine().nrFrames);
}

/** One zeroed page with reference count 1, or null when memory is exhausted (Linux: alloc_page). */
export function allocZeroedPage(): Page | null {
  const page = allocPage();
  if (page != null) clearPage(page.pfn);
  return page;
}

/** One page with reference count 1 and stale contents, or null (Linux: alloc_page). */
export function allocPage(): Page | null {
  let page = takeFromPcp();
  if (page == null) {
    page = allocSlowly();
    if (page == null) return null;
  }
  prepNewPage(page, 0);
  return page;
}

/**
 * Looks in the lists of all CPUs, then reclaims as long as that gives anything; last it looks at
 * what only batches keep (Linux: __alloc_pages_slowpath, which would kill a process instead). What
 * a caller holds is no lock that reclaim waits for: see mm/vmscan.ts, which imports this file, as
 * in Linux the two need one another.
 */
function allocSlowly(): Page | null {
  drainAllPages();
  let page = takeFromPcp();
  while (page == null && tryToFreePages() != 0) page = takeFromPcp();
  if (page != null) return page;
  lruAddDrainAll();
  drainAllPages();
  return takeFromPcp();
}

/** Drops a reference, and frees the page with the last one (Linux: put_page). */
export function putPage(page: Page): void {
  const before = page.refcount.fetchSub(1);
  VM_BUG_ON(before <= 0, 134);
  if (before == 1) freePage(page);
}

/** Frees a page that nobody refers to any more (Linux: free_unref_page). */
export function freePage(page: Page): void {
  pageCacheRelease(page);
  freePagesPrepare(page, 0);
  page.mapcount.init(PAGE_TYPE_PCP);
  const pcp = PerCpuPages.of(thisCpu());
  pcp.lock.lock();
  pcp.list.add(page.lru);
  if (++pcp.count >= PCP_HIGH) freePcppagesBulk(pcp, PCP_BATCH);
  pcp.lock.unlock();
  countVmEvent(VM_PGFREE);
  modPageState(VM_NR_FREE_PAGES, 1);
}

/** A block of 2^order pages, the first with reference count 1, or null (Linux: alloc_pages). */
export function allocPages(order: u32): Page | null {
  if (order == 0) return allocPage();
  let page = takeFromBuddy(order);
  if (page == null) {
    drainAllPages();
    page = takeFromBuddy(order);
    if (page == null) return null;
  }
  prepNewPage(page, order);
  return page;
}

/** Frees a block of 2^order pages with reference count 0 (Linux: __free_pages). */
export function freePages(page: Page, order: u32): void {
  if (order == 0) {
    freePage(page);
    return;
  }
  freePagesPrepare(page, order);
  const z = zone();
  z.lock.lock();
  freeOnePageLocked(z, page.pfn, order);
  z.lock.unlock();
  modPageState(VM_PGFREE, 1 << order);
  modPageState(VM_NR_FREE_PAGES, 1 << order);
}

/** Gives the pages in all CPUs' lists back to the buddy (Linux: drain_all_pages). */
export function drainAllPages(): void {
  for (let cpu: u32 = 0; cpu < machine().nrCpus; cpu++) {
    const pcp = PerCpuPages.of(PerCpu.of(cpu));
    pcp.lock.lock();
    freePcppagesBulk(pcp, pcp.count);
    pcp.lock.unlock();
  }
}

function takeFromPcp(): Page | null {
  const pcp = PerCpuPages.of(thisCpu());
  let page: Page | null = null;
  pcp.lock.lock();
  if (pcp.count != 0 || rmqueueBulk(pcp)) {
    const link = pcp.list.next;
    link.del();
    pcp.count--;
    page = Page.fromLru(link);
  }
  pcp.lock.unlock();
  return page;
}

function takeFromBuddy(order: u32): Page | null {
  const z = zone();
  z.lock.lock();
  const page = rmqueueLocked(z, order);
  z.lock.unlock();
  return page;
}

/** Fills a CPU's list from the buddy; false if nothing was left. The pcp lock is held. */
function rmqueueBulk(pcp: PerCpuPages): bool {
  const z = zone();
  z.lock.lock();
  while (pcp.count < PCP_BATCH) {
    const page = rmqueueLocked(z, 0);
    if (page == null) break;
    page.mapcount.init(PAGE_TYPE_PCP);
    pcp.list.addTail(page.lru);
    pcp.count++;
  }
  z.lock.unlock();
  return pcp.count != 0;
}

/** Moves pages from a CPU's list to the buddy, the least recently freed first. pcp lock held. */
function freePcppagesBulk(pcp: PerCpuPages, count: u32): void {
  if (count == 0) return;
  const z = zone();
  z.lock.lock();
  for (let i: u32 = 0; i < count; i++) {
    const link = pcp.list.prev;
    link.del();
    pcp.count--;
    freeOnePageLocked(z, Page.fromLru(link).pfn, 0);
  }
  z.lock.unlock();
}

/** The smallest block that is large enough, split as needed (Linux: __rmqueue_smallest). */
function rmqueueLocked(z: Zone, order: u32): Page | null {
  while (true) {
    for (let have = order; have <= MAX_PAGE_ORDER; have++) {
      const list = z.freeList(have);
      if (list.isEmpty) continue;
      const page = Page.fromLru(list.next);
      delPageFromFreeList(z, page, have);
      expand(z, page.pfn, order, have);
      return page;
    }
    if (!growLocked(z)) return null;
  }
}

/** Takes a largest block from behind the frontier, or what is left there. */
function growLocked(z: Zone): bool {
  const left = machine().nrFrames - z.frontier;
  if (left == 0) return false;
  let order = MAX_PAGE_ORDER;
  while ((<u32>1) << order > left) order--;
  const pfn = z.frontier;
  z.frontier += (<u32>1) << order;
  addToFreeList(z, pfn, order);
  return true;
}

/** Splits a block of order `have` down to `want`, and frees the upper halves (Linux: expand). */
function expand(z: Zone, pfn: u32, want: u32, have: u32): void {
  for (let order = have; order > want;) {
    order--;
    addToFreeList(z, pfn + ((<u32>1) << order), order);
  }
}

/** Frees a block and joins it with its free buddies (Linux: __free_one_page). */
function freeOnePageLocked(z: Zone, first: u32, firstOrder: u32): void {
  let pfn = first;
  let order = firstOrder;
  while (order < MAX_PAGE_ORDER) {
    const buddy = pfn ^ ((<u32>1) << order);
    if (buddy + ((<u32>1) << order) > z.frontier) break;
    const page = Page.fromPfn(buddy);
    if (page.mapcount.load() != PAGE_TYPE_BUDDY || page.privateData != order) break;
    delPageFromFreeList(z, page, order);
    pfn &= buddy;
    order++;
  }
  addToFreeList(z, pfn, order);
}

function addToFreeList(z: Zone, pfn: u32, order: u32): void {
  const page = Page.fromPfn(pfn);
  page.privateData = order;
  page.mapcount.init(PAGE_TYPE_BUDDY);
  z.freeList(order).add(page.lru);
  z.setNrFree(order, z.getNrFree(order) + 1);
  z.nrBuddy += (<u32>1) << order;
}

function delPageFromFreeList(z: Zone, page: Page, order: u32): void {
  page.lru.del();
  page.mapcount.init(-1);
  page.privateData = 0;
  z.setNrFree(order, z.getNrFree(order) - 1);
  z.nrBuddy -= (<u32>1) << order;
}

/** Makes the pages of a block ready for their owner (Linux: prep_new_page). */
function prepNewPage(page: Page, order: u32): void {
  const pfn = page.pfn;
  noteAlloc(changetype<usize>(page), PAGE_STRUCT_SIZE << order);
  for (let i: u32 = 0; i < (<u32>1) << order; i++) {
    const each = Page.fromPfn(pfn + i);
    BUG_ON(each.refcount.load() != 0, 131);
    each.flags.init(0);
    each.mapping.init(0);
    each.mapcount.init(-1);
  }
  page.refcount.init(1);
  modPageState(VM_PGALLOC_NORMAL, (<i64>1) << order);
  modPageState(VM_NR_FREE_PAGES, -((<i64>1) << order));
}

/** Nobody may use a page that is freed (Linux: free_pages_prepare, "Bad page state"). */
function freePagesPrepare(page: Page, order: u32): void {
  BUG_ON(page.refcount.load() != 0, 132);
  BUG_ON(page.mapcount.load() != -1, 133);
  page.mapping.init(0);
  page.flags.init(0);
  noteFree(changetype<usize>(page), PAGE_STRUCT_SIZE << order);
  for (let i: u32 = 0; i < (<u32>1) << order; i++) poisonPage(page.pfn + i);
}
