import {
  BUG_FORK_NO_EARLY_COPY,
  BUG_FORK_NO_WRITE_PROTECT_SEQ,
  FORK_PINNED_EARLY_COPY_CHILD,
  FORK_PINNED_SHARE,
} from '../abi';
import {
  PAGE_ACCESSED,
  PAGE_DIRTY,
  PAGE_RW,
  PMD_SIZE,
  Pte,
  entryOf,
  mkPte,
  ptePfn,
  ptePresent,
  pteSpecial,
  pteWrite,
} from '../arch/pgtable';
import { PAGE_SWP_EXCLUSIVE, pteIsSwap, pteSwpExclusive, pteToSwpEntry } from '../arch/swapops';
import { ENOMEM } from '../lib/errno';
import { SINGLE_DEPTH_NESTING } from '../lib/lockdep';
import { reenacts } from '../lib/machine';
import { thisCpu } from '../lib/percpu';
import { PAGE_SIZE } from '../memlayout';
import { MMF_HAS_PINNED } from '../types/mm_struct';
import { PG_ANON_EXCLUSIVE, Page } from '../types/page';
import { VM_COPY_ON_FORK, VM_SHARED, VM_WRITE, Vma } from '../types/vm_area';
import { copyPage } from './highmem';
import { vmPageProt } from './memory';
import { allocPage, putPage } from './page_alloc';
import { allocPteTable, findPteTable, pteLock, skipUnmapped } from './pgtable';
import { keepsExclusive } from './policy/cow';
import { maybeDmaPinned } from './policy/pins_of_page';
import { addNewAnonRmap, getAndDupRmap } from './rmap';
import { swapDuplicate } from './swapfile';
import { folioAddLruVma } from './swap';

/**
 * What a fork gives the child of one mapping (Linux: copy_page_range in mm/memory.c): the same
 * pages, and in a private mapping neither side can write to them any more without a fault.
 *
 *   C1  write_protect_seq becomes odd
 *   C2  for each entry, under the locks of the child's and the parent's table:
 *       a page that this process owns alone and that may be pinned: the child gets a copy at once
 *       any other: no longer exclusive, write-protected on both sides, one more mapping
 *   C3  write_protect_seq becomes even
 *
 * A pinned page must stay the parent's: the device writes to it, and after a shared page the parent
 * would be given a copy by its next store, away from the device. Whether a page is pinned is read
 * in C2; a GUP-fast that pins it between that and the write protection reads an odd or a changed
 * sequence afterwards, gives the pin back, and waits for mmap_lock on the slow path. For that C1
 * must be visible before the first count is read, and C3 not before the last entry is changed.
 *
 * The axis `forkPinned` leaves out C1 and C3, or all of it.
 *
 * Whoever writes through an entry at this moment does so before the caller's flush.
 *
 * Preconditions of all:
 * - mmap_lock of both is held for writing; nobody runs in the child yet.
 */

/** Copies the entries of a VMA into its twin in the child: 0 or -ENOMEM. */
export function copyPageRange(child: Vma, parent: Vma): i32 {
  if (!needsCopy(parent)) return 0;
  const mm = parent.vmMm;
  const isCow = parent.isCow;
  const policy = reenacts(BUG_FORK_NO_EARLY_COPY) ? FORK_PINNED_SHARE : thisCpu().forkPinned;
  // Without it a GUP-fast pins a page that was seen unpinned, before it is write-protected.
  const marks = !reenacts(BUG_FORK_NO_WRITE_PROTECT_SEQ);
  const guarded = isCow && policy == FORK_PINNED_EARLY_COPY_CHILD && marks;
  if (guarded) mm.writeProtectSeq.writeBegin();
  // Not before C1: a pin sets the flag before it reads the sequence.
  const hasPinned = (mm.flags.load() & MMF_HAS_PINNED) != 0;
  const mayBePinned = isCow && hasPinned && policy != FORK_PINNED_SHARE;
  let error: i32 = 0;
  let address = skipUnmapped(mm, parent.vmStart, parent.vmEnd);
  while (address < parent.vmEnd) {
    const next = min<u64>(parent.vmEnd, (address + PMD_SIZE) & ~(PMD_SIZE - 1));
    error = copyTable(child, parent, address, next, mayBePinned);
    if (error < 0) break;
    address = skipUnmapped(mm, next, parent.vmEnd);
  }
  if (guarded) mm.writeProtectSeq.writeEnd();
  return error;
}

/**
 * Only what a fault of the child could not find again: the pages of a file, and zeros, it can; a
 * guard it cannot (Linux: vma_needs_copy).
 */
function needsCopy(parent: Vma): bool {
  return parent.anonVma != null || (parent.vmFlags & VM_COPY_ON_FORK) != 0;
}

