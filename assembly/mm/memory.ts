import {
  BUG_COW_MAPCOUNT_ONLY,
  COW_ANON_EXCLUSIVE,
  COW_MAP_PLUS_SWAP,
  COW_REF_ONE,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  SIGSEGV_RESULT,
  VM_PGFAULT,
} from '../abi';
import {
  PAGE_ACCESSED,
  PAGE_DIRTY,
  PAGE_RW,
  PAGE_SPECIAL,
  entryOf,
  mkPte,
  pageProt,
  pteDirty,
  ptePfn,
  ptePresent,
  pteSpecial,
  pteWrite,
  pteYoung,
} from '../arch/pgtable';
import { pteIsGuard } from '../arch/pte_marker';
import { pteIsSwap } from '../arch/swapops';
import { ENOMEM } from '../lib/errno';
import { reenacts } from '../lib/machine';
import { thisCpu } from '../lib/percpu';
import { synchronize } from '../lib/rcu';
import { PAGE_SIZE } from '../memlayout';
import { PG_DIRTY, Page, zeroPfn } from '../types/page';
import { VM_EXEC, VM_READ, VM_SHARED, VM_WRITE, Vma } from '../types/vm_area';
import { anonVmaPrepare } from './anon_vma';
import { doFaultAround } from './fault_around';
import { copyPage } from './highmem';
import { allocPage, allocZeroedPage, putPage } from './page_alloc';
import { lockPage, unlockPage } from './page_lock';
import { getPage } from './page_ref';
import { allocPteTable, pteLock } from './pgtable';
import { CowAnonExclusive } from './policy/cow_anon_exclusive';
import { CowMapPlusSwap } from './policy/cow_map_plus_swap';
import { CowRefEqual } from './policy/cow_ref_equal';
import { CowRefOne } from './policy/cow_ref_one';
import { addFileRmap, addNewAnonRmap, removeRmap } from './rmap';
import { faultError, isFaultError, shmemFault } from './shmem';
import { folioAddLruVma, markPageAccessed } from './swap';
import { freeSwapCache } from './swap_state';
import { doSwapPage } from './swapin';
import { countVmEvent } from './vmstat';

/**
 * Page faults (Linux: mm/memory.c). A fault reads the entry without a lock, prepares what it needs,
 * and installs it under the lock of the page table if the entry is still what it was; otherwise
 * somebody else resolved the fault, and the access is tried again.
 *
 * Preconditions of all: mmap_lock is held for reading, and the VMA allows the access.
 */

/** Resolves one fault: 0, -ENOMEM, -SIGBUS_RESULT or -SIGSEGV_RESULT (Linux: handle_mm_fault). */
export function handleMmFault(vma: Vma, address: u64, flags: u32): i32 {
  countVmEvent(VM_PGFAULT);
  const table = allocPteTable(vma.vmMm, address);
  if (table == 0) return -ENOMEM;
  const ptep = entryOf(table, address, 0);
  const pte = ptep.load();
  if (pteIsSwap(pte)) return doSwapPage(vma, address, flags, table, pte);
  if (!ptePresent(pte)) {
    if (pteIsGuard(pte)) return -SIGSEGV_RESULT;
    return vma.vmFile == null
      ? doAnonymousPage(vma, address, flags, table)
      : doFault(vma, address, flags, table);
  }
  if ((flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) != 0 && !pteWrite(pte)) {
    return doWpPage(vma, address, flags, table, pte);
  }
  return 0;
}

/**
 * The bits of an entry of this VMA; PAGE_RW only where a write needs no copy (Linux: vm_page_prot).
 */
export function vmPageProt(vma: Vma): u64 {
  const flags = vma.vmFlags;
  const writable = (flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED);
  const readable = (flags & (VM_READ | VM_WRITE)) != 0;
  return pageProt(readable, writable, (flags & VM_EXEC) != 0);
}

/** First touch of private anonymous memory (Linux: do_anonymous_page). */
function doAnonymousPage(vma: Vma, address: u64, flags: u32, table: usize): i32 {
  if ((flags & FAULT_FLAG_WRITE) == 0) {
    const zero = mkPte(zeroPfn(), vmPageProt(vma) | PAGE_SPECIAL | PAGE_ACCESSED);
    const lock = pteLock(table);
    lock.lock();
    const ptep = entryOf(table, address, 0);
    if (ptep.load() == 0) ptep.store(zero);
    lock.unlock();
    return 0;
  }
  if (anonVmaPrepare(vma) < 0) return -ENOMEM;
  const page = allocZeroedPage();
  if (page == null) return -ENOMEM;
  return installAnonPage(vma, address, flags, table, page, 0);
}

