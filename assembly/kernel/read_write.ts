import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  O_APPEND,
  O_NONBLOCK,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from '../abi';
import {
  EBADF,
  EDEADLK,
  EFBIG,
  EINVAL,
  ENOMEM,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  ESPIPE,
} from '../lib/errno';
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
import { pipeRead, pipeWrite } from '../mm/pipe';
import { MAX_FILE_SIZE, shmemAllocPage, shmemGetPage } from '../mm/shmem';
import { SHMEM_HOLE, SHMEM_NO_MEMORY, filemapSwapEntry, shmemFindPage } from '../mm/shmem_swap';
import { markPageAccessed } from '../mm/swap';
import { dropUnusedPages, punchUnlessSealed, truncateSetsize } from '../mm/truncate';
import {
  AddressSpace,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  Inode,
} from '../types/address_space';
import { FMODE_READ, FMODE_WRITE, File } from '../types/file';
import { PG_UPTODATE, Page } from '../types/page';
import { Task } from '../types/task';
import { toF64, toU64 } from './convert';

/** Modes of fallocate that tmpfs does not have. */
const FALLOC_FL_COLLAPSE_RANGE: u32 = 0x08;
const FALLOC_FL_ZERO_RANGE: u32 = 0x10;
const FALLOC_FL_INSERT_RANGE: u32 = 0x20;
const FALLOC_FL_UNSHARE_RANGE: u32 = 0x40;
const FALLOC_FL_WRITE_ZEROES: u32 = 0x80;

/**
 * Reading, writing and sizing files (Linux: fs/read_write.c, mm/shmem.c).
 *
 * Data moves through a buffer of one page, so a long read or write is several calls: `sysRead` and
 * `sysWrite` move at most to the end of one page of the file. A write holds i_rwsem from
 * `sysWriteBegin` to `sysWriteEnd`, so that it is one write to everybody else.
 */

/**
 * The file of a descriptor that may be read, with a reference; see `sysReadEnd`. A pipe's lock is
 * held from here to there. `positioned`: for pread(2), which pipes do not have.
 */
export function sysReadBegin(task: Task, fd: i32, positioned: bool): i32 {
  const result = beginIo(task, fd, FMODE_READ, positioned);
  if (result > 0) lockPipe(changetype<File>(<usize>result));
  return result;
}

/**
 * Reads from `position` to the end of that page at most: bytes read, 0 at the end of the file. The
 * position of a pipe is what this call has read of it so far.
 */
export function sysRead(file: File, position: f64, buffer: usize, length: u32): i32 {
  const inode = file.inode;
  if (inode.pipe != null) return pipeRead(inode, buffer, length, isNonblock(file), position > 0);
  const at = toU64(position);
  const size = inode.iSize.load();
  if (at >= size) return 0;
  const inPage = <u32>(at & (PAGE_SIZE - 1));
  const chunk = <u32>min<u64>(min(length, PAGE_SIZE - inPage), size - at);
  const found = shmemFindPage(inode.mapping, at >> PAGE_SHIFT);
  if (found == SHMEM_NO_MEMORY) return -ENOMEM;
  if (found == SHMEM_HOLE) {
    memory.fill(buffer, 0, chunk);
    return chunk;
  }
  const page = changetype<Page>(found);
  readPage(page.pfn, inPage, buffer, chunk);
  if (inPage == 0) markPageAccessed(page); // once for a page that is read bit by bit
  putPage(page);
  return chunk;
}

