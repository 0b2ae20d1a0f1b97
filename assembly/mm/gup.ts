import {
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  FOLL_FAST_ONLY,
  FOLL_FORCE,
  FOLL_LONGTERM,
  FOLL_NOFAULT,
  FOLL_PIN,
  FOLL_TOUCH,
  FOLL_WRITE,
  PIN_GET_PAGE,
  PIN_I_MMAP_WRITABLE,
  PIN_I_MMAP_WRITABLE_PERCPU,
  PIN_PINCOUNT,
  PIN_READ_WRITE_SPLIT,
  SIGBUS_RESULT,
  SIGSEGV_RESULT,
  VM_GUP_FAST_FALLBACK,
} from '../abi';
import {
  PAGE_PROTNONE,
  TASK_SIZE,
  entryOf,
  ptePfn,
  ptePresent,
  pteDirty,
  pteSpecial,
  pteWrite,
} from '../arch/pgtable';
import { thisCpuAdd } from '../lib/atomic';
import { EFAULT, ENOMEM, EOVERFLOW } from '../lib/errno';
import { thisCpu } from '../lib/percpu';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { TRACE_GUP_SLOW, trace } from '../lib/trace';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { AS_DONTPIN } from '../types/address_space';
import { GUP_ENTRY_SIZE, GupEntry } from '../types/gup_vec';
import { MMF_HAS_PINNED, MmStruct } from '../types/mm_struct';
import { PG_ANON_EXCLUSIVE, Page } from '../types/page';
import { VM_MAYREAD, VM_READ, VM_WRITE, Vma } from '../types/vm_area';
import { gupFast, releaseEntries } from './gup_fast';
import { handleMmFault } from './memory';
import { findPteTable, pteLock } from './pgtable';
import { keepsExclusive } from './policy/cow';
import { GetPage } from './policy/get_page';
import { IMmapWritable } from './policy/i_mmap_writable';
import { IMmapWritablePercpu } from './policy/i_mmap_writable_percpu';
import { FILE_REFUSES } from './policy/pin';
import { PinCount } from './policy/pincount';
import { ReadWriteSplit } from './policy/read_write_split';
import { markPageAccessed } from './swap';
import { vmaLookup } from './vma_tree';
import { countVmEvent } from './vmstat';

/**
 * get_user_pages and pin_user_pages: the choice of the policy, the slow path, and the release
 * (Linux: mm/gup.c).
 *
 * The zero page is taken like any other, so that a release need not tell it apart (Linux does not
 * count pins of it).
 */

/** What the fast loops of one call do not get is a partial result or an error. */
export function getUserPagesFast(
  mm: MmStruct,
  start: u64,
  nr: u32,
  flags: u32,
  entries: usize,
): i32 {
  const length = (<u64>nr) << PAGE_SHIFT;
  const first = start & ~(<u64>(PAGE_SIZE - 1));
  if (first + length < first) return -EOVERFLOW;
  if (first + length > TASK_SIZE) return -EFAULT;
  const fast = gupFastByPolicy(mm, first, nr, flags, entries);
  if ((flags & FOLL_PIN) != 0) thisCpuAdd(thisCpu().pinsAcquired, fast);
  if (fast == nr || (flags & FOLL_FAST_ONLY) != 0) return <i32>fast;
  countVmEvent(VM_GUP_FAST_FALLBACK);
  const rest = getUserPages(
    mm,
    first + ((<u64>fast) << PAGE_SHIFT),
    nr - fast,
    flags | FOLL_TOUCH,
    entries + <usize>fast * GUP_ENTRY_SIZE,
  );
  if (rest < 0) return fast != 0 ? <i32>fast : rest;
  return <i32>fast + rest;
}

/** Pages through VMAs and faults; up to `nr`, or an error if not one (Linux: __get_user_pages). */
export function getUserPages(mm: MmStruct, start: u64, nr: u32, flags: u32, entries: usize): i32 {
  if (nr == 0) return 0;
  trace(TRACE_GUP_SLOW, start, nr);
  if (showsAsPin(flags)) mm.flags.fetchOr(MMF_HAS_PINNED);
  mm.mmapLock.downRead();
  const result = gupLocked(mm, start & ~(<u64>(PAGE_SIZE - 1)), nr, flags, entries);
  mm.mmapLock.upRead();
  if (result > 0 && (flags & FOLL_PIN) != 0) thisCpuAdd(thisCpu().pinsAcquired, result);
  return result;
}

