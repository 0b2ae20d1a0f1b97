import { bytesOf, descriptor, unsigned } from './check.js';
import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
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
  const shown = `${fd}, ${data.length} bytes${offset === undefined ? '' : `, ${offset}`}`;
  const fail = (errno: number) => new MmError({ call: `${call}(${shown})`, syscall: call, errno });
  if (offset !== undefined && offset < 0) throw fail(EINVAL);
  const positioned = offset !== undefined;
  const file = kernel.run((core) => core.sysWriteBegin(task, fd, positioned));
  if (file < 0) throw fail(file);
  const asked = offset ?? kernel.run((core) => core.sysGetPos(file));
  const start = kernel.run((core) => core.sysWritePosition(file, asked));
  let done = 0;
  let error = 0;
  while (done < data.length) {
    const chunk = data.subarray(done, done + PAGE_SIZE);
    kernel.views.u8.set(chunk, kernel.scratch);
    const put = kernel.run((core) =>
      core.sysWrite(file, start + done, kernel.scratch, chunk.length, data.length - done),
    );
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