/**
 * Maps a new anonymous page where the entry is still `expected`: empty, or something read-only that
 * the page is a copy of. Otherwise frees the page. An unshare leaves the writing to a fault.
 */
function installAnonPage(
  vma: Vma,
  address: u64,
  flags: u32,
  table: usize,
  page: Page,
  expected: u64,
): i32 {
  const ptep = entryOf(table, address, 0);
  const lock = pteLock(table);
  lock.lock();
  if (ptep.load() != expected) {
    lock.unlock();
    putPage(page);
    return 0;
  }
  if (expected != 0) {
    // Nobody may still read the old page once somebody has written to the new one.
    ptep.store(0);
    synchronize();
  }
  addNewAnonRmap(page, vma, address);
  folioAddLruVma(page, vma);
  const writable = (flags & FAULT_FLAG_WRITE) != 0 ? writeBits(vma) : 0;
  ptep.storeRelease(mkPte(page.pfn, vmPageProt(vma) | PAGE_ACCESSED | writable));
  const old = expected != 0 && !pteSpecial(expected) ? Page.fromPfn(ptePfn(expected)) : null;
  if (old != null) removeRmap(old, vma);
  lock.unlock();
  if (old != null) {
    freeSwapCache(old);
    putPage(old);
  }
  return 0;
}

/**
 * What a write adds to an entry of a private page: dirty, and writable if the VMA is; of a device
 * that writes by force, dirty alone (Linux: maybe_mkwrite).
 */
export function writeBits(vma: Vma): u64 {
  return (vma.vmFlags & VM_WRITE) != 0 ? PAGE_DIRTY | PAGE_RW : PAGE_DIRTY;
}

/** First touch of a page of a file (Linux: do_fault). */
function doFault(vma: Vma, address: u64, flags: u32, table: usize): i32 {
  const shared = (vma.vmFlags & VM_SHARED) != 0;
  if ((flags & FAULT_FLAG_WRITE) != 0 && !shared) return doCowFault(vma, address, table);
  if ((flags & FAULT_FLAG_WRITE) == 0) {
    if (doFaultAround(vma, address, table, vmPageProt(vma) | PAGE_ACCESSED)) return 0;
  }
  const found = shmemFault(vma, address);
  if (isFaultError(found)) return faultError(found);
  const page = changetype<Page>(found);
  if ((flags & FAULT_FLAG_WRITE) != 0) markPageDirty(page);
  finishFault(vma, address, table, page, flags);
  unlockPage(page);
  return 0;
}

/**
 * Maps a locked page of a file; its reference goes to the entry, or is dropped (Linux:
 * finish_fault).
 */
function finishFault(vma: Vma, address: u64, table: usize, page: Page, flags: u32): void {
  const dirty = (flags & FAULT_FLAG_WRITE) != 0 ? PAGE_DIRTY : 0;
  const pte = mkPte(page.pfn, vmPageProt(vma) | PAGE_ACCESSED | dirty);
  const ptep = entryOf(table, address, 0);
  const lock = pteLock(table);
  lock.lock();
  const mine = ptep.load() == 0;
  if (mine) {
    addFileRmap(page, vma);
    ptep.storeRelease(pte);
  }
  lock.unlock();
  if (!mine) putPage(page);
}

/** First touch of a private file mapping, by a write (Linux: do_cow_fault). */
function doCowFault(vma: Vma, address: u64, table: usize): i32 {
  if (anonVmaPrepare(vma) < 0) return -ENOMEM;
  const copy = allocPage();
  if (copy == null) return -ENOMEM;
  const found = shmemFault(vma, address);
  if (isFaultError(found)) {
    putPage(copy);
    return faultError(found);
  }
  const page = changetype<Page>(found);
  copyPage(copy.pfn, page.pfn);
  const result = installAnonPage(vma, address, FAULT_FLAG_WRITE, table, copy, 0);
  unlockPage(page);
  putPage(page);
  return result;
}

