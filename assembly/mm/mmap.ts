import {
  MAP_32BIT,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_LOCKED,
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
import {
  EACCES,
  EAGAIN,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
} from '../lib/errno';
import { machine } from '../lib/machine';
import { TRACE_MMAP, trace } from '../lib/trace';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { F_SEAL_FUTURE_WRITE, F_SEAL_SEAL, F_SEAL_WRITE } from '../types/address_space';
import { FMODE_READ, FMODE_WRITE, File } from '../types/file';
import { MmStruct } from '../types/mm_struct';
import {
  VM_EXEC,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_ACCOUNT,
  VM_NORESERVE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  Vma,
} from '../types/vm_area';
import { allocFile, fput, getFile } from './file_table';
import { iput, newInode } from './inode';
import { mapWritable, unmapWritable } from './mapping_writable';
import { canDoMlock, mlockFutureOk } from './mlock';
import { MAX_FILE_SIZE } from './shmem';
import { unmapRange } from './unmap';
import { getUnmappedArea } from './unmapped_area';
import { removeVma, vmAreaAlloc, vmAreaFree, vmaLink } from './vma';
import { vmaMergeNew } from './vma_merge';
import { findVmaIntersection } from './vma_tree';

/**
 * Making mappings (Linux: do_mmap in mm/mmap.c, mmap_region in mm/vma.c). mmap_lock is held for
 * writing throughout; results are addresses, or negative errors.
 */

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
  const address = getUnmappedArea(mm, hint, bytes, fixed, (flags & MAP_32BIT) != 0);
  if (address < 0) return address;
  if ((flags & MAP_FIXED_NOREPLACE) != 0) {
    if (findVmaIntersection(mm, address, <u64>address + bytes) != null) return -EEXIST;
  }
  const lock = mm.defFlags.load() | ((flags & MAP_LOCKED) != 0 ? VM_LOCKED : 0);
  if ((flags & MAP_LOCKED) != 0 && !canDoMlock()) return -EPERM;
  if (!mlockFutureOk(mm, lock, bytes)) return -EAGAIN;
  let vmFlags =
    file == null ? anonFlags(prot, flags) : fileFlags(file, fileOffsetPages, bytes, prot, flags);
  if (vmFlags < 0) return vmFlags;
  vmFlags |= lock;
  let pgoff = fileOffsetPages;
  if (file == null) pgoff = (vmFlags & VM_SHARED) != 0 ? 0 : (<u64>address) >> PAGE_SHIFT;
  const account = isAccountable(<u32>vmFlags) ? VM_ACCOUNT : 0;
  return mmapRegion(mm, <u64>address, bytes, (<u32>vmFlags) | account, file, pgoff);
}

/**
 * True if the mapping counts against the memory that may be promised (Linux: accountable_mapping).
 * Nothing is refused for it here, but mappings that differ in it do not merge.
 */
function isAccountable(vmFlags: u32): bool {
  return (vmFlags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/** True if a successful mmap with these flags must fault its pages in (Linux: mm_populate). */
export function wantsPopulate(mm: MmStruct, flags: u32): bool {
  if ((flags & MAP_LOCKED) != 0 || (mm.defFlags.load() & VM_LOCKED) != 0) return true;
  return (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
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
  // Pipes live on a file system that is mounted noexec, and that is looked at first.
  if (file.inode.pipe != null) return (prot & PROT_EXEC) != 0 ? -EPERM : -ENODEV;
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
  if ((vmFlags & VM_LOCKED) != 0) mm.lockedVm += bytes >> PAGE_SHIFT;
  return <i64>address;
}

/** Unmaps what the VMA replaces, and links it, or lets its neighbours have its range. */
function replaceAndLink(mm: MmStruct, vma: Vma): i32 {
  const file = vma.vmFile;
  const counts = file != null && vma.isSharedMaywrite;
  if (counts) {
    const denied = mapWritable(file!.mapping);
    if (denied < 0) return denied;
  }
  const error = unmapRange(mm, vma.vmStart, vma.vmEnd);
  if (error == 0) {
    if (vmaMergeNew(mm, vma, null) == null) vmaLink(mm, vma);
    else removeVma(vma);
  }
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