/** Starts a write: the file with a reference and i_rwsem held, or an error. */
export function sysWriteBegin(task: Task, fd: i32, positioned: bool): i32 {
  const result = beginIo(task, fd, FMODE_WRITE, positioned);
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
 * `left` is what the call has yet to write; `length` bytes of it, up to a page, are in the buffer.
 */
export function sysWrite(file: File, position: f64, buffer: usize, length: u32, left: f64): i32 {
  const inode = file.inode;
  if (inode.pipe != null) {
    return pipeWrite(inode, buffer, length, left, isNonblock(file), position > 0);
  }
  const at = toU64(position);
  const inPage = <u32>(at & (PAGE_SIZE - 1));
  const chunk = min(length, PAGE_SIZE - inPage);
  const refused = refuseWrite(inode, at, chunk);
  if (refused < 0) return refused;
  const page = shmemGetPage(inode, at >> PAGE_SHIFT);
  if (page == null) return -ENOMEM;
  writePage(page.pfn, inPage, buffer, chunk);
  writeEnd(inode, page, at + chunk);
  return chunk;
}

/** What forbids a write of so many bytes: 0 or an error; i_rwsem is held. */
export function refuseWrite(inode: Inode, at: u64, length: u32): i32 {
  if (at >= MAX_FILE_SIZE) return -EFBIG;
  if ((inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
  const grows = at + length > inode.iSize.load();
  return grows && (inode.seals & F_SEAL_GROW) != 0 ? -EPERM : 0;
}

/** The locked page holds what was written up to `end`; it is let go (Linux: shmem_write_end). */
export function writeEnd(inode: Inode, page: Page, end: u64): void {
  markPageAccessed(page);
  if (end > inode.iSize.load()) inode.iSize.storeRelease(end);
  markPageDirty(page);
  unlockPage(page);
  putPage(page);
}

/** Ends a write. */
export function sysWriteEnd(file: File): void {
  inodeUnlock(file.inode);
  fput(file);
}

/** Ends a read. */
export function sysReadEnd(file: File): void {
  if (file.inode.pipe != null) inodeUnlock(file.inode);
  fput(file);
}

/** The position of an open file; read(2) and write(2) begin there. */
export function sysGetPos(file: File): f64 {
  return toF64(file.fPos.load());
}

/** Moves it. A pipe has none. */
export function sysSetPos(file: File, position: f64): void {
  if (file.inode.pipe == null) file.fPos.store(toU64(position));
}

/** lseek(2): the new position, or an error. */
export function sysLseek(task: Task, fd: i32, offset: f64, whence: u32): f64 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const known = whence <= SEEK_HOLE;
  const result =
    known && file.inode.pipe != null ? <i64>-ESPIPE : seek(file, <i64>toU64(offset), whence);
  if (result >= 0) file.fPos.store(result);
  fput(file);
  return toF64(result);
}

/** ftruncate(2). */
export function sysFtruncate(task: Task, fd: i32, length: f64): i32 {
  if (length < 0) return -EINVAL;
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const mayWrite = (file.fMode & FMODE_WRITE) != 0 && file.inode.pipe == null;
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
  store<f64>(buffer, toF64(blocksOf(inode.mapping)), 8);
  store<f64>(buffer, inode.iMode, 16);
  store<f64>(buffer, inode.iIno, 24);
  fput(file);
  return 0;
}

function beginIo(task: Task, fd: i32, mode: u32, positioned: bool): i32 {
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const refused = positioned && file.inode.pipe != null;
  if (!refused && (file.fMode & mode) != 0) return <i32>changetype<usize>(file);
  fput(file);
  return refused ? -ESPIPE : -EBADF;
}

function lockPipe(file: File): void {
  if (file.inode.pipe != null) file.inode.iRwsem.downWrite();
}

/** True for a descriptor that does not wait. */
export function isNonblock(file: File): bool {
  return (file.fFlags.load() & O_NONBLOCK) != 0;
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

/** Blocks of 512 bytes, in memory or swapped out (Linux: shmem_recalc_inode). */
function blocksOf(mapping: AddressSpace): u64 {
  return (mapping.nrPages + mapping.nrSwapped) << (PAGE_SHIFT - 9);
}

function hasData(inode: Inode, index: u64): bool {
  const page = filemapGetPage(inode.mapping, index);
  if (page == null) return filemapSwapEntry(inode.mapping, index) != 0;
  const data = page.flags.test(PG_UPTODATE) != 0;
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

/**
 * True for a mode that some file system has: only later does tmpfs refuse it (Linux:
 * vfs_fallocate).
 */
function isFallocMode(mode: u32): bool {
  const keepsSize = (mode & FALLOC_FL_KEEP_SIZE) != 0;
  const what = mode & ~FALLOC_FL_KEEP_SIZE;
  if (what == FALLOC_FL_PUNCH_HOLE) return keepsSize;
  if (what == 0 || what == FALLOC_FL_ZERO_RANGE || what == FALLOC_FL_UNSHARE_RANGE) return true;
  const moves =
    what == FALLOC_FL_COLLAPSE_RANGE ||
    what == FALLOC_FL_INSERT_RANGE ||
    what == FALLOC_FL_WRITE_ZEROES;
  return moves && !keepsSize;
}

/** Checks in Linux's order, then allocates or punches (Linux: vfs_fallocate, shmem_fallocate). */
function fallocateFile(file: File, mode: u32, offset: f64, length: f64): i32 {
  if (offset < 0 || length <= 0) return -EINVAL;
  const punch = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
  if (!isFallocMode(mode)) return -EOPNOTSUPP;
  if ((file.fMode & FMODE_WRITE) == 0) return -EBADF;
  if (file.inode.pipe != null) return -ESPIPE;
  const start = toU64(offset);
  const end = start + toU64(length);
  if (end > MAX_FILE_SIZE) return -EFBIG;
  if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) != 0) return -EOPNOTSUPP;
  const inode = file.inode;
  if (punch) return punchUnlessSealed(inode, start, end);
  if (inodeLock(inode) < 0) return -EDEADLK;
  const result = allocateRange(inode, start, end, (mode & FALLOC_FL_KEEP_SIZE) != 0);
  inodeUnlock(inode);
  return result;
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
