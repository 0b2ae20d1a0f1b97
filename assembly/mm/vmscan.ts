import {
  VM_ALLOCSTALL_NORMAL,
  VM_NR_INACTIVE_ANON,
  VM_NR_ISOLATED_ANON,
  VM_NR_ISOLATED_FILE,
  VM_PGDEACTIVATE,
  VM_PGREFILL,
  VM_PGSCAN_ANON,
  VM_PGSCAN_DIRECT,
  VM_PGSCAN_FILE,
  VM_PGSTEAL_ANON,
  VM_PGSTEAL_DIRECT,
  VM_PGSTEAL_FILE,
} from '../abi';
import { ListHead } from '../lib/list';
import { thisCpu } from '../lib/percpu';
import {
  CpuLru,
  LRU_ACTIVE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  NR_EVICTABLE_LISTS,
  lruvec,
} from '../types/lruvec';
import { PG_ACTIVE, PG_LRU, PG_WORKINGSET, Page } from '../types/page';
import { folioEvictable, lruvecAddLocked, releaseLocked, testClearLru } from './mm_inline';
import { freePage, putPage } from './page_alloc';
import { trylockPage, unlockPage } from './page_lock';
import { tryGetPage } from './page_ref';
import { pageReferenced } from './page_referenced';
import { shrinkFolioList } from './shrink_folio_list';
import { folioPutbackLru, lruAddDrain, lruAddDrainAll } from './swap';
import { swapHasRoom } from './swapfile';
import { countVmEvent, modPageState, vmstatRead } from './vmstat';

/**
 * Reclaim: which pages leave memory when there is too little of it (Linux: mm/vmscan.c).
 *
 * A round looks at a part of each inactive list from its end, at priority 12 at one page of 4096,
 * and more with each round that was not enough, at priority 0 at all. Pages are taken off their
 * list in groups of 32, with a reference for each; `shrink_folio_list.ts` decides about each, and
 * what stays goes back. The active list is cut when the inactive one has become the shorter, or
 * when nothing else was left: then pages lose their place on it whether they were used or not, and
 * have as long as they take through the inactive list to be used again.
 *
 * Only pages with a place to go are looked at: lazily freed ones (the lists of files) always, the
 * others with swap. Nothing here waits for a lock that a caller who allocates may hold: pages are
 * locked only if that is possible at once, and so are reverse maps.
 */

/** Linux: DEF_PRIORITY. */
const DEF_PRIORITY: u32 = 12;
/** Pages that leave a list at once, and that an allocation wants (Linux: SWAP_CLUSTER_MAX). */
const SWAP_CLUSTER_MAX: u32 = 32;
/** Rounds without success before machine.reclaim gives up (Linux: MAX_RECLAIM_RETRIES). */
const MAX_RECLAIM_RETRIES: u32 = 16;

/** What an allocation does that found no page: reclaims some, and says how many
 * (Linux: try_to_free_pages). */
export function tryToFreePages(): u32 {
  if (CpuLru.of(thisCpu()).memalloc != 0) return 0;
  countVmEvent(VM_ALLOCSTALL_NORMAL);
  return doTryToFreePages(SWAP_CLUSTER_MAX);
}

/** Reclaims up to `pages` pages; returns how many it got (Linux: memory.reclaim). */
export function reclaim(pages: u32): u32 {
  let got: u32 = 0;
  let retries = MAX_RECLAIM_RETRIES;
  lruAddDrainAll();
  while (got < pages && retries > 0) {
    const now = doTryToFreePages(min(pages - got, SWAP_CLUSTER_MAX));
    if (now == 0) retries--;
    got += now;
  }
  return got;
}

/**
 * Reclaims isolated pages whether they were used or not; those that stay go back to their lists
 * (Linux: reclaim_pages). The pages hang together by their `lru`.
 */
export function reclaimPages(pages: ListHead): u32 {
  const area = CpuLru.of(thisCpu());
  area.memalloc++;
  const got = shrinkFolioList(pages, area.kept, true);
  while (!area.kept.isEmpty) {
    const page = Page.fromLru(area.kept.prev);
    page.lru.del();
    folioPutbackLru(page);
  }
  area.memalloc--;
  return got;
}

/** Round by round (Linux: do_try_to_free_pages). */
function doTryToFreePages(wanted: u32): u32 {
  const area = CpuLru.of(thisCpu());
  let got: u32 = 0;
  area.memalloc++;
  for (let force: u32 = 0; force < 2 && got == 0; force++) {
    for (let priority = <i32>DEF_PRIORITY; priority >= 0 && got < wanted; priority--) {
      got += shrinkLruvec(<u32>priority, wanted - got, force != 0);
    }
  }
  area.memalloc--;
  return got;
}

/** One round over all lists (Linux: shrink_lruvec, get_scan_count). */
function shrinkLruvec(priority: u32, wanted: u32, force: bool): u32 {
  let got: u32 = 0;
  const first = swapHasRoom() ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
  for (let lru = first; lru < NR_EVICTABLE_LISTS; lru++) {
    let left = sizeOf(lru) >> priority;
    while (left > 0 && got < wanted) {
      const nr = min(left, SWAP_CLUSTER_MAX);
      left -= nr;
      if ((lru & LRU_ACTIVE) == 0) got += shrinkInactiveList(lru, nr);
      else if (force || inactiveIsLow(lru - LRU_ACTIVE)) shrinkActiveList(lru, nr);
    }
  }
  return got;
}

