import {
  BUG_SEAL_FALSE_BUSY,
  BUG_SEAL_SCAN_BEFORE_DENY,
  PIN_I_MMAP_WRITABLE,
  PIN_I_MMAP_WRITABLE_PERCPU,
  SEAL_REFUSE_IF_COUNTED,
  SEAL_WAIT_FOR_PINS,
  VM_SEAL_PIN_WAITS,
} from '../abi';
import { EBUSY, EDEADLK, EINVAL, EPERM, ESLEEP } from '../lib/errno';
import { machine, reenacts } from '../lib/machine';
import { TRACE_SEAL, trace } from '../lib/trace';
import { noteSeals } from '../lib/watch';
import {
  XA_MARK_TOWRITE,
  XA_NONE,
  xaClearMarkLocked,
  xaIsValue,
  xaLoad,
  xaMarkedLocked,
  xaNext,
  xaNextMarkedLocked,
  xaSetMarkLocked,
} from '../lib/xarray';
import {
  AddressSpace,
  F_ALL_SEALS,
  F_SEAL_EXEC,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  Inode,
} from '../types/address_space';
import { FMODE_WRITE, File } from '../types/file';
import { Page } from '../types/page';
import { inodeLock, inodeSleepLocked, inodeUnlock } from './inode_lock';
import { allowWritable, denyWritable } from './mapping_writable';
import { countPinsExactly } from './policy/i_mmap_writable_percpu';
import { pinsOfPage } from './policy/pins_of_page';
import { lruAddDrainAll, lruExactBegin, lruExactEnd } from './swap';
import { countVmEvent } from './vmstat';

/**
 * Seals (Linux: mm/memfd.c), and what F_SEAL_WRITE does about pinned pages: the axis `seal`.
 *
 *   ignore-pins         denies writable mappings, and that is all (the hole that 2014 argued about)
 *   wait-for-pins       marks pages with unexplained references and looks again after 10, 20, 40
 *                       and 80 ms; what is left then makes it fail with EBUSY (Linux since 3.17)
 *   refuse-if-counted   asks the counts of the pin policy, at once and exactly
 *   dontpin             need not ask: pages of files that can be sealed are never pinned
 *
 * Adding a seal may have to wait for the clock. It is written as steps that a caller continues:
 * `addSeals` returns ESLEEP with i_rwsem still held and `scan` saying which scan is due, and
 * `continueAddSeals` is called once the time has passed.
 */

/** Number of the last scan (Linux: LAST_SCAN); the sleeps before scans 1 to 4 double. */
export const LAST_SCAN: u32 = 4;

/** All seals may be there from the start or be added, never be taken away. */
export function addSeals(file: File, seals: u32): i32 {
  if ((file.fMode & FMODE_WRITE) == 0) return -EPERM;
  const inode = file.inode;
  if ((seals & ~F_ALL_SEALS) != 0 || inode.pipe != null) return -EINVAL;
  if (inodeLock(inode) < 0) return -EDEADLK;
  trace(TRACE_SEAL, inode.iIno, seals);
  const all = withImpliedSeals(inode, seals);
  const result = beginSeal(inode, all);
  if (result == ESLEEP) {
    inodeSleepLocked(inode);
    return ESLEEP;
  }
  if (result == 0) setSeals(inode, all);
  inodeUnlock(inode);
  return result;
}

/** Goes on after the sleep before scan number `scan` (1 to LAST_SCAN); as `addSeals`. */
export function continueAddSeals(file: File, seals: u32, scan: u32): i32 {
  const inode = file.inode;
  countVmEvent(VM_SEAL_PIN_WAITS);
  const result = scanForPins(inode.mapping, scan);
  if (result == ESLEEP) return ESLEEP;
  lruExactEnd();
  if (result < 0) allowWritable(inode.mapping);
  else setSeals(inode, withImpliedSeals(inode, seals));
  inodeUnlock(inode);
  return result;
}

function setSeals(inode: Inode, seals: u32): void {
  inode.seals |= seals;
  noteSeals(changetype<usize>(inode), inode.seals);
}

/** Pages of the file that hold more references than the kernel itself explains: for messages. */
export function busyPages(inode: Inode): u32 {
  const xa = inode.mapping.iPages;
  let busy: u32 = 0;
  xa.lock.lock();
  for (let index = xaNext(xa, 0); index != XA_NONE; index = xaNext(xa, index + 1)) {
    if (hasExtraRefs(xaLoad(xa, index))) busy++;
  }
  xa.lock.unlock();
  return busy;
}

