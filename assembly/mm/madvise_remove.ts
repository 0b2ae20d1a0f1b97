import { EACCES, EINVAL } from '../lib/errno';
import { PAGE_SHIFT } from '../memlayout';
import { VM_LOCKED, Vma } from '../types/vm_area';
import { fput, getFile } from './file_table';
import { punchUnlessSealed } from './truncate';

/**
 * MADV_REMOVE: punches a hole into the file behind a shared mapping that may write (Linux:
 * madvise_remove). i_rwsem comes before mmap_lock, so mmap_lock is let go of meanwhile.
 * Preconditions:
 * - mmap_lock is held for reading; the VMA may be gone afterwards.
 */
export function madviseRemove(vma: Vma, start: u64, end: u64): i32 {
  if ((vma.vmFlags & VM_LOCKED) != 0) return -EINVAL;
  const file = vma.vmFile;
  if (file == null) return -EINVAL;
  if (!vma.isSharedMaywrite) return -EACCES;
  const mm = vma.vmMm;
  const from = vma.pgoffOf(start) << PAGE_SHIFT;
  getFile(file);
  mm.mmapLock.upRead();
  const error = punchUnlessSealed(file.inode, from, from + (end - start));
  fput(file);
  mm.mmapLock.downRead();
  return error;
}
