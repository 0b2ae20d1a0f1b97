import {
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_NONBLOCK,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_TYPE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  MAP_GROWSDOWN,
} from '../abi';
import { TASK_SIZE } from '../arch/pgtable';
import { EACCES, EEXIST, EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW, EPERM } from '../lib/errno';
import { machine } from '../lib/machine';
import { TRACE_MMAP, trace } from '../lib/trace';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { F_SEAL_FUTURE_WRITE, F_SEAL_SEAL, F_SEAL_WRITE } from '../types/address_space';
import { FMODE_READ, FMODE_WRITE, File } from '../types/file';
import { MmStruct } from '../types/mm_struct';
import {
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NORESERVE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  Vma,
} from '../types/vm_area';
import { allocFile, fput, getFile } from './file_table';
import { iput, newInode } from './inode';
import { mapWritable, unmapWritable } from './mapping_writable';
import { MAX_FILE_SIZE } from './shmem';
import { unmapRange } from './unmap';
import { vmAreaAlloc, vmAreaFree, vmaLink, vmaMerge } from './vma';
import { findVmaIntersection, highestGap, lowestGap, findVma } from './vma_tree';

/**
 * Making mappings (Linux: do_mmap in mm/mmap.c, mmap_region in mm/vma.c). mmap_lock is held for
 * writing throughout; results are addresses, or negative errors.
 */

/** Where the search for a free range begins, downwards (Linux: mm->mmap_base). */
export const MMAP_BASE: u64 = 0x7fff_f7ff_f000;
/** And where it goes on, upwards, when nothing is free below (Linux: TASK_UNMAPPED_BASE). */
const MMAP_BASE_BOTTOM_UP: u64 = 0x2aaa_aaaa_a000;
/** Lowest address that the search gives (Linux: mmap_min_addr). */
const MMAP_MIN_ADDR: u64 = 0x1_0000;

/** What MAP_SHARED_VALIDATE accepts beside its type (Linux: LEGACY_MAP_MASK). */
const LEGACY_MAP_MASK: u32 = 0x7c07_f9f3;

/** Maps a file, or anonymous memory where `file` is null (Linux: do_mmap). */
export function doMmap(
  mm: MmStruct,
  hint: u64,
  length: u64,
  prot: u32,
  mapFlags: u32,
  file: File | null,
  fileOffsetPages: u64,
): i64 {
  if (length == 0) return -EINVAL;
  let flags = mapFlags;
  if ((flags & MAP_FIXED_NOREPLACE) != 0) flags |= MAP_FIXED;
  const fixed = (flags & MAP_FIXED) != 0;
  const bytes = (length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1));
  if (bytes == 0) return -ENOMEM;
  if (fileOffsetPages + (bytes >> PAGE_SHIFT) < fileOffsetPages) return -EOVERFLOW;
  if (mm.mapCount > machine().maxMapCount) return -ENOMEM;
  const address = getUnmappedArea(mm, hint, bytes, fixed);
  if (address < 0) return address;
  if ((flags & MAP_FIXED_NOREPLACE) != 0) {
    if (findVmaIntersection(mm, address, <u64>address + bytes) != null) return -EEXIST;
  }
  const vmFlags =
    file == null ? anonFlags(prot, flags) : fileFlags(file, fileOffsetPages, bytes, prot, flags);
  if (vmFlags < 0) return vmFlags;
  let pgoff = fileOffsetPages;
  if (file == null) pgoff = (vmFlags & VM_SHARED) != 0 ? 0 : (<u64>address) >> PAGE_SHIFT;
  return mmapRegion(mm, <u64>address, bytes, <u32>vmFlags, file, pgoff);
}