/** Everything up to the first sleep (Linux: memfd_add_seals). */
function beginSeal(inode: Inode, seals: u32): i32 {
  if ((inode.seals & F_SEAL_SEAL) != 0) return -EPERM;
  if ((seals & F_SEAL_WRITE) == 0 || (inode.seals & F_SEAL_WRITE) != 0) return 0;
  const mapping = inode.mapping;
  if (reenacts(BUG_SEAL_SCAN_BEFORE_DENY)) return scanThenDeny(inode);
  if (denyWritable(mapping) < 0) return -EBUSY;
  const policy = machine().sealPolicy;
  let result: i32 = 0;
  if (policy == SEAL_WAIT_FOR_PINS) {
    lruExactBegin();
    if (tagPinned(mapping)) result = scanForPins(mapping, 0);
    if (result != ESLEEP) lruExactEnd();
  } else if (policy == SEAL_REFUSE_IF_COUNTED && countsPins(mapping)) {
    result = -EBUSY;
  }
  if (result < 0) allowWritable(mapping);
  return result;
}

/** The wrong order: a pin that is taken, and unmapped, between the two is seen by neither. */
function scanThenDeny(inode: Inode): i32 {
  lruAddDrainAll();
  if (busyPages(inode) != 0) return -EBUSY;
  return denyWritable(inode.mapping) < 0 ? -EBUSY : 0;
}

/** F_SEAL_EXEC on an executable file implies the seals that keep its contents. */
function withImpliedSeals(inode: Inode, seals: u32): u32 {
  if ((seals & F_SEAL_EXEC) == 0 || (inode.iMode & 0o111) == 0) return seals;
  return seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
}

/** Marks the pages with unexplained references; true if there are any (Linux: memfd_tag_pins). */
function tagPinned(mapping: AddressSpace): bool {
  const xa = mapping.iPages;
  xa.lock.lock();
  for (let index = xaNext(xa, 0); index != XA_NONE; index = xaNext(xa, index + 1)) {
    if (hasExtraRefs(xaLoad(xa, index))) {
      xaSetMarkLocked(xa, index, XA_MARK_TOWRITE);
    }
  }
  const any = xaMarkedLocked(xa, XA_MARK_TOWRITE);
  xa.lock.unlock();
  return any;
}

/**
 * Looks at the marked pages again, and takes the mark off those that have become free. 0 when none
 * is left, ESLEEP, or -EBUSY after the last scan (Linux: memfd_wait_for_pins).
 */
function scanForPins(mapping: AddressSpace, scan: u32): i32 {
  // Without it a page that is new, in a batch of another CPU, passes for pinned all the time.
  if (scan == 0 && !reenacts(BUG_SEAL_FALSE_BUSY)) lruAddDrainAll();
  const xa = mapping.iPages;
  let busy = false;
  xa.lock.lock();
  let index = xaNextMarkedLocked(xa, 0, XA_MARK_TOWRITE);
  while (index != XA_NONE) {
    const pinned = hasExtraRefs(xaLoad(xa, index));
    if (pinned) busy = true;
    if (!pinned || scan == LAST_SCAN) xaClearMarkLocked(xa, index, XA_MARK_TOWRITE);
    index = xaNextMarkedLocked(xa, index + 1, XA_MARK_TOWRITE);
  }
  xa.lock.unlock();
  if (!busy) return 0;
  return scan == LAST_SCAN ? -EBUSY : ESLEEP;
}

/** References beyond the page cache's and the mappings' (Linux: folio_expected_ref_count). */
function hasExtraRefs(entry: usize): bool {
  if (xaIsValue(entry)) return false; // swapped out: nobody refers to it
  const page = changetype<Page>(entry);
  const mappings = page.mapcount.load() + 1;
  return page.refcount.load() != mappings + 1;
}

/** Pins of an entry of the page cache that its page counts. */
function entryPins(entry: usize, policy: u32): i32 {
  return xaIsValue(entry) ? 0 : pinsOfPage(changetype<Page>(entry), policy);
}

/** The exact answer of a pin policy that counts; no shared mapping that may write is left. */
function countsPins(mapping: AddressSpace): bool {
  const policy = machine().pinPolicy;
  if (policy == PIN_I_MMAP_WRITABLE) return false; // denyWritable has seen the count itself
  if (policy == PIN_I_MMAP_WRITABLE_PERCPU) return countPinsExactly(mapping) != 0;
  return anyPageCounts(mapping, policy);
}

function anyPageCounts(mapping: AddressSpace, policy: u32): bool {
  const xa = mapping.iPages;
  let found = false;
  xa.lock.lock();
  let index = xaNext(xa, 0);
  while (index != XA_NONE && !found) {
    found = entryPins(xaLoad(xa, index), policy) != 0;
    index = xaNext(xa, index + 1);
  }
  xa.lock.unlock();
  return found;
}
