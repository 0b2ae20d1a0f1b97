import { Inode } from '../types/address_space';
import { Vma } from '../types/vm_area';
import { fput, getFile } from './file_table';

/**
 * Faults that wait for a hole to be punched, as Linux had it for some days (f00cdc6df7d7, taken
 * back by 8e205f779d14): faults into a hole could keep its punch from ever ending, so they wait for
 * the puncher's i_rwsem, without mmap_lock. But a write holds i_rwsem of its file when it faults
 * for its buffer, and that may be a mapping of another file with a hole: two locks of one class,
 * and nothing says which comes first.
 */

/** A hole of whole pages is about to be punched; i_rwsem is held (Linux: inode->i_private). */
export function shmemBeginPunch(inode: Inode, first: u64, end: u64): void {
  inode.iPrivate.start.store(first);
  inode.iPrivate.next.store(end);
}

/** The hole is there. */
export function shmemEndPunch(inode: Inode): void {
  inode.iPrivate.next.store(0);
}

/**
 * Waits if the address lies in a hole that is being punched. True if it has: mmap_lock is not held
 * any more, the VMA may be gone, and the fault is to be tried again.
 * Preconditions:
 * - mmap_lock is held for reading.
 */
export function shmemWaitForPunch(vma: Vma, address: u64): bool {
  const file = vma.vmFile;
  if (file == null) return false;
  const inode = file.inode;
  const index = vma.pgoffOf(address);
  const hole = inode.iPrivate;
  if (index >= hole.next.load() || index < hole.start.load()) return false;
  getFile(file);
  vma.vmMm.mmapLock.upRead();
  inode.iRwsem.downWrite();
  inode.iRwsem.upWrite();
  fput(file);
  return true;
}
