import { BUG_WRITE_FAULT_UNDER_PAGE_LOCK } from '../abi';
import { EFAULT, ENOMEM } from '../lib/errno';
import { reenacts } from '../lib/machine';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { accessUser, copyFromUserAtomic, faultIn, touchUser } from '../mm/access';
import { writePage } from '../mm/highmem';
import { bytesToPageEnd } from '../mm/memory';
import { putPage } from '../mm/page_alloc';
import { unlockPage } from '../mm/page_lock';
import { pipeWrite } from '../mm/pipe';
import { shmemGetPage } from '../mm/shmem';
import { File } from '../types/file';
import { Task } from '../types/task';
import { toU64 } from './convert';
import { isNonblock, refuseWrite, writeEnd } from './read_write';

/**
 * Writing a file from the memory of the process that writes (Linux: generic_perform_write in
 * mm/filemap.c).
 *
 *   W1  the page of the file is found, or made, and locked
 *   W2  the bytes are copied as far as the process's page is there: no fault happens
 *   W3  they were not there: the page is unlocked, the process faults, and again from W1
 *
 * A fault takes mmap_lock and locks a page: that of the buffer. The buffer may be a mapping of the
 * very page that is written, or of one that somebody writes from a mapping of this one; whoever
 * faults in W2 waits for himself, or for somebody who waits for him.
 */

/**
 * Writes from `source` up to the end of its page, or of the file's: bytes written, or an error.
 * The rest is as in `sysWrite`; the buffer is room for what is on its way.
 */
export function sysWriteUser(
  task: Task,
  file: File,
  position: f64,
  source: f64,
  buffer: usize,
  left: f64,
): i32 {
  const from = toU64(source);
  const inode = file.inode;
  const length = <u32>min<f64>(left, PAGE_SIZE);
  const pipe = inode.pipe;
  if (pipe != null) {
    if (pipe.readers != 0 && accessUser(task.mm, from, buffer, length, false) < 0) return -EFAULT;
    return pipeWrite(inode, buffer, length, left, isNonblock(file), position > 0);
  }
  const at = toU64(position);
  const inPage = <u32>(at & (PAGE_SIZE - 1));
  const chunk = min(min(length, PAGE_SIZE - inPage), bytesToPageEnd(from));
  const refused = refuseWrite(inode, at, chunk);
  if (refused < 0) return refused;
  const faultsLocked = reenacts(BUG_WRITE_FAULT_UNDER_PAGE_LOCK);
  if (faultsLocked) touchUser(task.mm, from, from + chunk, false); // so that it rarely faults below
  while (true) {
    const page = shmemGetPage(inode, at >> PAGE_SHIFT);
    if (page == null) return -ENOMEM;
    const isThere = faultsLocked
      ? accessUser(task.mm, from, buffer, chunk, false) == 0
      : copyFromUserAtomic(task.mm, from, buffer, chunk);
    if (isThere) {
      writePage(page.pfn, inPage, buffer, chunk);
      writeEnd(inode, page, at + chunk);
      return chunk;
    }
    unlockPage(page);
    putPage(page);
    if (faultIn(task.mm, from, false) < 0) return -EFAULT;
  }
}
