import { O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_LARGEFILE, O_TRUNC, S_IFREG } from '../abi';
import { EEXIST, EINVAL, EISDIR, EMFILE, ENOENT, ENOMEM, ENOTDIR } from '../lib/errno';
import { PERCPU_SCRATCH, thisCpu } from '../lib/percpu';
import { closeFd, hasFreeFd } from '../mm/file_table';
import { ihold, iput, newInode } from '../mm/inode';
import { DENTRY_DELETED, DENTRY_LINKED, F_SEAL_SEAL, Inode } from '../types/address_space';
import { inodeLists } from '../types/machine_lists';
import { Task } from '../types/task';
import { nameInode, openInode, truncateOnOpen } from './file';

/**
 * Files with a name (Linux: fs/namei.c, fs/open.c, mm/shmem.c). There is one tmpfs, and it is flat:
 * a path is the name of a file, slashes and all, and no directory has to exist. Names stand in one
 * list; each holds a reference to its inode, which knows the name. A lookup takes its own reference
 * before the list's lock goes, so that the inode cannot go in between.
 *
 * The path, zero-terminated, lies in this CPU's scratch. It begins with a slash and is normal:
 * TypeScript has taken out what names nothing.
 */

/** Longest path that a file can have here, without the terminating zero. */
export const PATH_LENGTH_MAX: u32 = 254;

/** Bits that no file has (Linux: S_IALLUGO), and those that a usual umask takes away. */
const S_IALLUGO: u32 = 0o7777;
const UMASK: u32 = 0o022;

/** open(2) of a path: the lowest free descriptor, or an error. The caller is root. */
export function sysOpen(task: Task, length: u32, flags: u32, mode: u32): i32 {
  if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) return -EINVAL;
  if (!hasFreeFd(task)) return -EMFILE;
  const path = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  while (true) {
    const found = lookup(path);
    if (found != null) return openExisting(task, found, flags);
    if ((flags & O_CREAT) == 0) return -ENOENT;
    const inode = newFile(length, mode & S_IALLUGO & ~UMASK);
    if (inode == null) return -ENOMEM;
    if (link(inode, path)) return openNew(task, inode, flags);
    iput(inode); // somebody has made the same file meanwhile: look again
  }
}

/**
 * unlink(2): the name goes; the file lives until it is closed and unmapped. `directory`: the path
 * ended in a slash, so a file was not meant.
 */
export function sysUnlink(directory: bool): i32 {
  const path = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  if (load<u8>(path, 1) == 0) return -EISDIR;
  const lists = inodeLists();
  lists.lock.lock();
  const inode = findLocked(path);
  if (inode != null && !directory) unlinkLocked(inode);
  lists.lock.unlock();
  if (inode == null) return -ENOENT;
  if (directory) return -ENOTDIR;
  iput(inode);
  return 0;
}

/** Opens a file that exists already, whose reference it takes over. */
function openExisting(task: Task, inode: Inode, flags: u32): i32 {
  const exclusive = (flags & O_EXCL) != 0 && (flags & O_CREAT) != 0;
  if (exclusive || (flags & O_DIRECTORY) != 0) {
    iput(inode);
    return exclusive ? -EEXIST : -ENOTDIR;
  }
  const fd = openInode(task, inode, flags | O_LARGEFILE, (flags & O_CLOEXEC) != 0);
  if (fd < 0 || (flags & O_TRUNC) == 0) return fd;
  const error = truncateOnOpen(inode);
  if (error == 0) return fd;
  closeFd(task, fd);
  return error;
}

/** Opens a file that has just got its name; without memory for that, the name goes again. */
function openNew(task: Task, inode: Inode, flags: u32): i32 {
  ihold(inode);
  const fd = openInode(task, inode, flags | O_LARGEFILE, (flags & O_CLOEXEC) != 0);
  const lists = inodeLists();
  lists.lock.lock();
  const forget = fd < 0 && inode.dentry == DENTRY_LINKED;
  if (forget) unlinkLocked(inode);
  lists.lock.unlock();
  if (forget) iput(inode);
  iput(inode);
  return fd;
}

/** The inode with a path, with a reference, or null. */
function lookup(path: usize): Inode | null {
  const lists = inodeLists();
  lists.lock.lock();
  const inode = findLocked(path);
  if (inode != null) ihold(inode);
  lists.lock.unlock();
  return inode;
}

/** A new file that knows its path, with one reference; null when memory is exhausted. */
function newFile(length: u32, mode: u32): Inode | null {
  const inode = newInode(S_IFREG | mode, F_SEAL_SEAL);
  if (inode == null || nameInode(inode, length)) return inode;
  iput(inode);
  return null;
}

/** Lets its path find the file; false if it finds another one by now (Linux: d_instantiate). */
function link(inode: Inode, path: usize): bool {
  const lists = inodeLists();
  lists.lock.lock();
  const free = findLocked(path) == null;
  if (free) {
    ihold(inode);
    inode.dentry = DENTRY_LINKED;
    lists.names.addTail(inode.named);
  }
  lists.lock.unlock();
  return free;
}

/** Takes the path away; the caller drops the reference that it held. */
function unlinkLocked(inode: Inode): void {
  inode.named.del();
  inode.dentry = DENTRY_DELETED;
}

function findLocked(path: usize): Inode | null {
  const head = inodeLists().names;
  for (let link = head.next; link != head; link = link.next) {
    const inode = Inode.fromNamed(link);
    if (samePath(<usize>inode.name, path)) return inode;
  }
  return null;
}

function samePath(a: usize, b: usize): bool {
  for (let i: usize = 0; load<u8>(a + i) == load<u8>(b + i); i++) {
    if (load<u8>(a + i) == 0) return true;
  }
  return false;
}
