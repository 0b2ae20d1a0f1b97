import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../abi';
import { TASK_SIZE } from '../arch/pgtable';
import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../lib/errno';
import { machine } from '../lib/machine';
import { TRACE_MREMAP, trace } from '../lib/trace';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_LOCKED, VM_MAYSHARE, VM_SEALED, VM_SHARED, Vma } from '../types/vm_area';
import { mlockFutureOk } from './mlock';
import { moveVma } from './move_vma';
import { mmPopulate } from './populate';
import { doMunmap } from './unmap';
import { getUnmappedArea } from './unmapped_area';
import { vmaMergeExtend } from './vma_merge';
import { findVma, findVmaIntersection, vmaLookup } from './vma_tree';

/**
 * Changing a mapping's length and place (Linux: mm/mremap.c). How the pages get to another place is
 * in mm/move_vma.ts.
 *
 * Everything that the arguments alone decide is refused first; then the mapping is checked; then,
 * for a fixed place, what is there goes. So a call that fails late may have unmapped the target, or
 * cut off the end of the source, as in Linux; it is the caller's to have room for four mappings
 * more, which is looked at before anything goes. mmap_lock is held for writing throughout.
 */

/** mremap(2): the address of the mapping then, or a negative error. Takes mmap_lock. */
export function doMremap(
  mm: MmStruct,
  addr: u64,
  oldLength: u64,
  newLength: u64,
  flags: u32,
  newAddr: u64,
): i64 {
  const oldLen = pageAlign(oldLength);
  const newLen = pageAlign(newLength);
  mm.mmapLock.downWrite();
  trace(TRACE_MREMAP, addr, <u32>(newLen >> PAGE_SHIFT));
  let result: i64 = checkParams(mm, addr, oldLen, newLen, flags, newAddr);
  if (result == 0) {
    result =
      (flags & MREMAP_FIXED) != 0 && oldLen == newLen
        ? remapMove(mm, addr, oldLen, flags, newAddr)
        : remapOne(mm, addr, oldLen, newLen, flags, newAddr);
  }
  const populate = result >= 0 && newLen > oldLen && isLocked(mm, <u64>result);
  mm.mmapLock.upWrite();
  if (populate) mmPopulate(mm, <u64>result + oldLen, <u64>result + newLen, true);
  return result;
}

function pageAlign(length: u64): u64 {
  return (length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1));
}

function isLocked(mm: MmStruct, address: u64): bool {
  const vma = vmaLookup(mm, address);
  return vma != null && (vma.vmFlags & VM_LOCKED) != 0;
}

