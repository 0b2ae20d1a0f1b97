import { BUG_SHARE_NO_BARRIER, VM_NR_ANON_MAPPED, VM_NR_FILE_MAPPED } from '../abi';
import { entryOf, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { smpMb } from '../lib/atomic';
import { VM_BUG_ON } from '../lib/bug';
import { TreeNode } from '../lib/balanced_tree';
import { intervalFirst, intervalNext } from '../lib/interval_tree';
import { reenacts } from '../lib/machine';
import { PAGE_SHIFT } from '../memlayout';
import { AddressSpace } from '../types/address_space';
import { AnonVma } from '../types/anon_vma';
import {
  PAGE_MAPPING_ANON,
  PG_ANON_EXCLUSIVE,
  PG_SWAPBACKED,
  PG_UPTODATE,
  Page,
} from '../types/page';
import { Vma } from '../types/vm_area';
import { AvcInterval, VmaInterval } from './interval';
import { mlockVmaPage, munlockVmaPage } from './mlock_pages';
import { getPage } from './page_ref';
import { findPteTable, pteLock } from './pgtable';
import { keepsExclusive } from './policy/cow';
import { maybeDmaPinned } from './policy/pins_of_page';
import { modPageState } from './vmstat';

/**
 * Reverse mapping: from a page to the page-table entries that map it (Linux: mm/rmap.c).
 *
 * Lock order, outermost first; everything that takes two of them takes them in this order:
 *
 *   inode->i_rwsem
 *     mm->mmap_lock, a parent's before its child's
 *       page lock (PG_locked)
 *         mapping->i_mmap_rwsem
 *           anon_vma->root->rwsem
 *             mm->page_table_lock, or the lock of a table of PTEs, a child's before its parent's
 *               mapping->i_pages.lock
 *                 swap device's lock
 *                 a CPU's lock of LRU batches
 *                   lruvec->lru_lock
 *                   slab depot lock, zone->lock behind a per-CPU list's lock
 *                     kmem lock
 *       (i_mmap_rwsem and anon_vma rwsem also directly below mmap_lock)
 *   machine's lists of mms, inodes and vectors: taken alone, innermost
 *
 * With interrupts off no lock is taken at all.
 */

/** Maps a new anonymous page for the first time (Linux: folio_add_new_anon_rmap). */
export function addNewAnonRmap(page: Page, vma: Vma, address: u64): void {
  VM_BUG_ON(vma.anonVma == null, 171);
  page.index = vma.pgoffOf(address);
  const exclusive = keepsExclusive() ? PG_ANON_EXCLUSIVE : 0;
  page.flags.init(PG_UPTODATE | PG_SWAPBACKED | exclusive);
  page.mapping.init((<u32>changetype<usize>(vma.anonVma)) | PAGE_MAPPING_ANON);
  page.mapcount.init(0);
  modPageState(VM_NR_ANON_MAPPED, 1);
}

/**
 * Maps a page of the swap cache; the page and the page table are locked (Linux:
 * folio_add_new_anon_rmap, folio_add_anon_rmap_ptes). One that comes from the device names the
 * VMA's own anon_vma only if it is the process's own; otherwise that of the whole family, since
 * others will map it too.
 */
export function addAnonRmap(page: Page, vma: Vma, address: u64, exclusive: bool): void {
  if (!page.isAnon) {
    const own = vma.anonVma!;
    const anonVma = exclusive ? own : own.root;
    page.index = vma.pgoffOf(address);
    page.mapping.storeRelease((<u32>changetype<usize>(anonVma)) | PAGE_MAPPING_ANON);
  }
  if (page.mapcount.fetchAdd(1) == -1) modPageState(VM_NR_ANON_MAPPED, 1);
  if (exclusive) page.flags.or(PG_ANON_EXCLUSIVE);
  mlockVmaPage(page, vma);
}

/**
 * Maps a page of a file once more; the lock of the page table is held (Linux: folio_add_file_rmap).
 */
export function addFileRmap(page: Page, vma: Vma): void {
  if (page.mapcount.fetchAdd(1) == -1) modPageState(VM_NR_FILE_MAPPED, 1);
  mlockVmaPage(page, vma);
}

/**
 * A page that one process maps alone becomes its own: it is no longer looked for in the family of
 * those who shared it (Linux: folio_move_anon_rmap). The page is locked.
 */
export function moveAnonRmap(page: Page, vma: Vma): void {
  page.mapping.store((<u32>changetype<usize>(vma.anonVma)) | PAGE_MAPPING_ANON);
}

/**
 * Takes PG_anon_exclusive from a page that is to be shared, or to go away for a while; false, and
 * nothing was done, if it may be pinned (Linux: folio_try_share_anon_rmap_pte).
 *
 *   A1  the caller clears the entry             B1  GUP-fast reads the entry
 *   A2  look whether the page is pinned         B2  takes the page: the count rises
 *   A3  clear the bit                           B3  reads the entry again: changed, undo
 *   A4  the caller puts back a read-only entry  B4  a pin for reading: bit not set, undo
 *
 * Between A1 and A2, and between B2 and B3, a full barrier: of the two at least one sees the other.
 * Between A3 and A4 one as well, and B4 after B3: who still finds an entry in B3 because A4 has put
 * the same one back finds the bit gone.
 *
 * Preconditions:
 * - the lock of the page table is held, and A1 was done.
 */
export function tryShareAnonRmap(page: Page): bool {
  // Without it the clear of the entry may still wait in this CPU's store buffer at A2.
  if (!reenacts(BUG_SHARE_NO_BARRIER)) smpMb();
  if (maybeDmaPinned(page)) return false;
  page.flags.testAndClear(PG_ANON_EXCLUSIVE); // a full barrier behind it, too
  return true;
}

/** One mapping and one reference more; the mapcount of a mapped page does not carry over. */
const ONE_OF_BOTH: u64 = (1 << 32) + 1;

/**
 * Maps a page in a child as it is mapped in the parent, with a reference; the locks of both page
 * tables are held. An anonymous page is nobody's own any more (Linux: folio_get with
 * folio_try_dup_anon_rmap_pte or folio_dup_file_rmap_pte).
 *
 * Linux raises the counts one after the other, and so does the SCHED build, whose schedules have
 * what happens in between. Together they cost half.
 */
export function getAndDupRmap(page: Page): void {
  if (page.flags.test(PG_ANON_EXCLUSIVE) != 0) page.flags.and(~PG_ANON_EXCLUSIVE);
  if (isDefined(SCHED)) {
    getPage(page);
    page.mapcount.add(1);
  } else {
    page.counts.add(ONE_OF_BOTH);
  }
}

/** Unmaps a page once; the lock of the page table is held (Linux: folio_remove_rmap_pte). */
export function removeRmap(page: Page, vma: Vma): void {
  const anon = page.isAnon;
  if (page.mapcount.fetchSub(1) == 0) {
    modPageState(anon ? VM_NR_ANON_MAPPED : VM_NR_FILE_MAPPED, -1);
  }
  munlockVmaPage(page, vma);
}

/**
 * How many entries the reverse map finds that map `page` (Linux: rmap_walk with
 * page_mapped_in_vma). Preconditions:
 * - the page is locked, or nobody else is at work.
 */
export function rmapCount(page: Page): u32 {
  const mapping = page.mapping.dereference();
  // Only while a page is mapped does its anon_vma live for certain (Linux: folio_get_anon_vma).
  if (mapping == 0 || page.mapcount.load() < 0) return 0;
  if ((mapping & PAGE_MAPPING_ANON) != 0) {
    return rmapCountAnon(page, changetype<AnonVma>(<usize>(mapping - PAGE_MAPPING_ANON)));
  }
  return rmapCountFile(page, changetype<AddressSpace>(<usize>mapping));
}

function rmapCountFile(page: Page, mapping: AddressSpace): u32 {
  let count: u32 = 0;
  mapping.iMmapRwsem.downRead();
  let node = intervalFirst<VmaInterval>(mapping.iMmap, page.index, page.index);
  while (node != null) {
    count += mapsPage(Vma.fromShared(node), page);
    node = intervalNext<VmaInterval>(node, page.index, page.index);
  }
  mapping.iMmapRwsem.upRead();
  return count;
}

function rmapCountAnon(page: Page, anonVma: AnonVma): u32 {
  let count: u32 = 0;
  const rwsem = anonVma.root.rwsem;
  rwsem.downRead();
  let node: TreeNode | null = intervalFirst<AvcInterval>(anonVma.tree, page.index, page.index);
  while (node != null) {
    count += mapsPage(AvcInterval.chainOf(node).vma, page);
    node = intervalNext<AvcInterval>(node, page.index, page.index);
  }
  rwsem.upRead();
  return count;
}

/** 1 if the VMA maps the page where the page's index says (Linux: page_vma_mapped_walk). */
function mapsPage(vma: Vma, page: Page): u32 {
  const address = vma.vmStart + ((page.index - vma.vmPgoff) << PAGE_SHIFT);
  const table = findPteTable(vma.vmMm, address);
  if (table == 0) return 0;
  const lock = pteLock(table);
  lock.lock();
  const pte = entryOf(table, address, 0).load();
  lock.unlock();
  return ptePresent(pte) && !pteSpecial(pte) && ptePfn(pte) == page.pfn ? 1 : 0;
}