/** True if a successful mmap with these flags must fault its pages in (Linux: mm_populate). */
export function wantsPopulate(flags: u32): bool {
  return (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
}

/** The address to map at: the caller's, or a free range (Linux: __get_unmapped_area). */
function getUnmappedArea(mm: MmStruct, hint: u64, bytes: u64, fixed: bool): i64 {
  if (bytes > TASK_SIZE) return -ENOMEM;
  if (fixed) {
    if (hint > TASK_SIZE - bytes) return -ENOMEM;
    return (hint & (PAGE_SIZE - 1)) != 0 ? -EINVAL : <i64>hint;
  }
  const wish = roundHint(hint);
  if (wish != 0 && wish <= TASK_SIZE - bytes && MMAP_MIN_ADDR <= wish) {
    const behind = findVma(mm, wish);
    if (behind == null || wish + bytes <= behind.vmStart) return <i64>wish;
  }
  let address = highestGap(mm, MMAP_MIN_ADDR, MMAP_BASE, bytes);
  if (address == 0) address = lowestGap(mm, MMAP_BASE_BOTTOM_UP, TASK_SIZE, bytes);
  return address == 0 ? -ENOMEM : <i64>address;
}

/** A hint is rounded to a page, and up to the lowest allowed (Linux: round_hint_to_min). */
function roundHint(hint: u64): u64 {
  const page = hint & ~(<u64>(PAGE_SIZE - 1));
  return hint != 0 && page < MMAP_MIN_ADDR ? MMAP_MIN_ADDR : page;
}

/** VM_* of the access bits (Linux: calc_vm_prot_bits). */
export function vmFlagsOfProt(prot: u32): u32 {
  let flags: u32 = 0;
  if ((prot & PROT_READ) != 0) flags |= VM_READ;
  if ((prot & PROT_WRITE) != 0) flags |= VM_WRITE;
  if ((prot & PROT_EXEC) != 0) flags |= VM_EXEC;
  return flags;
}

function commonFlags(prot: u32, flags: u32): u32 {
  const reserve = (flags & MAP_NORESERVE) != 0 ? VM_NORESERVE : 0;
  return vmFlagsOfProt(prot) | reserve | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
}

function anonFlags(prot: u32, flags: u32): i64 {
  const type = flags & MAP_TYPE;
  if (type == MAP_PRIVATE) {
    return (flags & MAP_GROWSDOWN) != 0 ? -EOPNOTSUPP : commonFlags(prot, flags);
  }
  if (type != MAP_SHARED || (flags & MAP_GROWSDOWN) != 0) return -EINVAL;
  return commonFlags(prot, flags) | VM_SHARED | VM_MAYSHARE;
}

/** Checks the file against the request, and yields VM_* (Linux: do_mmap, `if (file)`). */
function fileFlags(file: File, pgoff: u64, bytes: u64, prot: u32, flags: u32): i64 {
  if (pgoff > (MAX_FILE_SIZE >> PAGE_SHIFT) - (bytes >> PAGE_SHIFT)) return -EOVERFLOW;
  let vmFlags = commonFlags(prot, flags);
  const type = flags & MAP_TYPE;
  const writable = (file.fMode & FMODE_WRITE) != 0;
  if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
    const strict = type == MAP_SHARED_VALIDATE;
    if (strict && (flags & ~LEGACY_MAP_MASK) != 0) return -EOPNOTSUPP;
    if ((prot & PROT_WRITE) != 0 && !writable) return -EACCES;
    vmFlags |= VM_SHARED | VM_MAYSHARE;
    if (!writable) vmFlags &= ~(VM_MAYWRITE | VM_SHARED);
  } else if (type != MAP_PRIVATE) {
    return -EINVAL;
  }
  if ((file.fMode & FMODE_READ) == 0) return -EACCES;
  if ((flags & MAP_GROWSDOWN) != 0) return -EINVAL;
  return checkWriteSeal(file, vmFlags);
}

/**
 * A file sealed against writing may be mapped shared for reading, and then never be made writable
 * (Linux: memfd_check_seals_mmap).
 */
function checkWriteSeal(file: File, vmFlags: u32): i64 {
  const seals = file.inode.seals;
  if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0) return vmFlags;
  if ((vmFlags & VM_SHARED) == 0) return vmFlags;
  return (vmFlags & VM_WRITE) != 0 ? -EPERM : vmFlags & ~VM_MAYWRITE;
}

/**
 * Makes the VMA (Linux: mmap_region). A mapping that may write counts itself first, so that a
 * sealer that looks meanwhile is refused, or has already made this fail; linking counts it for
 * good.
 */
function mmapRegion(
  mm: MmStruct,
  address: u64,
  bytes: u64,
  vmFlags: u32,
  userFile: File | null,
  pgoff: u64,
): i64 {
  const vma = vmAreaAlloc(mm);
  if (vma == null) return -ENOMEM;
  const shared = (vmFlags & VM_SHARED) != 0;
  let file = userFile;
  if (file != null) getFile(file);
  else if (shared) {
    file = newZeroFile(bytes);
    if (file == null) {
      vmAreaFree(vma);
      return -ENOMEM;
    }
  }
  vma.vmStart = address;
  vma.vmEnd = address + bytes;
  vma.vmFlags = vmFlags;
  vma.vmPgoff = pgoff;
  vma.vmFile = file;
  const error = replaceAndLink(mm, vma);
  if (error < 0) {
    if (file != null) fput(file);
    vmAreaFree(vma);
    return error;
  }
  trace(TRACE_MMAP, address, <u32>(bytes >> PAGE_SHIFT));
  mm.totalVm += bytes >> PAGE_SHIFT;
  vmaMerge(mm, vma);
  return <i64>address;
}

/** Unmaps what the VMA replaces, and links it. */
function replaceAndLink(mm: MmStruct, vma: Vma): i32 {
  const file = vma.vmFile;
  const counts = file != null && vma.isSharedMaywrite;
  if (counts) {
    const denied = mapWritable(file!.mapping);
    if (denied < 0) return denied;
  }
  const error = unmapRange(mm, vma.vmStart, vma.vmEnd);
  if (error == 0) vmaLink(mm, vma);
  if (counts) unmapWritable(file!.mapping);
  return error;
}

/** The nameless file behind a shared anonymous mapping (Linux: shmem_zero_setup). */
function newZeroFile(bytes: u64): File | null {
  const inode = newInode(0o100777, F_SEAL_SEAL);
  if (inode == null) return null;
  inode.iSize.init(bytes);
  const file = allocFile(inode, FMODE_READ | FMODE_WRITE, 2);
  if (file == null) iput(inode);
  return file;
}