/** Gives back what either call above got, with the same flags (Linux: unpin_user_pages). */
export function releaseUserPages(entries: usize, nr: u32, flags: u32): void {
  const write = (flags & FOLL_WRITE) != 0;
  const policy = policyFor(flags);
  if (policy == PIN_PINCOUNT) releaseEntries<PinCount>(entries, nr, write);
  else if (policy == PIN_GET_PAGE) releaseEntries<GetPage>(entries, nr, write);
  else if (policy == PIN_I_MMAP_WRITABLE) releaseEntries<IMmapWritable>(entries, nr, write);
  else if (policy == PIN_I_MMAP_WRITABLE_PERCPU) {
    releaseEntries<IMmapWritablePercpu>(entries, nr, write);
  } else releaseEntries<ReadWriteSplit>(entries, nr, write);
  if ((flags & FOLL_PIN) != 0) thisCpuAdd(thisCpu().pinsReleased, nr);
}

/**
 * What counts the pages of a call. FOLL_GET is a plain reference where only pins are counted; where
 * writers are told from readers, a FOLL_GET for writing is a writer like any other.
 */
function policyFor(flags: u32): u32 {
  const policy = thisCpu().pinPolicy.load();
  if ((flags & FOLL_PIN) != 0) return policy;
  if ((flags & FOLL_WRITE) == 0 || policy == PIN_PINCOUNT) return PIN_GET_PAGE;
  return policy;
}

/** Whether pages show the references of a call to a fork, which asks whether they are pinned. */
function showsAsPin(flags: u32): bool {
  if ((flags & FOLL_PIN) != 0) return true;
  return (flags & FOLL_WRITE) != 0 && policyFor(flags) == PIN_READ_WRITE_SPLIT;
}

function gupFastByPolicy(mm: MmStruct, start: u64, nr: u32, flags: u32, entries: usize): u32 {
  const policy = policyFor(flags);
  if (policy == PIN_PINCOUNT) return gupFast<PinCount>(mm, start, nr, flags, entries);
  if (policy == PIN_GET_PAGE) return gupFast<GetPage>(mm, start, nr, flags, entries);
  if (policy == PIN_I_MMAP_WRITABLE) return gupFast<IMmapWritable>(mm, start, nr, flags, entries);
  if (policy == PIN_I_MMAP_WRITABLE_PERCPU) {
    return gupFast<IMmapWritablePercpu>(mm, start, nr, flags, entries);
  }
  return gupFast<ReadWriteSplit>(mm, start, nr, flags, entries);
}

/** Page by page, with mmap_lock held for reading. */
function gupLocked(mm: MmStruct, start: u64, nr: u32, flags: u32, entries: usize): i32 {
  let error: i32 = 0;
  let got: u32 = 0;
  let vma: Vma | null = null;
  thisCpu().gupCounted.init(0);
  for (; got < nr; got++) {
    const address = start + ((<u64>got) << PAGE_SHIFT);
    if (vma == null || address >= vma.vmEnd) {
      vma = vmaLookup(mm, address);
      error = vma == null ? -EFAULT : checkVmaFlags(vma, flags);
      if (error < 0) break;
    }
    error = gupOne(vma!, address, flags, GupEntry.at(entries, got));
    if (error < 0) break;
  }
  return got != 0 ? <i32>got : error;
}

/** Whether the mapping allows it at all (Linux: check_vma_flags). */
function checkVmaFlags(vma: Vma, flags: u32): i32 {
  const file = vma.vmFile;
  if (file != null) {
    if ((file.mapping.flags.load() & AS_DONTPIN) != 0) return -EFAULT;
  }
  if ((flags & FOLL_WRITE) != 0) {
    if ((vma.vmFlags & VM_WRITE) != 0) return 0;
    return (flags & FOLL_FORCE) != 0 && vma.isCow ? 0 : -EFAULT;
  }
  if ((vma.vmFlags & VM_READ) != 0) return 0;
  return (flags & FOLL_FORCE) != 0 && (vma.vmFlags & VM_MAYREAD) != 0 ? 0 : -EFAULT;
}

const NEEDS_FAULT: i32 = 1;
const NEEDS_UNSHARE: i32 = 2;

/** Follows one entry, faulting until that works (Linux: follow_page_mask, faultin_page). */
function gupOne(vma: Vma, address: u64, flags: u32, entry: GupEntry): i32 {
  let broken = false;
  while (true) {
    const followed = followPage(vma, address, flags, broken, entry);
    if (followed <= 0) return followed;
    if ((flags & FOLL_NOFAULT) != 0) return -EFAULT;
    let how: u32 = (flags & FOLL_WRITE) != 0 ? FAULT_FLAG_WRITE : 0;
    if (followed == NEEDS_UNSHARE) how = FAULT_FLAG_UNSHARE;
    const result = handleMmFault(vma, address, how);
    if (result == -SIGBUS_RESULT || result == -SIGSEGV_RESULT) return -EFAULT;
    if (result < 0) return result;
    broken = how == FAULT_FLAG_WRITE;
  }
}

