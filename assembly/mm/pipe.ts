import { EAGAIN, EDEADLK, ENOMEM, EPIPE } from '../lib/errno';
import { CACHE_PIPE, cacheAlloc, cacheFree } from '../lib/slab';
import { waitUnlessAlone } from '../lib/wait';
import { PAGE_SIZE } from '../memlayout';
import { Inode } from '../types/address_space';
import { FMODE_READ, FMODE_WRITE } from '../types/file';
import { Page } from '../types/page';
import { PIPE_BUFFERS, PIPE_BUF_FLAG_CAN_MERGE, Pipe } from '../types/pipe';
import { readPage, writePage } from './highmem';
import { allocPage, putPage } from './page_alloc';

/**
 * Pipes (Linux: fs/pipe.c): a ring of buffers, each some bytes of one page. A page is the pipe's
 * own, or, after vmsplice, one of a process's, on which the pipe has a plain reference until the
 * bytes are read or the pipe goes.
 *
 * All is done with the pipe's lock held, which is the i_rwsem of its inode. Who must wait for bytes
 * or for space notes `wakeups`, drops the lock, and sleeps until the word has changed: whoever adds
 * or takes bytes or closes an end changes it before the lock is released. A process that is alone
 * on the machine would wait for ever: that is -EDEADLK.
 */

/** A pipe without ends, or null when memory is exhausted (Linux: alloc_pipe_info). */
export function allocPipe(): Pipe | null {
  const address = cacheAlloc(CACHE_PIPE);
  return address == 0 ? null : changetype<Pipe>(address);
}

/** Frees a pipe with all that is in it; nobody has it open (Linux: free_pipe_info). */
export function freePipe(pipe: Pipe): void {
  while (pipe.occupancy != 0) dropFirst(pipe);
  cacheFree(CACHE_PIPE, changetype<usize>(pipe));
}

/** Counts a file that opens the pipe, by its FMODE_* (Linux: fifo_open). */
export function pipeOpen(inode: Inode, mode: u32): void {
  const pipe = inode.pipe!;
  inode.iRwsem.downWrite();
  if ((mode & FMODE_READ) != 0) pipe.readers++;
  if ((mode & FMODE_WRITE) != 0) pipe.writers++;
  inode.iRwsem.upWrite();
}

/** Counts one less; who waits for the other side must see that (Linux: pipe_release). */
export function pipeRelease(inode: Inode, mode: u32): void {
  const pipe = inode.pipe!;
  inode.iRwsem.downWrite();
  if ((mode & FMODE_READ) != 0) pipe.readers--;
  if ((mode & FMODE_WRITE) != 0) pipe.writers--;
  wakeUp(pipe);
  inode.iRwsem.upWrite();
}

/**
 * Takes bytes of the first buffer: how many, 0 where none come any more, or an error (Linux:
 * pipe_read). A call that has read something already (`more`) does not wait.
 */
export function pipeRead(
  inode: Inode,
  buffer: usize,
  length: u32,
  nonblock: bool,
  more: bool,
): i32 {
  const pipe = inode.pipe!;
  const ready = more ? (pipe.occupancy != 0 ? 1 : 0) : waitForBytes(inode, pipe, nonblock);
  if (ready <= 0) return ready;
  const first = pipe.buffer(pipe.tail);
  const chunk = min(length, first.len);
  readPage(first.pfn, first.offset, buffer, chunk);
  pipeConsume(pipe, chunk);
  return chunk;
}

/** Takes bytes away that were read from the first buffer. */
export function pipeConsume(pipe: Pipe, length: u32): void {
  const first = pipe.buffer(pipe.tail);
  first.offset += length;
  first.len -= length;
  if (first.len == 0) dropFirst(pipe);
  wakeUp(pipe);
}

/**
 * Adds bytes: how many of them, or an error (Linux: pipe_write). `left` is what the caller has yet
 * to write, `length` bytes of it lie in the buffer. What does not fill a page goes to the page that
 * was written last, if that has room for all of it. A call that has written something (`more`)
 * stops where it would have to wait, as one that a signal interrupts.
 */
export function pipeWrite(
  inode: Inode,
  buffer: usize,
  length: u32,
  left: f64,
  nonblock: bool,
  more: bool,
): i32 {
  const pipe = inode.pipe!;
  if (pipe.readers == 0) return -EPIPE;
  if (!more) {
    const odd = <u32>((<u64>left) & (PAGE_SIZE - 1));
    if (odd != 0 && merge(pipe, buffer, odd)) return odd;
  }
  const error = waitForSpace(inode, pipe, nonblock || more);
  if (error < 0) return error;
  const page = allocPage();
  if (page == null) return -ENOMEM;
  writePage(page.pfn, 0, buffer, length);
  pipeAdd(pipe, page, 0, length, PIPE_BUF_FLAG_CAN_MERGE);
  return length;
}

/** Appends a buffer, which takes over the reference to the page; there is space. */
export function pipeAdd(pipe: Pipe, page: Page, offset: u32, len: u32, flags: u32): void {
  const added = pipe.buffer(pipe.head);
  added.pfn = page.pfn;
  added.offset = offset;
  added.len = len;
  added.flags = flags;
  pipe.head++;
  wakeUp(pipe);
}

/** 1 once there are bytes, 0 when none come any more, or an error. */
export function waitForBytes(inode: Inode, pipe: Pipe, nonblock: bool): i32 {
  while (pipe.occupancy == 0) {
    if (pipe.writers == 0) return 0;
    if (nonblock) return -EAGAIN;
    if (!pipeWait(inode, pipe)) return -EDEADLK;
  }
  return 1;
}

/** 0 once a buffer is free and somebody may read it, or an error (Linux: wait_for_space). */
export function waitForSpace(inode: Inode, pipe: Pipe, nonblock: bool): i32 {
  while (true) {
    if (pipe.readers == 0) return -EPIPE;
    if (pipe.occupancy < PIPE_BUFFERS) return 0;
    if (nonblock) return -EAGAIN;
    if (!pipeWait(inode, pipe)) return -EDEADLK;
  }
}

/** Sleeps without the lock; false if nobody could end that (Linux: pipe_wait_readable). */
function pipeWait(inode: Inode, pipe: Pipe): bool {
  const seen = pipe.wakeups.load();
  inode.iRwsem.upWrite();
  waitUnlessAlone(pipe.wakeups, seen);
  inode.iRwsem.downWrite();
  return pipe.wakeups.load() != seen;
}

function wakeUp(pipe: Pipe): void {
  pipe.wakeups.add(1);
  pipe.wakeups.notifyAll();
}

/** Adds to the page that was written last, if it is the pipe's own and has room. */
function merge(pipe: Pipe, buffer: usize, length: u32): bool {
  if (pipe.occupancy == 0) return false;
  const last = pipe.buffer(pipe.head - 1);
  const end = last.offset + last.len;
  if ((last.flags & PIPE_BUF_FLAG_CAN_MERGE) == 0 || end + length > PAGE_SIZE) return false;
  writePage(last.pfn, end, buffer, length);
  last.len += length;
  wakeUp(pipe);
  return true;
}

/** Gives the first buffer's page back (Linux: pipe_buf_release). */
function dropFirst(pipe: Pipe): void {
  const first = pipe.buffer(pipe.tail);
  const page = Page.fromPfn(first.pfn);
  first.pfn = 0;
  first.len = 0;
  first.flags = 0;
  pipe.tail++;
  putPage(page);
}
