import { FAULT_FLAG_WRITE } from '../abi';
import { entryOf, pteDirty, ptePfn, ptePresent, pteSpecial, pteWrite } from '../arch/pgtable';
import { EFAULT, EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { Page } from '../types/page';
import {
  VM_ACCESS_FLAGS,
  VM_LOCKONFAULT,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  Vma,
} from '../types/vm_area';
import { handleMmFault, markPageDirty } from './memory';
import { findPteTable, pteLock } from './pgtable';
import { lruAddDrain, markPageAccessed } from './swap';
import { findVmaIntersection, vmaLookup } from './vma_tree';

/**
 * Faulting pages in before anybody touches them, for mlock, MAP_POPULATE and MADV_POPULATE_*
 * (Linux: mm/gup.c, __mm_populate, faultin_page_range).
 *
 * mmap_lock is taken for one VMA at a time, so that a long range does not keep writers out for
 * long; what is mapped may change in between.
 */

/**
 * Faults in the pages of every mapping in [start, end): 0 or an error. With `ignoreErrors` a
 * mapping that cannot be faulted in is left as it is (Linux: __mm_populate).
 */
export function mmPopulate(mm: MmStruct, start: u64, end: u64, ignoreErrors: bool): i32 {
  let error: i32 = 0;
  for (let at = start; at < end && error == 0;) {
    mm.mmapLock.downRead();
    const vma = findVmaIntersection(mm, at, end);
    let next = end;
    if (vma != null) {
      next = min<u64>(end, vma.vmEnd);
      error = populateVmaPageRange(vma, max<u64>(at, vma.vmStart), next);
      if (ignoreErrors) error = 0;
    }
    mm.mmapLock.upRead();
    at = next;
  }
  return error;
}

/**
 * Faults in [start, end) for reading or writing: 0, or what stopped it: -ENOMEM at a hole or
 * without memory, -EINVAL where the mapping does not allow the access, -EFAULT at a page that would
 * raise a signal (Linux: madvise_populate).
 */
export function faultinPageRange(mm: MmStruct, start: u64, end: u64, write: bool): i32 {
  const need = write ? VM_WRITE : VM_READ;
  let error: i32 = 0;
  for (let at = start; at < end && error == 0;) {
    mm.mmapLock.downRead();
    const vma = vmaLookup(mm, at);
    if (vma == null) error = -ENOMEM;
    else if ((vma.vmFlags & need) == 0) error = -EINVAL;
    else {
      const next = min<u64>(end, vma.vmEnd);
      error = faultinVma(vma, at, next, write);
      at = next;
    }
    mm.mmapLock.upRead();
  }
  return error;
}

/**
 * A private mapping is faulted in for writing, so that its pages need no copy later; a shared one
 * for reading, so that its pages do not become dirty (Linux: populate_vma_page_range). mmap_lock is
 * held.
 */
export function populateVmaPageRange(vma: Vma, start: u64, end: u64): i32 {
  const flags = vma.vmFlags;
  if ((flags & VM_LOCKONFAULT) != 0) return 0;
  if ((flags & VM_ACCESS_FLAGS) == 0) return -EFAULT;
  const error = faultinVma(vma, start, end, (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE);
  lruAddDrain();
  return error;
}

/** The part [start, end) of one VMA, with mmap_lock held. */
function faultinVma(vma: Vma, start: u64, end: u64, write: bool): i32 {
  for (let address = start; address < end; address += PAGE_SIZE) {
    while (!touchMapped(vma.vmMm, address, write)) {
      const error = handleMmFault(vma, address, write ? FAULT_FLAG_WRITE : 0);
      if (error < 0) return error == -ENOMEM ? error : -EFAULT; // else it is a signal
    }
  }
  return 0;
}

/**
 * True if the entry for the address maps a page that may be accessed so without a fault; then the
 * page counts as accessed (Linux: follow_page_pte with FOLL_TOUCH).
 */
function touchMapped(mm: MmStruct, address: u64, write: bool): bool {
  const table = findPteTable(mm, address);
  if (table == 0) return false;
  const lock = pteLock(table);
  lock.lock();
  const pte = entryOf(table, address, 0).load();
  const allowed = ptePresent(pte) && (!write || pteWrite(pte));
  if (allowed && !pteSpecial(pte)) {
    const page = Page.fromPfn(ptePfn(pte));
    if (write && !pteDirty(pte)) markPageDirty(page);
    markPageAccessed(page);
  }
  lock.unlock();
  return allowed;
}
