import { EBADF, EMFILE } from '../lib/errno';
import { CACHE_FILE, cacheAlloc, cacheFree } from '../lib/slab';
import { cellAt } from '../lib/atomic';
import { Inode } from '../types/address_space';
import { File } from '../types/file';
import { NR_OPEN, Task } from '../types/task';
import { iput } from './inode';
import { pipeOpen, pipeRelease } from './pipe';

/** Open files and the descriptors that name them (Linux: fs/file_table.c, fs/file.c). */

/** A new open file, which takes over the caller's reference to the inode; or null. */
export function allocFile(inode: Inode, mode: u32, flags: u32): File | null {
  const address = cacheAlloc(CACHE_FILE);
  if (address == 0) return null;
  const file = changetype<File>(address);
  file.inode = inode;
  file.fMode = mode;
  file.fFlags.init(flags);
  file.fCount.init(1);
  if (inode.pipe != null) pipeOpen(inode, mode);
  return file;
}

/** Takes a reference beside one that exists (Linux: get_file). */
export function getFile(file: File): void {
  file.fCount.add(1);
}

/** Drops a reference; with the last one the file goes, and its hold on the inode (Linux: fput). */
export function fput(file: File): void {
  if (file.fCount.fetchSub(1) != 1) return;
  const inode = file.inode;
  if (inode.pipe != null) pipeRelease(inode, file.fMode);
  cacheFree(CACHE_FILE, changetype<usize>(file));
  iput(inode);
}

/** The file behind a descriptor, with a reference, or null (Linux: fget). */
export function fget(task: Task, fd: i32): File | null {
  if (<u32>fd >= NR_OPEN) return null;
  task.filesLock.lock();
  const file = fileAt(task, fd);
  if (file != null) getFile(file);
  task.filesLock.unlock();
  return file;
}

/** Gives the lowest free descriptor at or above `from` to a file; the descriptor, or -EMFILE. */
export function installFd(task: Task, file: File, from: u32): i32 {
  task.filesLock.lock();
  let fd = from;
  while (fd < NR_OPEN && fileAt(task, fd) != null) fd++;
  if (fd < NR_OPEN) setFile(task, fd, <u32>changetype<usize>(file));
  task.filesLock.unlock();
  return fd < NR_OPEN ? <i32>fd : -EMFILE;
}

/** Gives a new process all descriptors of another, close-on-exec as it was (Linux: dup_fd). */
export function dupFdTable(child: Task, parent: Task): void {
  parent.filesLock.lock();
  for (let fd: u32 = 0; fd < NR_OPEN; fd++) {
    const slot = cellAt<u32>(slotOf(parent, fd)).load();
    if (slot == 0) continue;
    getFile(changetype<File>(<usize>(slot & ~1)));
    setFile(child, fd, slot);
  }
  parent.filesLock.unlock();
}

/** True if a descriptor is free. */
export function hasFreeFd(task: Task): bool {
  task.filesLock.lock();
  let fd: u32 = 0;
  while (fd < NR_OPEN && fileAt(task, fd) != null) fd++;
  task.filesLock.unlock();
  return fd < NR_OPEN;
}

/** Frees a descriptor and drops its reference (Linux: close_fd). */
export function closeFd(task: Task, fd: i32): i32 {
  if (<u32>fd >= NR_OPEN) return -EBADF;
  task.filesLock.lock();
  const file = fileAt(task, fd);
  if (file != null) setFile(task, fd, 0);
  task.filesLock.unlock();
  if (file == null) return -EBADF;
  fput(file);
  return 0;
}

/** Whether a descriptor closes on exec; 0 or 1 in the lowest bit of its slot. */
export function getCloexec(task: Task, fd: i32): u32 {
  return cellAt<u32>(slotOf(task, fd)).load() & 1;
}

/** Sets that (Linux: F_SETFD). The descriptor is open. */
export function setCloexec(task: Task, fd: i32, on: bool): void {
  task.filesLock.lock();
  const slot = cellAt<u32>(slotOf(task, fd));
  slot.store((slot.load() & ~1) | (on ? 1 : 0));
  task.filesLock.unlock();
}

/** A slot holds the file's address; its lowest bit is close-on-exec. */
function slotOf(task: Task, fd: u32): usize {
  return <usize>task.fdTable + ((<usize>fd) << 2);
}

function fileAt(task: Task, fd: u32): File | null {
  const slot = cellAt<u32>(slotOf(task, fd)).load() & ~1;
  return slot == 0 ? null : changetype<File>(<usize>slot);
}

function setFile(task: Task, fd: u32, slot: u32): void {
  cellAt<u32>(slotOf(task, fd)).store(slot);
}
