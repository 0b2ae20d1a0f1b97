import {
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
} from '../abi';
import { EAGAIN, EINVAL, ENOMEM, EPERM } from '../lib/errno';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import {
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_HUGEPAGE,
  VM_MAYSHARE,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_RAND_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
  Vma,
} from '../types/vm_area';
import { guardInstall, guardRemove } from './guard';
import { madviseCold, madviseDontneed, madviseFree, madvisePageout } from './madvise_pages';
import { madviseRemove } from './madvise_remove';
import { madviseWillneed } from './madvise_willneed';
import { faultinPageRange } from './populate';
import { vmaModifyFlags } from './vma_modify';
import { findVmaIntersection } from './vma_tree';

/**
 * madvise(2): the walk over mappings, and the advice that only changes their flags (Linux:
 * mm/madvise.c). A hole does not stop it: what lies behind is advised too, and then the answer is
 * -ENOMEM. mmap_lock is taken here: for writing where the advice changes a mapping.
 *
 * There are no huge pages and nobody merges equal pages, so that advice is kept and has no effect,
 * and MADV_COLLAPSE finds nothing that it could collapse. As in a kernel without
 * CONFIG_MEMORY_FAILURE, MADV_HWPOISON and MADV_SOFT_OFFLINE are unknown.
 */
export function doMadvise(mm: MmStruct, start: u64, length: u64, advice: u32): i32 {
  if (!isKnown(advice) || (start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  const bytes = (length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1));
  if ((length != 0 && bytes == 0) || start + bytes < start) return -EINVAL;
  const end = start + bytes;
  if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE) {
    return faultinPageRange(mm, start, end, advice == MADV_POPULATE_WRITE);
  }
  return end == start ? 0 : walkVmas(mm, start, end, advice);
}

/** Linux: madvise_behavior_valid. */
function isKnown(advice: u32): bool {
  if (advice >= MADV_FREE && advice <= MADV_COLLAPSE) return true;
  if (advice == MADV_GUARD_INSTALL || advice == MADV_GUARD_REMOVE) return true;
  return advice <= MADV_DONTNEED;
}

/** Advice that changes no VMA: mmap_lock is held for reading (Linux: get_lock_mode). */
function onlyReads(advice: u32): bool {
  switch (advice) {
    case MADV_REMOVE:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_FREE:
    case MADV_COLLAPSE:
      return true;
    default:
      return false;
  }
}

/** VMA by VMA (Linux: madvise_walk_vmas). */
function walkVmas(mm: MmStruct, start: u64, end: u64, advice: u32): i32 {
  const reads = onlyReads(advice);
  if (reads) mm.mmapLock.downRead();
  else mm.mmapLock.downWrite();
  let holes = false;
  let error: i32 = 0;
  let at = start;
  while (at < end && error == 0) {
    const vma = findVmaIntersection(mm, at, end);
    if (vma == null) {
      holes = true;
      break;
    }
    if (vma.vmStart > at) {
      holes = true;
      at = vma.vmStart;
    }
    const next = min<u64>(end, vma.vmEnd);
    error = adviseVma(vma, at, next, advice);
    at = next;
  }
  if (reads) mm.mmapLock.upRead();
  else mm.mmapLock.upWrite();
  return error == 0 && holes ? -ENOMEM : error;
}

/**
 * One VMA's part (Linux: madvise_vma_behavior). MADV_REMOVE lets go of mmap_lock meanwhile: the VMA
 * may be gone afterwards.
 */
function adviseVma(vma: Vma, start: u64, end: u64, advice: u32): i32 {
  if ((vma.vmFlags & VM_SEALED) != 0 && discards(advice) && !mayDiscardSealed(vma)) return -EPERM;
  switch (advice) {
    case MADV_REMOVE:
      return madviseRemove(vma, start, end);
    case MADV_WILLNEED:
      return madviseWillneed(vma, start, end);
    case MADV_COLD:
      return madviseCold(vma, start, end);
    case MADV_PAGEOUT:
      return madvisePageout(vma, start, end);
    case MADV_FREE:
      return madviseFree(vma, start, end);
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
      return madviseDontneed(vma, start, end, advice == MADV_DONTNEED_LOCKED);
    case MADV_COLLAPSE:
      return -EINVAL;
    case MADV_GUARD_INSTALL:
      return guardInstall(vma, start, end);
    case MADV_GUARD_REMOVE:
      guardRemove(vma, start, end);
      return 0;
    default:
      return adviseFlags(vma, start, end, advice);
  }
}

/** Advice by which contents may be lost (Linux: is_discard). */
function discards(advice: u32): bool {
  switch (advice) {
    case MADV_FREE:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_REMOVE:
    case MADV_DONTFORK:
    case MADV_WIPEONFORK:
    case MADV_GUARD_INSTALL:
      return true;
    default:
      return false;
  }
}

/**
 * A sealed mapping's contents are kept only where they are anonymous and the process could not
 * overwrite them anyway (Linux: can_madvise_modify).
 */
function mayDiscardSealed(vma: Vma): bool {
  return vma.vmFile != null || (vma.vmFlags & VM_WRITE) != 0;
}

/** Advice that is kept in the VMA's flags (Linux: madvise_update_vma). */
function adviseFlags(vma: Vma, start: u64, end: u64, advice: u32): i32 {
  if (advice == MADV_WIPEONFORK && vma.vmFile != null) return -EINVAL;
  const flags = advisedFlags(vma.vmFlags, advice);
  if (flags == vma.vmFlags) return 0;
  return vmaModifyFlags(vma.vmMm, vma, start, end, flags) == null ? -EAGAIN : 0;
}

function advisedFlags(flags: u32, advice: u32): u32 {
  switch (advice) {
    case MADV_NORMAL:
      return flags & ~(VM_RAND_READ | VM_SEQ_READ);
    case MADV_RANDOM:
      return (flags & ~VM_SEQ_READ) | VM_RAND_READ;
    case MADV_SEQUENTIAL:
      return (flags & ~VM_RAND_READ) | VM_SEQ_READ;
    case MADV_DONTFORK:
      return flags | VM_DONTCOPY;
    case MADV_DOFORK:
      return flags & ~VM_DONTCOPY;
    case MADV_WIPEONFORK:
      return flags | VM_WIPEONFORK;
    case MADV_KEEPONFORK:
      return flags & ~VM_WIPEONFORK;
    case MADV_DONTDUMP:
      return flags | VM_DONTDUMP;
    case MADV_DODUMP:
      return flags & ~VM_DONTDUMP;
    case MADV_MERGEABLE:
      return (flags & (VM_SHARED | VM_MAYSHARE)) != 0 ? flags : flags | VM_MERGEABLE;
    case MADV_UNMERGEABLE:
      return flags & ~VM_MERGEABLE;
    case MADV_HUGEPAGE:
      return (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
    case MADV_NOHUGEPAGE:
      return (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
    default:
      return flags;
  }
}
