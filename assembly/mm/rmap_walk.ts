import { TreeNode } from '../lib/balanced_tree';
import { intervalFirst, intervalNext } from '../lib/interval_tree';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { RwSem } from '../lib/rwsem';
import { PAGE_SHIFT } from '../memlayout';
import { AddressSpace } from '../types/address_space';
import { AnonVma } from '../types/anon_vma';
import { PAGE_MAPPING_ANON, Page } from '../types/page';
import { Vma } from '../types/vm_area';
import { putAnonVma } from './anon_vma';
import { AvcInterval, VmaInterval } from './interval';

/**
 * Visiting every place where a page may be mapped (Linux: rmap_walk in mm/rmap.c). A visitor is a
 * type with `visit(vma, address, page): bool`, which is never looked at as an object; it takes the
 * lock of the page table itself, and ends the walk with false.
 *
 * An anonymous page names its anon_vma, but only while the page is mapped is that certain to live,
 * and the last mapping may go away at any time. So the anon_vma is found with interrupts off: it is
 * freed only after those who were in such a section have left it (`putAnonVma`), so what a mapped
 * page names there is still an anon_vma, and has a reference to take unless its end has begun.
 */

/** How a walk has ended. */
export const WALK_DONE: u32 = 0;
/** The visitor has ended it. */
export const WALK_STOPPED: u32 = 1;
/** A lock was taken, and the caller did not want to wait (Linux: rwc->contended). */
export const WALK_CONTENDED: u32 = 2;

/**
 * Walks the mappings of a page; with `tryLock` it waits for no lock of a reverse map.
 * Preconditions:
 * - the page is locked.
 */
export function rmapWalk<V>(page: Page, tryLock: bool): u32 {
  const mapping = page.mapping.dereference();
  if (mapping == 0) return WALK_DONE;
  if ((mapping & PAGE_MAPPING_ANON) == 0) {
    return rmapWalkFile<V>(page, changetype<AddressSpace>(<usize>mapping), tryLock);
  }
  const anonVma = getAnonVma(page);
  if (anonVma == null) return WALK_DONE;
  const result = rmapWalkAnon<V>(page, anonVma, tryLock);
  putAnonVma(anonVma);
  return result;
}

/** The anon_vma of a mapped page with a reference, or null (Linux: folio_get_anon_vma). */
function getAnonVma(page: Page): AnonVma | null {
  let found: AnonVma | null = null;
  localIrqSave();
  const mapping = page.mapping.dereference();
  if ((mapping & PAGE_MAPPING_ANON) != 0 && page.mapcount.load() >= 0) {
    const anonVma = changetype<AnonVma>(<usize>(mapping - PAGE_MAPPING_ANON));
    let count = anonVma.refcount.load();
    while (count != 0) {
      const before = anonVma.refcount.cmpxchg(count, count + 1);
      if (before == count) break;
      count = before;
    }
    if (count != 0) found = anonVma;
  }
  localIrqRestore();
  return found;
}

function rmapWalkAnon<V>(page: Page, anonVma: AnonVma, tryLock: bool): u32 {
  const visitor = changetype<V>(0);
  const rwsem = anonVma.root.rwsem;
  if (!lockForWalk(rwsem, tryLock)) return WALK_CONTENDED;
  let result = WALK_DONE;
  let node: TreeNode | null = intervalFirst<AvcInterval>(anonVma.tree, page.index, page.index);
  while (node != null) {
    const vma = AvcInterval.chainOf(node).vma;
    if (!visitor.visit(vma, addressIn(vma, page), page)) {
      result = WALK_STOPPED;
      break;
    }
    node = intervalNext<AvcInterval>(node, page.index, page.index);
  }
  rwsem.upRead();
  return result;
}

function rmapWalkFile<V>(page: Page, mapping: AddressSpace, tryLock: bool): u32 {
  const visitor = changetype<V>(0);
  if (!lockForWalk(mapping.iMmapRwsem, tryLock)) return WALK_CONTENDED;
  let result = WALK_DONE;
  let node = intervalFirst<VmaInterval>(mapping.iMmap, page.index, page.index);
  while (node != null) {
    const vma = Vma.fromShared(node);
    if (!visitor.visit(vma, addressIn(vma, page), page)) {
      result = WALK_STOPPED;
      break;
    }
    node = intervalNext<VmaInterval>(node, page.index, page.index);
  }
  mapping.iMmapRwsem.upRead();
  return result;
}

function lockForWalk(rwsem: RwSem, tryLock: bool): bool {
  if (tryLock) return rwsem.tryDownRead();
  rwsem.downRead();
  return true;
}

/** Where a VMA has the page, if it maps it (Linux: vma_address). */
function addressIn(vma: Vma, page: Page): u64 {
  return vma.vmStart + ((page.index - vma.vmPgoff) << PAGE_SHIFT);
}