/**
 * The page of one entry, under its lock: 0 and taken, or what is missing (Linux: follow_page_pte).
 */
function followPage(vma: Vma, address: u64, flags: u32, broken: bool, entry: GupEntry): i32 {
  const table = findPteTable(vma.vmMm, address);
  if (table == 0) return NEEDS_FAULT;
  const lock = pteLock(table);
  lock.lock();
  const pte = entryOf(table, address, 0).load();
  const result = followPteLocked(vma, pte, flags, broken, entry);
  lock.unlock();
  return result;
}

function followPteLocked(vma: Vma, pte: u64, flags: u32, broken: bool, entry: GupEntry): i32 {
  if (!ptePresent(pte)) return NEEDS_FAULT;
  if ((pte & PAGE_PROTNONE) != 0 && (flags & FOLL_FORCE) == 0) return -EFAULT;
  if ((flags & FOLL_WRITE) != 0 && !pteWrite(pte) && !canForceWrite(vma, pte, flags, broken)) {
    return NEEDS_FAULT;
  }
  if (!pteWrite(pte) && mustUnshare(vma, pte, flags)) return NEEDS_UNSHARE;
  return takeByPolicy(Page.fromPfn(ptePfn(pte)), flags, entry);
}

/**
 * FOLL_FORCE writes to a private page that is the process's own (Linux: can_follow_write_pte).
 * Where pages do not say so, to one that is dirty after a fault of this call (Linux 4.8: FOLL_COW):
 * if it was thrown away since, the entry that a read has made anew is clean (CVE-2016-5195).
 */
function canForceWrite(vma: Vma, pte: u64, flags: u32, broken: bool): bool {
  if ((flags & FOLL_FORCE) == 0 || !vma.isCow || (vma.vmFlags & VM_WRITE) != 0) return false;
  if (pteSpecial(pte)) return false;
  const page = Page.fromPfn(ptePfn(pte));
  if (!page.isAnon) return false;
  return keepsExclusive() ? page.flags.test(PG_ANON_EXCLUSIVE) != 0 : broken && pteDirty(pte);
}

/**
 * A pin for reading must not watch a page that the process's next write replaces; designs that do
 * not know which pages those are let it (axis `cow`).
 */
function mustUnshare(vma: Vma, pte: u64, flags: u32): bool {
  if ((flags & FOLL_PIN) == 0 || (flags & FOLL_WRITE) != 0 || !keepsExclusive()) return false;
  const special = pteSpecial(pte);
  if (special || !Page.fromPfn(ptePfn(pte)).isAnon) {
    return (flags & FOLL_LONGTERM) != 0 && vma.isCow;
  }
  return Page.fromPfn(ptePfn(pte)).flags.test(PG_ANON_EXCLUSIVE) == 0;
}

function takeByPolicy(page: Page, flags: u32, entry: GupEntry): i32 {
  const policy = policyFor(flags);
  if (policy == PIN_PINCOUNT) return take<PinCount>(page, flags, entry);
  if (policy == PIN_GET_PAGE) return take<GetPage>(page, flags, entry);
  if (policy == PIN_I_MMAP_WRITABLE) return take<IMmapWritable>(page, flags, entry);
  if (policy == PIN_I_MMAP_WRITABLE_PERCPU) return take<IMmapWritablePercpu>(page, flags, entry);
  return take<ReadWriteSplit>(page, flags, entry);
}

/** As F3 and F4 of GUP-fast; nothing to read again, since the entry's lock is held. */
function take<P>(page: Page, flags: u32, entry: GupEntry): i32 {
  const policy = changetype<P>(0);
  const write = (flags & FOLL_WRITE) != 0;
  if (!policy.grab(page, write)) return -ENOMEM;
  let counted: u32 = 0;
  if (write) {
    localIrqSave();
    counted = policy.countFile(page, thisCpu().gupCounted.load());
    localIrqRestore();
    if (counted == FILE_REFUSES) {
      policy.release(page, write);
      return -EFAULT;
    }
    if (counted != 0) thisCpu().gupCounted.init(counted);
  }
  if ((flags & FOLL_TOUCH) != 0) markPageAccessed(page);
  entry.pfn.init(page.pfn);
  entry.mapping.init(counted);
  return 0;
}
