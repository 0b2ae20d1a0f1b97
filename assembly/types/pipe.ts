import { Atomic } from '../lib/atomic';

/** Buffers of a pipe (Linux: PIPE_DEF_BUFFERS). */
export const PIPE_BUFFERS: u32 = 16;

/** Bits of PipeBuffer.flags (Linux: PIPE_BUF_FLAG_*). */
/** A write may add to the page: it is the pipe's own. */
export const PIPE_BUF_FLAG_CAN_MERGE: u32 = 0x10;
/** The process that gave the page has promised to forget it (SPLICE_F_GIFT). */
export const PIPE_BUF_FLAG_GIFT: u32 = 0x04;

// ╒═══════════════ struct pipe_buffer (16 bytes), the pipe's lock held ═══════════════╕
//   +0   pfn     u32  the page, with one plain reference; 0 bytes left: the buffer is gone
//   +4   offset  u32  first byte that nobody has read
//   +8   len     u32  bytes
//   +12  flags   u32  PIPE_BUF_FLAG_*

/** Bytes of one page that wait in a pipe (Linux: struct pipe_buffer). */
@unmanaged
export class PipeBuffer {
  pfn: u32;
  offset: u32;
  len: u32;
  flags: u32;
}

export const PIPE_BUFFER_SIZE: usize = 16;

if (offsetof<PipeBuffer>() != PIPE_BUFFER_SIZE) ERROR('a buffer takes sixteen bytes');

// ╒═══════════════ struct pipe_inode_info (320 bytes) ═══════════════╕
//   Its lock (Linux: pipe->mutex) is the i_rwsem of its inode, held for writing.
//   +0   head     u32  lock held: buffers ever filled; the next one is number head
//   +4   tail     u32  lock held: buffers ever emptied; the first one is number tail
//   +8   readers  u32  lock held: open files that may read
//   +12  writers  u32  lock held: open files that may write
//   +16  wakeups  u32  atomic, written with the lock held: changes when a sleeper must look again
//   +64  bufs     16 x 16  lock held: number n is at n modulo PIPE_BUFFERS

/** A pipe (Linux: struct pipe_inode_info). */
@unmanaged
export class Pipe {
  head: u32;
  tail: u32;
  readers: u32;
  writers: u32;
  private _wakeups: u32;
  private _pad0: u32;
  private _pad1: u64;
  private _pad2: u64;
  private _pad3: u64;
  private _pad4: u64;
  private _pad5: u64;
  private _bufs0: u64;


  @inline get wakeups(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<Pipe>('_wakeups'));
  }

  /** The buffer with a number (Linux: pipe_buf). */
  @inline buffer(index: u32): PipeBuffer {
    const at = <usize>(index % PIPE_BUFFERS) * PIPE_BUFFER_SIZE;
    return changetype<PipeBuffer>(changetype<usize>(this) + offsetof<Pipe>('_bufs0') + at);
  }

  /** Buffers that hold bytes (Linux: pipe_occupancy). */
  @inline get occupancy(): u32 {
    return this.head - this.tail;
  }
}

if (offsetof<Pipe>('_bufs0') != 64) ERROR('Pipe.bufs begins line 1');
