import type { Kernel } from './kernel.js';
import { FOLL_FORCE, FOLL_GET, FOLL_WRITE, PAGE_SIZE } from './wasm/generated/layout.js';

/**
 * One process's memory as a debugger reaches it (Linux: mm/memory.c, __access_remote_vm): page by
 * page through get_user_pages with FOLL_FORCE, so what the process itself may not do is no
 * obstacle, but for what is no memory at all and for writes to shared mappings. A write to a
 * private page gives the process a copy of its own first.
 */

/** Copies out of it: the bytes before the first that cannot be had. */
export function peek(kernel: Kernel, task: number, addr: number, length: number): Uint8Array {
  const { scratch, views } = kernel;
  const pieces: Uint8Array[] = [];
  const done = byPage(kernel, task, addr, length, false, (vec, offset, size) => {
    kernel.run((core) => core.gupCopyCall(vec, offset, scratch, size, false));
    pieces.push(views.copy(scratch, size));
  });
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Copies into it: how many bytes. */
export function poke(kernel: Kernel, task: number, addr: number, data: Uint8Array): number {
  const { scratch, views } = kernel;
  return byPage(kernel, task, addr, data.length, true, (vec, offset, size, done) => {
    views.u8.set(data.subarray(done, done + size), scratch);
    kernel.run((core) => core.gupCopyCall(vec, offset, scratch, size, true));
  });
}

/** Calls `move` for the part of a range in each page, until there is one that cannot be had. */
function byPage(
  kernel: Kernel,
  task: number,
  addr: number,
  length: number,
  write: boolean,
  move: (vec: number, offset: number, size: number, done: number) => void,
): number {
  const flags = FOLL_GET | FOLL_FORCE | (write ? FOLL_WRITE : 0);
  let done = 0;
  while (done < length) {
    const offset = (addr + done) % PAGE_SIZE;
    const size = Math.min(length - done, PAGE_SIZE - offset);
    const page = addr + done - offset;
    const vec = kernel.run((core) => core.gupCall(task, page, 1, flags, false));
    if (vec < 0) break;
    move(vec, offset, size, done);
    kernel.run((core) => core.gupReleaseCall(vec, write));
    done += size;
  }
  return done;
}
