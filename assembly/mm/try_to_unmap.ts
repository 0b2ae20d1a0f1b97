import { BUG_MADVFREE_IGNORE_REFS, BUG_SHARE_NO_BARRIER } from '../abi';
import { PAGE_SWP_EXCLUSIVE, swpEntryToPte } from '../arch/swapops';
import { Pte, entryOf, pteDirty, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { smpMb, smpRmb } from '../lib/atomic';
import { reenacts } from '../lib/machine';
import { synchronize } from '../lib/rcu';
import { PG_ANON_EXCLUSIVE, PG_DIRTY, PG_SWAPBACKED, PG_SWAPCACHE, Page } from '../types/page';
import { VM_LOCKED, Vma } from '../types/vm_area';
import { markPageDirty } from './memory';
import { putPage } from './page_alloc';
import { findPteTable, pteLock } from './pgtable';
import { mayUnmap } from './policy/unmap_pinned';
import { removeRmap } from './rmap';
import { rmapWalk } from './rmap_walk';
import { pageSwapEntry } from './swap_state';
import { swapDuplicateForUnmap, swapFree } from './swapfile';

/**
 * Unmapping a page everywhere, so that it can leave memory (Linux: try_to_unmap in mm/rmap.c).
 *
 *   U1  the entry is cleared, and accesses and walks under way are waited for
 *   U2  may the page go? Somebody who took it between his two looks at the entry has been counted
 *       by now; somebody who comes later finds the entry gone
 *   U3  yes: an anonymous page leaves the entry of its slot, with one more user for the slot; a
 *       page of a file leaves nothing. No: the entry is put back as it was
 *   U4  the mapping and its reference are dropped
 *
 * The user of the slot is counted before the mapping goes, so that the sum of both is never too
 * small for those who decide by it whether a page is shared.
 */

/** Flags (Linux: enum ttu_flags). */
/** Pages of VMAs with VM_LOCKED too. */
export const TTU_IGNORE_MLOCK: u32 = 1 << 1;
/** Wait for no lock of a reverse map: the caller holds some already. */
export const TTU_TRYLOCK: u32 = 1 << 8;

/**
 * Unmaps a page; true if it is mapped nowhere any more.
 * Preconditions:
 * - the page is locked, and the caller has a reference; an anonymous page that PG_swapbacked makes
 *   one to be kept is in the swap cache.
 */
export function tryToUnmap(page: Page, flags: u32): bool {
  const tryLock = (flags & TTU_TRYLOCK) != 0;
  if ((flags & TTU_IGNORE_MLOCK) != 0) rmapWalk<UnmapLocked>(page, tryLock);
  else rmapWalk<Unmap>(page, tryLock);
  return page.mapcount.load() < 0;
}

/** Stops at a VMA that locks its pages in memory. */
@unmanaged
class Unmap {
  visit(vma: Vma, address: u64, page: Page): bool {
    return (vma.flagsOnce & VM_LOCKED) == 0
      ? unmapOne(vma, address, page)
      : !maps(vma, address, page);
  }
}


@unmanaged
class UnmapLocked {
  visit(vma: Vma, address: u64, page: Page): bool {
    return unmapOne(vma, address, page);
  }
}

/** True if the entry at the address maps the page. */
function maps(vma: Vma, address: u64, page: Page): bool {
  const table = findPteTable(vma.vmMm, address);
  if (table == 0) return false;
  const pte = entryOf(table, address, 0).load();
  return ptePresent(pte) && !pteSpecial(pte) && ptePfn(pte) == page.pfn;
}

/** One entry: false ends the walk, since the page must stay (Linux: try_to_unmap_one). */
function unmapOne(vma: Vma, address: u64, page: Page): bool {
  const table = findPteTable(vma.vmMm, address);
  if (table == 0) return true;
  const lock = pteLock(table);
  lock.lock();
  const going = !maps(vma, address, page) || unmapEntry(vma, entryOf(table, address, 0), page);
  lock.unlock();
  return going;
}

/** Steps U1 to U4 for an entry that maps the page; its lock is held. */
function unmapEntry(vma: Vma, ptep: Pte, page: Page): bool {
  const pte = ptepClearFlush(ptep);
  if (pteDirty(pte)) markPageDirty(page);
  let left: u64 = 0;
  if (page.isAnon) {
    const swapbacked = page.flags.test(PG_SWAPBACKED) != 0;
    if (swapbacked) left = swapEntryFor(page);
    if (swapbacked ? left == 0 : !mayDiscard(page, pte)) {
      ptep.storeRelease(pte);
      return false;
    }
  }
  if (left != 0) ptep.storeRelease(left);
  removeRmap(page, vma);
  putPage(page);
  return true;
}

/**
 * Clears an entry, and waits for accesses and walks that have read it (Linux: ptep_clear_flush). On
 * x86 both are full barriers. Where the barrier of `tryShareAnonRmap` is missed they are not: the
 * entry is cleared by a load and a store (Linux: the generic ptep_get_and_clear), and the flush
 * interrupts nobody.
 */
function ptepClearFlush(ptep: Pte): u64 {
  if (reenacts(BUG_SHARE_NO_BARRIER)) {
    const pte = ptep.load();
    ptep.store(0);
    return pte;
  }
  const pte = ptep.exchange(0);
  synchronize();
  return pte;
}

/** The entry that an anonymous page leaves, its slot counted; 0 if the page must stay. */
function swapEntryFor(page: Page): u64 {
  const flags = page.flags.test(PG_SWAPCACHE | PG_ANON_EXCLUSIVE);
  if ((flags & PG_SWAPCACHE) == 0) return 0;
  const entry = pageSwapEntry(page);
  const exclusive = (flags & PG_ANON_EXCLUSIVE) != 0 ? PAGE_SWP_EXCLUSIVE : 0;
  // The device's lock would be the barrier that is left out (Linux: try_to_migrate_one has none).
  const asked = reenacts(BUG_SHARE_NO_BARRIER);
  if (asked && !mayUnmap(page)) return 0;
  if (!swapDuplicateForUnmap(entry)) return 0;
  if (asked || mayUnmap(page)) return swpEntryToPte(entry) | exclusive;
  swapFree(entry);
  return 0;
}

/**
 * A page that MADV_FREE has given up may be dropped if nobody has written to it since, and nobody
 * refers to it but its mappings and the caller: a device could be about to write (see bug-zoo:
 * lazyfree). A page that was written is one to be kept again.
 */
function mayDiscard(page: Page, pte: u64): bool {
  smpMb(); // the clear of the entry before the look at the count
  const refs = page.refcount.load();
  const maps = page.mapcount.load() + 1;
  smpRmb(); // the count before the dirty bits: who writes through a reference sets it before
  const dirty = pteDirty(pte) || page.flags.test(PG_DIRTY) != 0;
  if (dirty) page.flags.or(PG_SWAPBACKED);
  // Without the count a device that still writes to the page writes for nobody.
  return !dirty && (refs == 1 + maps || reenacts(BUG_MADVFREE_IGNORE_REFS));
}
