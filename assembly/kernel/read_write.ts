import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  O_APPEND,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from '../abi';
import { EBADF, EDEADLK, EFBIG, EINVAL, ENOMEM, ENXIO, EOPNOTSUPP, EPERM } from '../lib/errno';
import { xaNext } from '../lib/xarray';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { fget, fput } from '../mm/file_table';
import { filemapGetPage } from '../mm/filemap';
import { readPage, writePage } from '../mm/highmem';
import { inodeLock, inodeUnlock } from '../mm/inode_lock';
import { markPageDirty } from '../mm/memory';
import { putPage } from '../mm/page_alloc';
import { unlockPage } from '../mm/page_lock';
import { MAX_FILE_SIZE, shmemAllocPage, shmemGetPage } from '../mm/shmem';
import { dropUnusedPages, punchHole, truncateSetsize } from '../mm/truncate';
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  Inode,
} from '../types/address_space';
import { FMODE_READ, FMODE_WRITE, File } from '../types/file';
import { PG_UPTODATE } from '../types/page';
import { Task } from '../types/task';
import { toF64, toU64 } from './convert';

/**
 * Reading, writing and sizing files (Linux: fs/read_write.c, mm/shmem.c).
 *
 * Data moves through a buffer of one page, so a long read or write is several calls: `sysRead` and
 * `sysWrite` move at most to the end of one page of the file. A write holds i_rwsem from
 * `sysWriteBegin` to `sysWriteEnd`, so that it is one write to everybody else.
 */

/** The file of a descriptor that may be read, with a reference and its position; see `sysIoEnd`. */
export function sysReadBegin(task: Task, fd: i32): i32 {
  return beginIo(task, fd, FMODE_READ);
}

/** Reads from `position` to the end of that page at most: bytes read, 0 at the end of the file. */
export function sysRead(file: File, position: f64, buffer: usize, length: u32): i32 {
  const inode = file.inode;
  const at = toU64(position);
  const size = inode.iSize.load();
  if (at >= size) return 0;
  const inPage = <u32>(at & (PAGE_SIZE - 1));
  const chunk = <u32>min<u64>(min(length, PAGE_SIZE - inPage), size - at);
  const page = filemapGetPage(inode.mapping, at >> PAGE_SHIFT);
  if (page == null) {
    memory.fill(buffer, 0, chunk);
    return chunk;
  }
  readPage(page.pfn, inPage, buffer, chunk);
  putPage(page);
  return chunk;
}

/** Starts a write: the file with a reference and i_rwsem held, or an error. */
export function sysWriteBegin(task: Task, fd: i32): i32 {
  const result = beginIo(task, fd, FMODE_WRITE);
  if (result < 0) return result;
  const file = changetype<File>(<usize>result);
  if (inodeLock(file.inode) < 0) {
    fput(file);
    return -EDEADLK;
  }
  return result;
}

/**
 * Where a write with this position begins: O_APPEND writes at the end (Linux:
 * generic_write_checks).
 */
export function sysWritePosition(file: File, position: f64): f64 {
  if ((file.fFlags.load() & O_APPEND) != 0) return toF64(file.inode.iSize.load());
  return position;
}

/**
 * Writes up to the end of one page: bytes written, or an error (Linux: shmem_write_begin, _end).
 */
export function sysWrite(file: File, position: f64, buffer: usize, length: u32): i32 {
  const inode = file.inode;
  const at = toU64(position);
  if (at >= MAX_FILE_SIZE) return -EFBIG;
  const inPage = <u32>(at & (PAGE_SIZE - 1));
  const chunk = min(length, PAGE_SIZE - inPage);
  if ((inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
  const end = at + chunk;
  const grows = end > inode.iSize.load();
  if (grows && (inode.seals & F_SEAL_GROW) != 0) return -EPERM;
  const page = shmemGetPage(inode, at >> PAGE_SHIFT);
  if (page == null) return -ENOMEM;
  writePage(page.pfn, inPage, buffer, chunk);
  if (grows) inode.iSize.storeRelease(end);
  markPageDirty(page);
  unlockPage(page);
  putPage(page);
  return chunk;
}

/** Ends a write. */
export function sysWriteEnd(file: File): void {
  inodeUnlock(file.inode);
  fput(file);
}

/** Ends a read. */
export function sysReadEnd(file: File): void {
  fput(file);
}

/** The position of an open file; read(2) and write(2) begin there. */
export function sysGetPos(file: File): f64 {
  return toF64(file.fPos.load());
}

/** Moves it. */
export function sysSetPos(file: File, position: f64): void {
  file.fPos.store(toU64(position));
}

/** lseek(2): the new position, or an error. */
export function sysLseek(task: Task, fd: i32, offset: f64, whence: u32): f64 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const result = seek(file, <i64>toU64(offset), whence);
  if (result >= 0) file.fPos.store(result);
  fput(file);
  return toF64(result);
}

/** ftruncate(2). */
export function sysFtruncate(task: Task, fd: i32, length: f64): i32 {
  if (length < 0) return -EINVAL;
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const mayWrite = (file.fMode & FMODE_WRITE) != 0;
  const result = mayWrite ? setSize(file.inode, toU64(length)) : -EINVAL;
  fput(file);
  return result;
}

/** fallocate(2): modes 0, FALLOC_FL_KEEP_SIZE, and that with FALLOC_FL_PUNCH_HOLE. */
export function sysFallocate(task: Task, fd: i32, mode: u32, offset: f64, length: f64): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const result = fallocateFile(file, mode, offset, length);
  fput(file);
  return result;
}

