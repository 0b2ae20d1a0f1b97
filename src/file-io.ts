import { bytesOf, descriptor, unsigned } from './check.js';
import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
import { hex } from './names.js';
import { PAGE_SIZE } from './wasm/generated/layout.js';

/**
 * Reading and writing files. Bytes go through one page of scratch memory, so a long transfer is
 * many calls of the core; a write holds the file's lock from the first to the last, as Linux does.
 */

const EINVAL = -22;
/** As much as one call moves at most (Linux: MAX_RW_COUNT). */
const MAX_RW_COUNT = 0x7ffff000;

/** read(2), or pread(2) where `offset` is given. */
export function readFile(
  kernel: Kernel,
  task: number,
  call: string,
  fd: number,
  length: number,
  offset: number | undefined,
): Uint8Array {
  descriptor(fd, 'fd');
  unsigned(length, 'length');
  const shown = offset === undefined ? `${fd}, ${length}` : `${fd}, ${length}, ${offset}`;
  const fail = (errno: number) => new MmError({ call: `${call}(${shown})`, syscall: call, errno });
  if (offset !== undefined && offset < 0) throw fail(EINVAL);
  const positioned = offset !== undefined;
  const file = kernel.run((core) => core.sysReadBegin(task, fd, positioned));
  if (file < 0) throw fail(file);
  const start = offset ?? kernel.run((core) => core.sysGetPos(file));
  const chunks: Uint8Array[] = [];
  let done = 0;
  let got = 0;
  const wanted = Math.min(length, MAX_RW_COUNT);
  while (done < wanted) {
    const size = Math.min(wanted - done, PAGE_SIZE);
    got = kernel.run((core) => core.sysRead(file, start + done, kernel.scratch, size));
    if (got <= 0) break;
    chunks.push(kernel.views.copy(kernel.scratch, got));
    done += got;
  }
  if (offset === undefined) kernel.run((core) => core.sysSetPos(file, start + done));
  kernel.run((core) => core.sysReadEnd(file));
  if (done === 0 && got < 0) throw fail(got);
  return joined(chunks, done);
}

/** What is to be written, and where. */
interface WriteCall {
  readonly task: number;
  /** Its name, and what it was given. */
  readonly call: string;
  readonly shown: string;
  readonly fd: number;
  readonly offset: number | undefined;
  readonly length: number;
  /** Writes the next part of it to the file: bytes written, or an error. */
  put(file: number, position: number, done: number): number;
}

/** write(2), or pwrite(2) where `offset` is given: bytes written; an error only if none were. */
export function writeFile(
  kernel: Kernel,
  task: number,
  call: string,
  fd: number,
  bytes: Uint8Array | readonly number[],
  offset: number | undefined,
): number {
  descriptor(fd, 'fd');
  const data = bytesOf(bytes, 'bytes');
  const { length } = data;
  const shown = `${length} bytes`;
  const put = (file: number, position: number, done: number): number => {
    const chunk = data.subarray(done, done + PAGE_SIZE);
    kernel.views.u8.set(chunk, kernel.scratch);
    return kernel.run((core) =>
      core.sysWrite(file, position, kernel.scratch, chunk.length, length - done),
    );
  };
  return write(kernel, { task, call, shown, fd, offset, length, put });
}

/** The same from the memory of the process. */
export function writeFileFrom(
  kernel: Kernel,
  task: number,
  fd: number,
  addr: number,
  length: number,
  offset: number | undefined,
): number {
  descriptor(fd, 'fd');
  unsigned(addr, 'addr');
  unsigned(length, 'length');
  const call = offset === undefined ? 'write' : 'pwrite';
  const shown = `${hex(addr)}, ${length}`;
  const put = (file: number, position: number, done: number): number =>
    kernel.run((core) =>
      core.sysWriteUser(task, file, position, addr + done, kernel.scratch, length - done),
    );
  return write(kernel, { task, call, shown, fd, offset, length, put });
}

function write(kernel: Kernel, given: WriteCall): number {
  const { task, call, fd, offset } = given;
  const shown = `${fd}, ${given.shown}${offset === undefined ? '' : `, ${offset}`}`;
  const fail = (errno: number) => new MmError({ call: `${call}(${shown})`, syscall: call, errno });
  if (offset !== undefined && offset < 0) throw fail(EINVAL);
  const positioned = offset !== undefined;
  const file = kernel.run((core) => core.sysWriteBegin(task, fd, positioned));
  if (file < 0) throw fail(file);
  const asked = offset ?? kernel.run((core) => core.sysGetPos(file));
  const start = kernel.run((core) => core.sysWritePosition(file, asked));
  const length = Math.min(given.length, MAX_RW_COUNT);
  let done = 0;
  let error = 0;
  while (done < length) {
    const put = given.put(file, start + done, done);
    if (put < 0) {
      error = put;
      break;
    }
    done += put;
  }
  if (offset === undefined && done > 0) kernel.run((core) => core.sysSetPos(file, start + done));
  kernel.run((core) => core.sysWriteEnd(file));
  if (done === 0 && error < 0) throw fail(error);
  return done;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
