import {
  FD_CLOEXEC,
  F_ADD_SEALS,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_GET_SEALS,
  F_SETFD,
  F_SETFL,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_HUGETLB,
  MFD_NOEXEC_SEAL,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_LARGEFILE,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  S_IFMT,
  S_IFREG,
} from '../abi';
import {
  EBADF,
  EDEADLK,
  EEXIST,
  EINVAL,
  EMFILE,
  ENOENT,
  ENOMEM,
  ENOTDIR,
  EPERM,
} from '../lib/errno';
import { PERCPU_SCRATCH, thisCpu } from '../lib/percpu';
import { CACHE_NAME, cacheAlloc } from '../lib/slab';
import {
  allocFile,
  closeFd,
  fget,
  fput,
  getCloexec,
  installFd,
  setCloexec,
} from '../mm/file_table';
import { ihold, iput, newInode } from '../mm/inode';
import { inodeLock, inodeUnlock } from '../mm/inode_lock';
import { addSeals, busyPages, continueAddSeals } from '../mm/memfd';
import { truncateSetsize } from '../mm/truncate';
import { F_SEAL_EXEC, F_SEAL_SEAL, F_SEAL_SHRINK, Inode } from '../types/address_space';
import { FMODE_READ, FMODE_WRITE, File } from '../types/file';
import { NR_OPEN, Task } from '../types/task';

/**
 * System calls that make, close and control descriptors (Linux: mm/memfd.c, fs/fcntl.c, fs/open.c).
 */

/** What an open file does not remember of how it was opened. */
const NOT_KEPT: u32 = O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC;

/** Longest name of a memfd, without the terminating zero (Linux: MFD_NAME_MAX_LEN). */
export const MFD_NAME_MAX: u32 = 249;

/** memfd_create(2); the name's bytes, zero-terminated, lie in this CPU's scratch. */
export function sysMemfdCreate(task: Task, nameLength: u32, flags: u32): i32 {
  const known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
  if ((flags & MFD_HUGETLB) != 0 || (flags & ~known) != 0) return -EINVAL;
  if ((flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) == (MFD_EXEC | MFD_NOEXEC_SEAL)) return -EINVAL;
  if (nameLength > MFD_NAME_MAX) return -EINVAL;
  const noexec = (flags & MFD_NOEXEC_SEAL) != 0;
  const sealable = noexec || (flags & MFD_ALLOW_SEALING) != 0;
  const seals = (sealable ? 0 : F_SEAL_SEAL) | (noexec ? F_SEAL_EXEC : 0);
  const inode = newInode(S_IFREG | (noexec ? 0o666 : 0o777), seals);
  if (inode == null) return -ENOMEM;
  if (!nameInode(inode, nameLength)) {
    iput(inode);
    return -ENOMEM;
  }
  return openInode(task, inode, O_RDWR | O_LARGEFILE, (flags & MFD_CLOEXEC) != 0);
}

/** open(2) of /proc/self/fd/N: the same file, opened anew. */
export function sysReopen(task: Task, fd: i32, flags: u32): i32 {
  const file = fget(task, fd);
  if (file == null) return -ENOENT;
  const exclusive = O_CREAT | O_EXCL;
  const refused = (flags & exclusive) == exclusive;
  if (refused || (flags & O_DIRECTORY) != 0) {
    fput(file);
    return refused ? -EEXIST : -ENOTDIR;
  }
  const inode = file.inode;
  ihold(inode);
  fput(file);
  const result = openInode(task, inode, flags | O_LARGEFILE, (flags & O_CLOEXEC) != 0);
  if (result < 0 || (flags & O_TRUNC) == 0 || inode.pipe != null) return result;
  const error = truncateOnOpen(inode);
  if (error == 0) return result;
  closeFd(task, result);
  return error;
}

/** close(2). */
export function sysClose(task: Task, fd: i32): i32 {
  return closeFd(task, fd);
}

/** dup(2). */
export function sysDup(task: Task, fd: i32): i32 {
  return duplicate(task, fd, 0, false);
}

/** fcntl(2). F_ADD_SEALS may answer ESLEEP: wait, then call `sysContinueAddSeals`. */
export function sysFcntl(task: Task, fd: i32, cmd: u32, arg: u32): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const result = fcntlFile(task, file, fd, cmd, arg);
  fput(file);
  return result;
}