/** Size of a file in bytes: the part of fstat(2) that changes; the rest is in the inode. */
export function sysFstat(task: Task, fd: i32, buffer: usize): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const inode = file.inode;
  store<f64>(buffer, toF64(inode.iSize.load()));
  store<f64>(buffer, toF64(inode.mapping.nrPages << (PAGE_SHIFT - 9)), 8);
  store<f64>(buffer, inode.iMode, 16);
  store<f64>(buffer, inode.iIno, 24);
  fput(file);
  return 0;
}

function beginIo(task: Task, fd: i32, mode: u32): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  if ((file.fMode & mode) != 0) return <i32>changetype<usize>(file);
  fput(file);
  return -EBADF;
}

function seek(file: File, offset: i64, whence: u32): i64 {
  const size = <i64>file.inode.iSize.load();
  let base: i64 = 0;
  if (whence == SEEK_DATA || whence == SEEK_HOLE) return seekData(file.inode, offset, whence);
  if (whence == SEEK_CUR) base = file.fPos.load();
  else if (whence == SEEK_END) base = size;
  else if (whence != SEEK_SET) return -EINVAL;
  const position = base + offset;
  const overflowed = offset > 0 && position < base;
  return position < 0 || overflowed ? <i64>-EINVAL : position;
}

/** The next data, or the next hole, at or after `offset` (Linux: mapping_seek_hole_data). */
function seekData(inode: Inode, offset: i64, whence: u32): i64 {
  const size = inode.iSize.load();
  if (offset < 0 || <u64>offset >= size) return -ENXIO;
  let at = <u64>offset;
  while (at < size) {
    const index = at >> PAGE_SHIFT;
    if (hasData(inode, index) == (whence == SEEK_DATA)) return at;
    const next = whence == SEEK_DATA ? nextPage(inode, index + 1) : index + 1;
    if (next >= u64.MAX_VALUE >> PAGE_SHIFT) break;
    at = next << PAGE_SHIFT;
  }
  return whence == SEEK_DATA ? -ENXIO : <i64>size;
}

function hasData(inode: Inode, index: u64): bool {
  const page = filemapGetPage(inode.mapping, index);
  if (page == null) return false;
  const data = (page.flags.load() & PG_UPTODATE) != 0;
  putPage(page);
  return data;
}

function nextPage(inode: Inode, from: u64): u64 {
  localIrqSave();
  const index = xaNext(inode.mapping.iPages, from);
  localIrqRestore();
  return index;
}

/** Changes the size as far as seals let it (Linux: shmem_setattr). */
function setSize(inode: Inode, size: u64): i32 {
  if (size > MAX_FILE_SIZE) return -EFBIG;
  if (inodeLock(inode) < 0) return -EDEADLK;
  const oldSize = inode.iSize.load();
  const shrinks = size < oldSize && (inode.seals & F_SEAL_SHRINK) != 0;
  const grows = size > oldSize && (inode.seals & F_SEAL_GROW) != 0;
  const refused = shrinks || grows;
  if (!refused) truncateSetsize(inode, size);
  inodeUnlock(inode);
  return refused ? -EPERM : 0;
}

/** Checks in Linux's order, then allocates or punches (Linux: vfs_fallocate, shmem_fallocate). */
function fallocateFile(file: File, mode: u32, offset: f64, length: f64): i32 {
  if (offset < 0 || length <= 0) return -EINVAL;
  const punch = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
  if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) != 0) return -EOPNOTSUPP;
  if (punch && (mode & FALLOC_FL_KEEP_SIZE) == 0) return -EOPNOTSUPP;
  if ((file.fMode & FMODE_WRITE) == 0) return -EBADF;
  const start = toU64(offset);
  const end = start + toU64(length);
  if (end > MAX_FILE_SIZE) return -EFBIG;
  const inode = file.inode;
  if (inodeLock(inode) < 0) return -EDEADLK;
  const result = punch
    ? punchUnlessSealed(inode, start, end)
    : allocateRange(inode, start, end, (mode & FALLOC_FL_KEEP_SIZE) != 0);
  inodeUnlock(inode);
  return result;
}

function punchUnlessSealed(inode: Inode, start: u64, end: u64): i32 {
  if ((inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
  punchHole(inode, start, end);
  return 0;
}

function allocateRange(inode: Inode, start: u64, end: u64, keepSize: bool): i32 {
  const grows = end > inode.iSize.load();
  if (grows && (inode.seals & F_SEAL_GROW) != 0) return -EPERM;
  const first = start >> PAGE_SHIFT;
  const last = (end - 1) >> PAGE_SHIFT;
  for (let index = first; index <= last; index++) {
    if (shmemAllocPage(inode, index)) continue;
    if (index > first) dropUnusedPages(inode.mapping, first, index - 1);
    return -ENOMEM;
  }
  if (grows && !keepSize) inode.iSize.storeRelease(end);
  return 0;
}