/** True if the mapping will be somewhere else for certain (Linux: vrm_implies_new_addr). */
function impliesNewAddr(flags: u32): bool {
  return (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0;
}

/** What no mapping could make right (Linux: check_mremap_params). */
function checkParams(
  mm: MmStruct,
  addr: u64,
  oldLen: u64,
  newLen: u64,
  flags: u32,
  newAddr: u64,
): i32 {
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) return -EINVAL;
  if ((addr & (PAGE_SIZE - 1)) != 0 || newLen == 0 || newLen > TASK_SIZE) return -EINVAL;
  if (!impliesNewAddr(flags)) return 0;
  if (newAddr > TASK_SIZE - newLen || (newAddr & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  if ((flags & MREMAP_MAYMOVE) == 0) return -EINVAL;
  if ((flags & MREMAP_DONTUNMAP) != 0 && oldLen != newLen) return -EINVAL;
  if (addr + oldLen > newAddr && newAddr + newLen > addr) return -EINVAL;
  // Both places may be cut in three before the copy is made, which wants room for four.
  return <i32>mm.mapCount + 2 >= <i32>machine().maxMapCount - 3 ? -ENOMEM : 0;
}

/** Changes one mapping, or a part of it. */
function remapOne(
  mm: MmStruct,
  addr: u64,
  oldLen: u64,
  newLen: u64,
  flags: u32,
  newAddr: u64,
): i64 {
  const vma = vmaLookup(mm, addr);
  const error = checkVma(mm, vma, addr, oldLen, newLen, flags);
  if (error < 0) return error;
  return impliesNewAddr(flags)
    ? mremapTo(mm, addr, oldLen, newLen, flags, newAddr)
    : mremapAt(mm, vma!, addr, oldLen, newLen, flags);
}

/**
 * Moves all mappings of a range and the holes between them, without changing a length (Linux:
 * remap_move). Those before one that refuses have moved.
 */
function remapMove(mm: MmStruct, addr: u64, length: u64, flags: u32, newAddr: u64): i64 {
  const end = addr + length;
  let result: i64 = -EFAULT;
  for (let at = addr; at < end;) {
    const vma = findVma(mm, at);
    if (vma == null || vma.vmStart >= end) break;
    if (at == addr && vma.vmStart > addr) break;
    const start = max<u64>(vma.vmStart, at);
    const next = min<u64>(vma.vmEnd, end);
    const bytes = next - start;
    const error = checkVma(mm, vma, start, bytes, bytes, flags);
    if (error < 0) return error;
    const moved = mremapTo(mm, start, bytes, bytes, flags, newAddr + (start - addr));
    if (moved < 0) return moved;
    if (at == addr) result = moved;
    at = next;
  }
  return result;
}

/** What the mapping refuses (Linux: check_prep_vma). */
function checkVma(
  mm: MmStruct,
  vma: Vma | null,
  addr: u64,
  oldLen: u64,
  newLen: u64,
  flags: u32,
): i32 {
  if (vma == null) return -EFAULT;
  if ((vma.vmFlags & VM_SEALED) != 0) return -EPERM;
  if (newLen <= oldLen && !impliesNewAddr(flags)) return 0;
  if (oldLen == 0 && (vma.vmFlags & (VM_SHARED | VM_MAYSHARE)) == 0) return -EINVAL;
  // What a shrinking cuts off may reach across the end of the mapping.
  const kept = min<u64>(oldLen, newLen);
  if (kept > vma.vmEnd - addr) return -EFAULT;
  if (newLen == kept) return 0;
  const pgoff = vma.pgoffOf(addr);
  if (pgoff + (newLen >> PAGE_SHIFT) < pgoff) return -EINVAL;
  return mlockFutureOk(mm, vma.vmFlags, newLen - oldLen) ? 0 : -EAGAIN;
}

/** Moves to the caller's place, or to a free one for MREMAP_DONTUNMAP (Linux: mremap_to). */
function mremapTo(
  mm: MmStruct,
  addr: u64,
  oldLen: u64,
  newLen: u64,
  flags: u32,
  newAddr: u64,
): i64 {
  const fixed = (flags & MREMAP_FIXED) != 0;
  if (fixed) {
    const error = doMunmap(mm, newAddr, newLen);
    if (error < 0) return error;
  }
  if (newLen < oldLen) {
    const error = doMunmap(mm, addr + newLen, oldLen - newLen);
    if (error < 0) return error;
  }
  const vma = vmaLookup(mm, addr);
  if (vma == null) return -EFAULT;
  const to = getUnmappedArea(mm, newAddr, newLen, fixed);
  if (to < 0) return to;
  return moveVma(mm, vma, addr, min<u64>(oldLen, newLen), <u64>to, newLen, flags);
}

/** Changes the length where it is, or moves if it must grow and cannot (Linux: mremap_at). */
function mremapAt(mm: MmStruct, vma: Vma, addr: u64, oldLen: u64, newLen: u64, flags: u32): i64 {
  if (newLen <= oldLen) {
    if (newLen == oldLen) return addr;
    const error = doMunmap(mm, addr + newLen, oldLen - newLen);
    return error < 0 ? error : <i64>addr;
  }
  const bytes = newLen - oldLen;
  if (vma.vmEnd - addr == oldLen && isExpandable(mm, vma, bytes)) {
    return expandInPlace(mm, vma, bytes) ? <i64>addr : -ENOMEM;
  }
  if ((flags & MREMAP_MAYMOVE) == 0) return -ENOMEM;
  const to = getUnmappedArea(mm, 0, newLen, false);
  if (to < 0) return to;
  return moveVma(mm, vma, addr, oldLen, <u64>to, newLen, flags);
}

/** True if nothing is mapped in so many bytes behind the mapping (Linux: vma_expandable). */
function isExpandable(mm: MmStruct, vma: Vma, bytes: u64): bool {
  if (bytes > TASK_SIZE - vma.vmEnd) return false;
  return findVmaIntersection(mm, vma.vmEnd, vma.vmEnd + bytes) == null;
}

function expandInPlace(mm: MmStruct, vma: Vma, bytes: u64): bool {
  if (!vmaMergeExtend(mm, vma, bytes)) return false;
  const pages = bytes >> PAGE_SHIFT;
  mm.totalVm += pages;
  if ((vma.vmFlags & VM_LOCKED) != 0) mm.lockedVm += pages;
  return true;
}