/**
 * Goes on with F_ADD_SEALS after the sleep before scan number `scan`. The descriptor may have been
 * closed meanwhile, so the call goes by the file that `sysHoldFile` has named.
 */
export function sysContinueAddSeals(file: File, seals: u32, scan: u32): i32 {
  return continueAddSeals(file, seals, scan);
}

/** The file behind a descriptor, with a reference that `sysDropFile` ends; or -EBADF. */
export function sysHoldFile(task: Task, fd: i32): i32 {
  const file = fget(task, fd);
  return file == null ? -EBADF : <i32>changetype<usize>(file);
}

/** Ends what `sysHoldFile` began. */
export function sysDropFile(file: File): void {
  fput(file);
}

/** How many pages of a held file somebody unknown refers to: for messages. */
export function sysBusyPages(file: File): u32 {
  return busyPages(file.inode);
}

/** fchmod(2). */
export function sysFchmod(task: Task, fd: i32, mode: u32): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const result = chmodInode(file.inode, mode & 0o7777);
  fput(file);
  return result;
}

/** Gives an inode the name, of so many bytes, in this CPU's scratch; false: no memory. */
export function nameInode(inode: Inode, length: u32): bool {
  const name = cacheAlloc(CACHE_NAME);
  if (name == 0) return false;
  memory.copy(name, changetype<usize>(thisCpu()) + PERCPU_SCRATCH, length);
  store<u8>(name + length, 0);
  inode.name = <u32>name;
  return true;
}

/** Opens an inode, whose reference it takes over, under the lowest free descriptor. */
export function openInode(task: Task, inode: Inode, flags: u32, cloexec: bool): i32 {
  const access = flags & O_ACCMODE;
  let mode: u32 = 0;
  if (access == O_RDONLY || access == O_RDWR) mode |= FMODE_READ;
  if (access == O_WRONLY || access == O_RDWR) mode |= FMODE_WRITE;
  const file = allocFile(inode, mode, flags & ~NOT_KEPT);
  if (file == null) {
    iput(inode);
    return -ENOMEM;
  }
  const fd = installFd(task, file, 0);
  if (fd < 0) fput(file);
  else if (cloexec) setCloexec(task, fd, true);
  return fd;
}

/** Empties a file that was opened with O_TRUNC, as far as its seals let it. */
export function truncateOnOpen(inode: Inode): i32 {
  if (inodeLock(inode) < 0) return -EDEADLK;
  const refused = (inode.seals & F_SEAL_SHRINK) != 0 && inode.iSize.load() != 0;
  if (!refused) truncateSetsize(inode, 0);
  inodeUnlock(inode);
  return refused ? -EPERM : 0;
}

function fcntlFile(task: Task, file: File, fd: i32, cmd: u32, arg: u32): i32 {
  switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (arg >= NR_OPEN) return -EINVAL;
      return duplicate(task, fd, arg, cmd == F_DUPFD_CLOEXEC);
    case F_GETFD:
      return getCloexec(task, fd);
    case F_SETFD:
      setCloexec(task, fd, (arg & FD_CLOEXEC) != 0);
      return 0;
    case F_GETFL:
      return file.fFlags.load();
    case F_SETFL: {
      const settable = O_APPEND | O_NONBLOCK;
      file.fFlags.store((file.fFlags.load() & ~settable) | (arg & settable));
      return 0;
    }
    case F_ADD_SEALS:
      return addSeals(file, arg);
    case F_GET_SEALS:
      return file.inode.pipe == null ? file.inode.seals : -EINVAL;
    default:
      return -EINVAL;
  }
}

function duplicate(task: Task, fd: i32, from: u32, cloexec: bool): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const copy = installFd(task, file, from); // the reference goes to the new descriptor
  if (copy < 0) {
    fput(file);
    return -EMFILE;
  }
  if (cloexec) setCloexec(task, copy, true);
  return copy;
}

function chmodInode(inode: Inode, mode: u32): i32 {
  if (inodeLock(inode) < 0) return -EDEADLK;
  const sealed = (inode.seals & F_SEAL_EXEC) != 0 && ((mode ^ inode.iMode) & 0o111) != 0;
  if (!sealed) inode.iMode = (inode.iMode & S_IFMT) | mode;
  inodeUnlock(inode);
  return sealed ? -EPERM : 0;
}