/** The entries of one table (Linux: copy_pte_range). */
function copyTable(child: Vma, parent: Vma, start: u64, end: u64, mayBePinned: bool): i32 {
  const from = findPteTable(parent.vmMm, start);
  const to = allocPteTable(child.vmMm, start);
  if (to == 0) return -ENOMEM;
  let address = start;
  while (true) {
    lockBoth(to, from);
    address = copyEntries(child, parent, to, from, address, end, mayBePinned);
    unlockBoth(to, from);
    if (address == end) return 0;
    // Memory is allocated without the locks, and the entry is looked at once more.
    const page = allocPage();
    if (page == null) return -ENOMEM;
    lockBoth(to, from);
    const copied = copyPresentPage(child, to, from, address, page);
    unlockBoth(to, from);
    if (copied) address += PAGE_SIZE;
    else putPage(page);
  }
}

/** Up to `end`, or to an entry whose page must be copied now; returns how far it got. */
function copyEntries(
  child: Vma,
  parent: Vma,
  to: usize,
  from: usize,
  start: u64,
  end: u64,
  mayBePinned: bool,
): u64 {
  const isCow = parent.isCow;
  const drop = PAGE_ACCESSED | ((parent.vmFlags & VM_SHARED) != 0 ? PAGE_DIRTY : 0);
  for (let address = start; address < end; address += PAGE_SIZE) {
    const ptep = entryOf(from, address, 0);
    let pte = ptep.load();
    if (pte == 0) continue;
    const slot = entryOf(to, address, 0);
    if (!ptePresent(pte)) {
      copyNonpresentPte(slot, ptep, pte);
      continue;
    }
    if (!pteSpecial(pte)) {
      const page = Page.fromPfn(ptePfn(pte));
      if (mayBePinned && mustCopyNow(page)) return address;
      getAndDupRmap(page);
    }
    if (isCow && pteWrite(pte)) pte = wrprotect(ptep, pte);
    slot.init(pte & ~drop);
  }
  return end;
}

/**
 * An entry that maps no page, such as a guard: the child gets it. A page that was swapped out is
 * then nobody's own, and its slot has one more user (Linux: copy_nonpresent_pte).
 */
function copyNonpresentPte(slot: Pte, ptep: Pte, pte: u64): void {
  let copied = pte;
  if (pteIsSwap(pte)) {
    swapDuplicate(pteToSwpEntry(pte));
    if (pteSwpExclusive(pte)) {
      copied = pte & ~PAGE_SWP_EXCLUSIVE;
      ptep.store(copied);
    }
  }
  slot.init(copied);
}

/** True for a page of the parent's own that a device may be using (Linux: the failure of
 * folio_try_dup_anon_rmap_pte).
 */
function mustCopyNow(page: Page): bool {
  if (!page.isAnon || !maybeDmaPinned(page)) return false;
  return page.flags.test(PG_ANON_EXCLUSIVE) != 0 || !keepsExclusive();
}

/**
 * Gives the child a copy in `page`, and leaves the parent's entry writable; false if that is not
 * needed any more (Linux: copy_present_page).
 */
function copyPresentPage(child: Vma, to: usize, from: usize, address: u64, page: Page): bool {
  const pte = entryOf(from, address, 0).load();
  if (!ptePresent(pte) || pteSpecial(pte)) return false;
  const pinned = Page.fromPfn(ptePfn(pte));
  if (!mustCopyNow(pinned)) return false;
  copyPage(page.pfn, pinned.pfn);
  addNewAnonRmap(page, child, address);
  folioAddLruVma(page, child);
  const writable = (child.vmFlags & VM_WRITE) != 0 ? PAGE_RW : 0;
  const prot = vmPageProt(child) | PAGE_ACCESSED | PAGE_DIRTY | writable;
  entryOf(to, address, 0).storeRelease(mkPte(page.pfn, prot));
  return true;
}

/**
 * Takes the permission to write away, and returns the entry as it is then; a CPU may be setting its
 * accessed or dirty bit (Linux: ptep_set_wrprotect).
 */
function wrprotect(ptep: Pte, pte: u64): u64 {
  let seen = pte;
  while (true) {
    const before = ptep.cmpxchg(seen, seen & ~PAGE_RW);
    if (before == seen) return seen & ~PAGE_RW;
    seen = before;
  }
}

/** The child's table first: nobody else takes two of them. */
function lockBoth(to: usize, from: usize): void {
  pteLock(to).lock();
  pteLock(from).lockNested(SINGLE_DEPTH_NESTING);
}

function unlockBoth(to: usize, from: usize): void {
  pteLock(from).unlock();
  pteLock(to).unlock();
}
