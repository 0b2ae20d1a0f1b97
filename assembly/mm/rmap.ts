import { VM_NR_ANON_MAPPED, VM_NR_FILE_MAPPED } from '../abi';
import { entryOf, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { VM_BUG_ON } from '../lib/bug';
import { TreeNode } from '../lib/balanced_tree';
import { intervalFirst, intervalNext } from '../lib/interval_tree';
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
import { findPteTable, pteLock } from './pgtable';
import { modPageState } from './vmstat';

/**
 * Reverse mapping: from a page to the page-table entries that map it (Linux: mm/rmap.c).
 *
 * Lock order, outermost first; everything that takes two of them takes them in this order:
 *
 *   inode->i_rwsem
 *     mm->mmap_lock
 *       page lock (PG_locked)
 *         mapping->i_mmap_rwsem
 *           anon_vma->root->rwsem
 *             mm->page_table_lock, or the lock of a table of PTEs
 *               mapping->i_pages.lock
 *                 slab depot lock, zone->lock behind a per-CPU list's lock
 *                   kmem lock
 *       (i_mmap_rwsem and anon_vma rwsem also directly below mmap_lock)
 *   machine's lists of mms, inodes and vectors: taken alone, innermost
 *
 * With interrupts off no lock is taken at all.
 */

/** Maps a new anonymous page for the first time (Linux: folio_add_new_anon_rmap). */
export function addNewAnonRmap(page: Page, vma: Vma, address: u64): void {
  VM_BUG_ON(vma.anonVma == null, 171);
  page.index = vma.pgoffOf(address);
  page.flags.init(PG_UPTODATE | PG_SWAPBACKED | PG_ANON_EXCLUSIVE);
  page.mapping.init((<u32>changetype<usize>(vma.anonVma)) | PAGE_MAPPING_ANON);
  page.mapcount.init(0);
  modPageState(VM_NR_ANON_MAPPED, 1);
}

/**
 * Maps a page of a file once more; the lock of the page table is held (Linux: folio_add_file_rmap).
 */
export function addFileRmap(page: Page): void {
  if (page.mapcount.fetchAdd(1) == -1) modPageState(VM_NR_FILE_MAPPED, 1);
}

/** Unmaps a page once; the lock of the page table is held (Linux: folio_remove_rmap_pte). */
export function removeRmap(page: Page): void {
  const anon = page.isAnon;
  if (page.mapcount.fetchSub(1) == 0) {
    modPageState(anon ? VM_NR_ANON_MAPPED : VM_NR_FILE_MAPPED, -1);
  }
}

/**
 * How many entries the reverse map finds that map `page` (Linux: rmap_walk with
 * page_mapped_in_vma). Preconditions:
 * - the page is locked, or nobody else is at work.
 */
export function rmapCount(page: Page): u32 {
  const mapping = page.mapping.load();
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
