import {
  FOLL_GET,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  SPLICE_F_GIFT,
  SPLICE_F_MORE,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
  S_IFIFO,
} from '../abi';
import { TASK_SIZE } from '../arch/pgtable';
import { EBADF, EFAULT, EINVAL, ENOMEM } from '../lib/errno';
import { PERCPU_SCRATCH, thisCpu } from '../lib/percpu';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { accessUser } from '../mm/access';
import { allocFile, closeFd, fget, fput, installFd, setCloexec } from '../mm/file_table';
import { getUserPagesFast } from '../mm/gup';
import { readPage } from '../mm/highmem';
import { ihold, iput, newInode } from '../mm/inode';
import { allocPipe, pipeAdd, pipeConsume, waitForBytes, waitForSpace } from '../mm/pipe';
import { F_SEAL_SEAL, Inode } from '../types/address_space';
import { FMODE_READ, FMODE_WRITE, File } from '../types/file';
import { GupEntry } from '../types/gup_vec';
import { Page } from '../types/page';
import { PIPE_BUFFERS, PIPE_BUF_FLAG_GIFT, Pipe } from '../types/pipe';
import { Task } from '../types/task';
import { toU64 } from './convert';

/** pipe2(2) and vmsplice(2) (Linux: fs/pipe.c, fs/splice.c). */

const SPLICE_F_ALL: u32 = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;
/** As much as one call moves at most (Linux: MAX_RW_COUNT). */
const MAX_RW_COUNT: u64 = 0x7fff_f000;

/** pipe2(2): the descriptor to read from goes to `buffer`, that to write to behind it. */
export function sysPipe(task: Task, buffer: usize, flags: u32): i32 {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  const inode = newPipeInode();
  if (inode == null) return -ENOMEM;
  const readEnd = openEnd(task, inode, FMODE_READ, O_RDONLY, flags);
  const writeEnd = readEnd < 0 ? readEnd : openEnd(task, inode, FMODE_WRITE, O_WRONLY, flags);
  if (readEnd >= 0 && writeEnd < 0) closeFd(task, readEnd);
  iput(inode);
  if (writeEnd < 0) return writeEnd;
  store<i32>(buffer, readEnd);
  store<i32>(buffer, writeEnd, 4);
  return 0;
}

/**
 * vmsplice(2) of one range: bytes moved, or an error. By the end that may write, pages of the
 * process become buffers of the pipe, without a copy; by the other, bytes are copied to the range.
 */
export function sysVmsplice(task: Task, fd: i32, addr: f64, length: f64, flags: u32): i32 {
  if ((flags & ~SPLICE_F_ALL) != 0) return -EINVAL;
  const file = fget(task, fd);
  if (file == null) return -EBADF;
  const result = vmsplice(task, file, toU64(addr), min<u64>(toU64(length), MAX_RW_COUNT), flags);
  fput(file);
  return result;
}

function vmsplice(task: Task, file: File, start: u64, length: u64, flags: u32): i32 {
  if ((file.fMode & (FMODE_READ | FMODE_WRITE)) == 0) return -EBADF;
  if (start + length > TASK_SIZE) return -EFAULT;
  if (length == 0) return 0;
  const inode = file.inode;
  const pipe = inode.pipe;
  if (pipe == null) return -EBADF;
  const nonblock = (flags & SPLICE_F_NONBLOCK) != 0;
  const bytes = <u32>length;
  const toPipe = (file.fMode & FMODE_WRITE) != 0;
  inode.iRwsem.downWrite();
  let result = toPipe ? waitForSpace(inode, pipe, nonblock) : 1;
  if (!toPipe) result = vmspliceToUser(task, inode, start, bytes, nonblock);
  else if (result == 0) {
    result = vmspliceToPipe(task, pipe, start, bytes, (flags & SPLICE_F_GIFT) != 0);
  }
  inode.iRwsem.upWrite();
  return result;
}

/** Takes pages as long as there is space for them (Linux: iter_to_pipe). */
function vmspliceToPipe(task: Task, pipe: Pipe, start: u64, length: u32, gift: bool): i32 {
  const entries = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  const flags = gift ? PIPE_BUF_FLAG_GIFT : 0;
  let done: u32 = 0;
  while (done < length && pipe.occupancy < PIPE_BUFFERS) {
    const address = start + done;
    let offset = (<u32>address) & (PAGE_SIZE - 1);
    const pages = <u32>((<u64>offset + (length - done) + PAGE_SIZE - 1) >> PAGE_SHIFT);
    const want = min(pages, PIPE_BUFFERS - pipe.occupancy);
    const got = getUserPagesFast(task.mm, address, want, FOLL_GET, entries);
    if (got < 0) return done != 0 ? <i32>done : got;
    for (let i = 0; i < got; i++) {
      const size = min(length - done, PAGE_SIZE - offset);
      pipeAdd(pipe, Page.fromPfn(GupEntry.at(entries, i).pfn.load()), offset, size, flags);
      done += size;
      offset = 0;
    }
  }
  return <i32>done;
}

/** Copies buffer by buffer; one that cannot be copied whole stays (Linux: vmsplice_to_user). */
function vmspliceToUser(task: Task, inode: Inode, start: u64, length: u32, nonblock: bool): i32 {
  const pipe = inode.pipe!;
  const scratch = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  const ready = waitForBytes(inode, pipe, nonblock);
  if (ready <= 0) return ready;
  let done: u32 = 0;
  while (done < length && pipe.occupancy != 0) {
    const first = pipe.buffer(pipe.tail);
    const size = min(length - done, first.len);
    readPage(first.pfn, first.offset, scratch, size);
    if (accessUser(task.mm, start + done, scratch, size, true) < 0) {
      return done != 0 ? <i32>done : -EFAULT;
    }
    pipeConsume(pipe, size);
    done += size;
  }
  return <i32>done;
}

function newPipeInode(): Inode | null {
  const inode = newInode(S_IFIFO | 0o600, F_SEAL_SEAL);
  if (inode == null) return null;
  const pipe = allocPipe();
  if (pipe == null) {
    iput(inode);
    return null;
  }
  inode.pipe = pipe;
  return inode;
}

/** Opens one end of a pipe under the lowest free descriptor. */
function openEnd(task: Task, inode: Inode, mode: u32, access: u32, flags: u32): i32 {
  ihold(inode);
  const file = allocFile(inode, mode, access | (flags & O_NONBLOCK));
  if (file == null) {
    iput(inode);
    return -ENOMEM;
  }
  const fd = installFd(task, file, 0);
  if (fd < 0) fput(file);
  else if ((flags & O_CLOEXEC) != 0) setCloexec(task, fd, true);
  return fd;
}