/** The pages on a list. */
function sizeOf(lru: u32): u32 {
  return <u32>max<f64>(0, vmstatRead(VM_NR_INACTIVE_ANON + lru));
}

/** The inactive list is too short (Linux: inactive_is_low). */
function inactiveIsLow(inactive: u32): bool {
  const pages = <f64>sizeOf(inactive);
  const active = <f64>sizeOf(inactive + LRU_ACTIVE);
  const gigabytes = (pages + active) / 262144;
  const ratio = gigabytes >= 1 ? Math.floor(Math.sqrt(10 * Math.floor(gigabytes))) : 1;
  return pages * ratio < active;
}

/** Linux: shrink_inactive_list. */
function shrinkInactiveList(lru: u32, nr: u32): u32 {
  const area = CpuLru.of(thisCpu());
  const isAnon = lru < LRU_INACTIVE_FILE;
  const taken = isolatePages(lru, nr);
  modPageState(VM_PGSCAN_DIRECT, area.scanned);
  modPageState(isAnon ? VM_PGSCAN_ANON : VM_PGSCAN_FILE, area.scanned);
  if (taken == 0) return 0;
  const got = shrinkFolioList(area.taken, area.kept, false);
  movePagesToLru(area.kept);
  modPageState(isAnon ? VM_NR_ISOLATED_ANON : VM_NR_ISOLATED_FILE, -(<i64>taken));
  modPageState(VM_PGSTEAL_DIRECT, got);
  modPageState(isAnon ? VM_PGSTEAL_ANON : VM_PGSTEAL_FILE, got);
  return got;
}

/** Linux: shrink_active_list. */
function shrinkActiveList(lru: u32, nr: u32): void {
  const area = CpuLru.of(thisCpu());
  const taken = isolatePages(lru, nr);
  modPageState(VM_PGREFILL, area.scanned);
  while (!area.taken.isEmpty) {
    const page = Page.fromLru(area.taken.prev);
    page.lru.del();
    if (!folioEvictable(page)) {
      folioPutbackLru(page);
      continue;
    }
    if (trylockPage(page)) {
      pageReferenced(page); // what counts is its use from now on
      unlockPage(page);
    }
    page.flags.and(~PG_ACTIVE);
    page.flags.or(PG_WORKINGSET);
    countVmEvent(VM_PGDEACTIVATE);
    area.demoted.add(page.lru);
  }
  movePagesToLru(area.demoted);
  const isolated = lru < LRU_INACTIVE_FILE ? VM_NR_ISOLATED_ANON : VM_NR_ISOLATED_FILE;
  modPageState(isolated, -(<i64>taken));
}

/**
 * Takes up to `nr` pages from the end of a list to `taken`, each with a reference; returns how many
 * (Linux: isolate_lru_folios). A page that is being freed, or that somebody else is taking, stays
 * where it is, and is found last next time.
 */
function isolatePages(lru: u32, nr: u32): u32 {
  const area = CpuLru.of(thisCpu());
  const list = lruvec().list(lru);
  let taken: u32 = 0;
  area.scanned = 0;
  lruAddDrain();
  lruvec().lruLock.lock();
  while (area.scanned < nr && !list.isEmpty) {
    const page = Page.fromLru(list.prev);
    area.scanned++;
    page.lru.del();
    if (page.flags.test(PG_LRU) == 0 || !tryGetPage(page)) {
      list.add(page.lru);
    } else if (!testClearLru(page)) {
      list.add(page.lru);
      putPage(page); // not the last: who has cleared PG_lru holds one
    } else {
      modPageState(VM_NR_INACTIVE_ANON + lru, -1);
      area.taken.add(page.lru);
      taken++;
    }
  }
  modPageState(lru < LRU_INACTIVE_FILE ? VM_NR_ISOLATED_ANON : VM_NR_ISOLATED_FILE, taken);
  lruvec().lruLock.unlock();
  return taken;
}

/** Puts isolated pages back where their flags say, and drops their references; frees those that
 * lose their last (Linux: move_folios_to_lru). */
function movePagesToLru(pages: ListHead): void {
  const freed = CpuLru.of(thisCpu()).taken;
  lruvec().lruLock.lock();
  while (!pages.isEmpty) {
    const page = Page.fromLru(pages.prev);
    page.lru.del();
    if (!folioEvictable(page)) {
      lruvec().lruLock.unlock();
      folioPutbackLru(page);
      lruvec().lruLock.lock();
      continue;
    }
    lruvecAddLocked(page);
    page.flags.or(PG_LRU);
    if (page.refcount.fetchSub(1) != 1) continue;
    releaseLocked(page);
    freed.add(page.lru);
  }
  lruvec().lruLock.unlock();
  while (!freed.isEmpty) {
    const page = Page.fromLru(freed.next);
    page.lru.del();
    freePage(page);
  }
}

if (LRU_INACTIVE_ANON != 0) ERROR('lists of anonymous pages come first');
