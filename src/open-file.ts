import { flagWord, text } from './check.js';
import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
import { flagNames } from './names.js';
import { normalPath, pathBytes, type NormalPath } from './path.js';
import { O_CREAT, O_DIRECTORY, O_EXCL } from './wasm/generated/layout.js';

const ENOENT = -2;
const EEXIST = -17;
const EISDIR = -21;
const ENAMETOOLONG = -36;

/** open(2): a file of the tmpfs, or `/proc/self/fd/N`. */
export function openFile(
  kernel: Kernel,
  task: number,
  path: string,
  flags: number,
  mode: number,
): number {
  const normal = normalPath(checkedPath(path));
  const how = flagWord(flags, 'flags');
  const bits = flagWord(mode, 'mode');
  const result = openNormal(kernel, task, normal, how, bits);
  if (result >= 0) return result;
  const call = `open(${JSON.stringify(path)}, ${flagNames('O_', how)})`;
  throw new MmError({ call, syscall: 'open', errno: result });
}

/** unlink(2). */
export function unlinkFile(kernel: Kernel, path: string): void {
  const normal = normalPath(checkedPath(path));
  const bytes = normal && pathBytes(normal.path);
  let result = normal === undefined ? ENOENT : ENAMETOOLONG;
  if (normal !== undefined && bytes !== undefined) {
    putPath(kernel, bytes);
    result = kernel.run((core) => core.sysUnlink(normal.directory));
  }
  if (result >= 0) return;
  throw new MmError({ call: `unlink(${JSON.stringify(path)})`, syscall: 'unlink', errno: result });
}

function openNormal(
  kernel: Kernel,
  task: number,
  normal: NormalPath | undefined,
  flags: number,
  mode: number,
): number {
  if (normal === undefined) return ENOENT;
  const { path, directory } = normal;
  if (path === '/') return openRoot(flags);
  const [, number] = /^\/proc\/self\/fd\/(\d{1,9})$/.exec(path) ?? [];
  if (number !== undefined) {
    const how = directory ? flags | O_DIRECTORY : flags;
    return kernel.run((core) => core.sysReopen(task, Number(number), how));
  }
  if (path.startsWith('/proc/')) return ENOENT;
  const bytes = pathBytes(path);
  if (bytes === undefined) return ENAMETOOLONG;
  if (directory && (flags & O_CREAT) !== 0) return EISDIR;
  putPath(kernel, bytes);
  const how = directory ? flags | O_DIRECTORY : flags;
  return kernel.run((core) => core.sysOpen(task, bytes.length, how, mode));
}

/** The root is there, as a directory, and directories cannot be opened here. */
function openRoot(flags: number): number {
  return (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL) ? EEXIST : EISDIR;
}

function checkedPath(path: string): string {
  if (!text(path, 'path').includes('\0')) return path;
  throw new RangeError('path: must not contain a zero character');
}

function putPath(kernel: Kernel, bytes: Uint8Array): void {
  kernel.views.u8.set(bytes, kernel.scratch);
  kernel.views.u8[kernel.scratch + bytes.length] = 0;
}
