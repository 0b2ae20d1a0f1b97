import { VM_PGACTIVATE, VM_PGLAZYFREED } from '../abi';
import { ListHead } from '../lib/list';
import { AddressSpace } from '../types/address_space';
import {
  PG_ACTIVE,
  PG_DIRTY,
  PG_MLOCKED,
  PG_REFERENCED,
  PG_SWAPBACKED,
  PG_SWAPCACHE,
  PG_WRITEBACK,
  Page,
} from '../types/page';
import { VM_EXEC, VM_LOCKED } from '../types/vm_area';
import { filemapRemoveClean } from './filemap';
import { folioEvictable, isFileLru } from './mm_inline';
import { freePage } from './page_alloc';
import { trylockPage, unlockPage } from './page_lock';
import { pageReferenced, referencedFlags } from './page_referenced';
import { maybeDmaPinned } from './policy/pins_of_page';
import { mayAddToSwap } from './policy/unmap_pinned';
import { swapWritepage } from './page_io';
import { shmemWriteout } from './shmem_swap';
import { addToSwap, folioFreeSwap, removeMapping } from './swap_state';
import { swapHasRoom, vmSwapFull } from './swapfile';
import { TTU_TRYLOCK, tryToUnmap } from './try_to_unmap';
import { countVmEvent } from './vmstat';

/**
 * What becomes of each page that reclaim has isolated, in Linux's order of tests (Linux:
 * shrink_folio_list in mm/vmscan.c):
 *
 *   its lock is free; nothing locks it in memory; it is not being written; nobody has used it
 *   lately; it has a place to go; it can be unmapped; nobody pins it; and then nobody else refers
 *   to it: its count is frozen at the isolation's one reference, and the swap cache's.
 *
 * The last test is the one that decides: who has found the page without a lock and takes a
 * reference either comes before it, and the page stays, or fails on a count of 0.
 */

/** What to do with a page. */
const KEEP: u32 = 0;
const ACTIVATE: u32 = 1;
const FREE: u32 = 2;

/** What its users say (Linux: enum folio_references). */
const RECLAIM: u32 = 2;

/**
 * Frees the isolated pages that can go, and returns how many; the others move to `kept`. With
 * `ignoreReferences` it does not matter whether they were used.
 */
export function shrinkFolioList(pages: ListHead, kept: ListHead, ignoreReferences: bool): u32 {
  let freed: u32 = 0;
  while (!pages.isEmpty) {
    const page = Page.fromLru(pages.prev);
    page.lru.del();
    if (!trylockPage(page)) {
      kept.add(page.lru);
      continue;
    }
    const fate = fateOf(page, ignoreReferences);
    if (fate == ACTIVATE && page.flags.test(PG_MLOCKED) == 0) {
      page.flags.or(PG_ACTIVE);
      countVmEvent(VM_PGACTIVATE);
    }
    unlockPage(page);
    if (fate == FREE) {
      freePage(page);
      freed++;
    } else kept.add(page.lru);
  }
  return freed;
}

/** The tests, with the page locked. FREE: its reference count is frozen. */
function fateOf(page: Page, ignoreReferences: bool): u32 {
  if (!folioEvictable(page)) return ACTIVATE;
  if (page.flags.test(PG_WRITEBACK) != 0) return ACTIVATE;
  const used = ignoreReferences ? RECLAIM : checkReferences(page);
  if (used != RECLAIM) return used;
  const swapbacked = page.flags.test(PG_SWAPBACKED) != 0;
  if (swapbacked && page.isAnon && page.flags.test(PG_SWAPCACHE) == 0) {
    if (!swapHasRoom()) return ACTIVATE;
    if (!mayAddToSwap(page)) return KEEP;
    if (!addToSwap(page)) return ACTIVATE;
  }
  if (page.mapcount.load() >= 0 && !tryToUnmap(page, TTU_TRYLOCK)) return activateSwapcache(page);
  if (maybeDmaPinned(page)) return activateSwapcache(page);
  return swapbacked ? fateOfUnmapped(page) : fateOfLazyfree(page);
}

/**
 * A page that nobody maps, and that has a slot or gets one: a file's only now, and only if anybody
 * has ever written to it.
 */
function fateOfUnmapped(page: Page): u32 {
  if (page.flags.test(PG_SWAPCACHE) == 0) {
    const mapping = page.mapping.load();
    if (mapping == 0) return KEEP; // truncated, and somebody holds it
    if (page.flags.test(PG_DIRTY) == 0) {
      return filemapRemoveClean(changetype<AddressSpace>(<usize>mapping), page) ? FREE : KEEP;
    }
    if (page.refcount.load() != 2) return KEEP;
    if (!shmemWriteout(page)) return ACTIVATE;
  }
  if (page.flags.test(PG_DIRTY) != 0) {
    if (page.refcount.load() != 2) return KEEP; // somebody may write to it (Linux: pageout)
    swapWritepage(page);
  }
  const cached = page.flags.test(PG_SWAPCACHE) != 0;
  return cached && removeMapping(page) ? FREE : KEEP;
}

/** A page that nobody maps, and whose contents nobody wants. */
function fateOfLazyfree(page: Page): u32 {
  if (page.flags.test(PG_DIRTY) != 0) return ACTIVATE;
  if (!page.isAnon || page.refcount.cmpxchg(1, 0) != 1) return KEEP;
  countVmEvent(VM_PGLAZYFREED);
  return FREE;
}

/** What stays for long has no use for a slot when slots are few. */
function activateSwapcache(page: Page): u32 {
  if (vmSwapFull()) folioFreeSwap(page);
  return ACTIVATE;
}

/** Linux: folio_check_references. */
function checkReferences(page: Page): u32 {
  const entries = pageReferenced(page);
  if ((referencedFlags() & VM_LOCKED) != 0) return ACTIVATE;
  if (entries < 0) return KEEP;
  const before = page.flags.testAndClear(PG_REFERENCED) != 0;
  if (entries == 0) return RECLAIM;
  page.flags.or(PG_REFERENCED); // the next use makes it active
  if (before || entries > 1) return ACTIVATE;
  return (referencedFlags() & VM_EXEC) != 0 && isFileLru(page) ? ACTIVATE : KEEP;
}