/** A write to, or an unshare of, a page that is mapped read-only (Linux: do_wp_page). */
export function doWpPage(vma: Vma, address: u64, flags: u32, table: usize, pte: u64): i32 {
  if ((vma.vmFlags & VM_SHARED) != 0) {
    if ((flags & FAULT_FLAG_WRITE) != 0) reusePage(vma, address, table, pte);
    return 0;
  }
  if (pteSpecial(pte)) {
    if (anonVmaPrepare(vma) < 0) return -ENOMEM;
    const zeroed = allocZeroedPage();
    return zeroed == null ? -ENOMEM : installAnonPage(vma, address, flags, table, zeroed, pte);
  }
  if (wpReuseOrHold(vma, address, flags, table, pte)) return 0;
  const old = Page.fromPfn(ptePfn(pte));
  const result = wpPageCopy(vma, address, flags, table, pte, old);
  putPage(old);
  return result;
}

/**
 * Keeps the page if it is the process's own, and lets the entry write to it unless nobody writes;
 * true if that was done, or if the entry is another one by now. Else the page has a reference
 * more: it is to be copied, and memory for that must not come from reclaiming the page itself, or
 * a process that is alone with too little of it would fault for ever.
 */
function wpReuseOrHold(vma: Vma, address: u64, flags: u32, table: usize, pte: u64): bool {
  const page = Page.fromPfn(ptePfn(pte));
  const ptep = entryOf(table, address, 0);
  const lock = pteLock(table);
  let done: bool = true;
  lock.lock();
  if (ptep.load() == pte) {
    done = page.isAnon && canReuse(page, vma);
    const writes = done && (flags & FAULT_FLAG_WRITE) != 0;
    if (writes) ptep.store(pte | PAGE_ACCESSED | writeBits(vma));
    if (!done) getPage(page);
  }
  lock.unlock();
  return done;
}

/** Whether the page is the process's own, by the axis `cow`. */
function canReuse(page: Page, vma: Vma): bool {
  // Other entries alone do not show who has the page in a pipe, or a device that reads it.
  if (reenacts(BUG_COW_MAPCOUNT_ONLY)) return changetype<CowMapPlusSwap>(0).canReuse(page, vma);
  const policy = thisCpu().cowPolicy;
  if (policy == COW_ANON_EXCLUSIVE) return changetype<CowAnonExclusive>(0).canReuse(page, vma);
  if (policy == COW_REF_ONE) return changetype<CowRefOne>(0).canReuse(page, vma);
  if (policy == COW_MAP_PLUS_SWAP) return changetype<CowMapPlusSwap>(0).canReuse(page, vma);
  return changetype<CowRefEqual>(0).canReuse(page, vma);
}

/** Lets the entry write to the page it maps (Linux: wp_page_reuse). */
function reusePage(vma: Vma, address: u64, table: usize, pte: u64): void {
  const ptep = entryOf(table, address, 0);
  const lock = pteLock(table);
  lock.lock();
  if (ptep.load() == pte && (vma.vmFlags & VM_WRITE) != 0) {
    ptep.store(pte | PAGE_RW | PAGE_DIRTY | PAGE_ACCESSED);
  }
  lock.unlock();
}

/** Gives the process a copy of its own; the caller holds the old page (Linux: wp_page_copy). */
function wpPageCopy(vma: Vma, address: u64, flags: u32, table: usize, pte: u64, old: Page): i32 {
  if (anonVmaPrepare(vma) < 0) return -ENOMEM;
  const copy = allocPage();
  if (copy == null) return -ENOMEM;
  copyPage(copy.pfn, old.pfn);
  return installAnonPage(vma, address, flags, table, copy, pte);
}

/** Marks a page dirty for its owner (Linux: folio_mark_dirty). */
export function markPageDirty(page: Page): void {
  if (page.flags.test(PG_DIRTY) == 0) page.flags.or(PG_DIRTY);
}

/** Marks a page dirty that is not locked (Linux: set_page_dirty_lock). */
export function setPageDirtyLock(page: Page): void {
  lockPage(page);
  markPageDirty(page);
  unlockPage(page);
}

/**
 * What zapping one entry leaves to do: hands the dirty and the accessed bit to a page of a file
 * (Linux: zap_present_folio_ptes).
 */
export function zapDirtyBit(pte: u64, page: Page): void {
  if (page.isAnon) return;
  if (pteDirty(pte)) markPageDirty(page);
  if (pteYoung(pte)) markPageAccessed(page);
}

/** Bytes from `address` to the end of its page. */
export function bytesToPageEnd(address: u64): u32 {
  return PAGE_SIZE - ((<u32>address) & (PAGE_SIZE - 1));
}
