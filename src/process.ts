import { bytesOf, descriptor, flagWord, inRange, signed, text, unsigned } from './check.js';
import { MmError, type MmErrorDetails } from './errors.js';
import { addSeals } from './add-seals.js';
import type { Kernel } from './kernel.js';
import { constantName, flagNames, hex } from './names.js';
import { PageRefs, PinnedPages } from './page-refs.js';
import { mapsOf, type VmaInfo } from './stats/maps.js';
import { readFile, writeFile } from './file-io.js';
import {
  F_ADD_SEALS,
  FOLL_FORCE,
  FOLL_GET,
  FOLL_LONGTERM,
  FOLL_PIN,
  FOLL_WRITE,
  PAGE_SIZE,
  SIGBUS_RESULT,
  SIGSEGV_RESULT,
} from './wasm/generated/layout.js';

/** What `fstat` tells of a file. */
export interface FileStatus {
  /** Bytes. */
  readonly size: number;
  /** Blocks of 512 bytes that the file's pages take. */
  readonly blocks: number;
  /** Type and permissions, as in C: 0o100777. */
  readonly mode: number;
  readonly ino: number;
}

const EINVAL = -22;
const EFAULT = -14;
/** What a caller may ask of get_user_pages; the rest is the library's own. */
const GUP_FLAGS = FOLL_WRITE | FOLL_FORCE | FOLL_LONGTERM;
/**
 * More pages than that are no sensible vector (Linux: the array would not fit in memory either).
 */
const GUP_PAGES_MAX = 2 ** 24;

/**
 * A process: an address space and a table of descriptors. Its methods are system calls, made at
 * once and on CPU 0; those that fail throw {@link MmError}.
 */
export class Process {
  /** The process's number. */
  readonly pid: number;
  readonly #kernel: Kernel;
  #task: number;

  /** @internal */
  constructor(kernel: Kernel, task: number) {
    this.#kernel = kernel;
    this.#task = task;
    this.pid = kernel.views.read('Task', 'pid', task);
  }

  /**
   * Maps memory or a file (Linux: mm/mmap.c, do_mmap).
   * @param addr where, as a hint, or exactly with MAP_FIXED
   * @param length bytes, rounded up to pages
   * @param fd the file; ignored with MAP_ANONYMOUS
   * @param offset bytes into the file; a whole number of pages
   * @returns the address
   */
  mmap(
    addr: number,
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset: number,
  ): number {
    const task = this.#alive();
    unsigned(addr, 'addr');
    unsigned(length, 'length');
    const access = flagWord(prot, 'prot');
    const how = flagWord(flags, 'flags');
    descriptor(fd, 'fd');
    unsigned(offset, 'offset');
    let result: number;
    try {
      result = this.#kernel.core.sysMmap(task, addr, length, access, how, fd, offset);
    } catch (error) {
      throw this.#kernel.caught(error);
    }
    if (result >= 0) return result;
    const words = `${flagNames('PROT_', access)}, ${flagNames('MAP_', how)}`;
    throw failed('mmap', `${hex(addr)}, ${length}, ${words}, ${fd}, ${offset}`, result);
  }

  /** Unmaps a range (Linux: mm/vma.c, do_vmi_munmap). Where nothing is mapped, nothing happens. */
  munmap(addr: number, length: number): void {
    const task = this.#alive();
    unsigned(addr, 'addr');
    unsigned(length, 'length');
    let result: number;
    try {
      result = this.#kernel.core.sysMunmap(task, addr, length);
    } catch (error) {
      throw this.#kernel.caught(error);
    }
    if (result < 0) throw failed('munmap', `${hex(addr)}, ${length}`, result);
  }

  /**
   * Changes what a range allows (Linux: mm/mprotect.c, do_mprotect_pkey). On a hole it fails with
   * ENOMEM, and what lies before the hole has changed.
   */
  mprotect(addr: number, length: number, prot: number): void {
    const task = this.#alive();
    unsigned(addr, 'addr');
    unsigned(length, 'length');
    const access = flagWord(prot, 'prot');
    let result: number;
    try {
      result = this.#kernel.core.sysMprotect(task, addr, length, access);
    } catch (error) {
      throw this.#kernel.caught(error);
    }
    if (result >= 0) return;
    throw failed('mprotect', `${hex(addr)}, ${length}, ${flagNames('PROT_', access)}`, result);
  }

  /**
   * Reads memory as the process's own loads would, faulting pages in.
   * @throws MmError EFAULT with the signal and the first address that could not be read
   */
  load(addr: number, length: number): Uint8Array {
    unsigned(addr, 'addr');
    unsigned(length, 'length');
    const task = this.#alive();
    const bytes = allocate(length);
    const { scratch, views } = this.#kernel;
    this.#byPage('load', addr, length, (at, done, size) => {
      const result = this.#kernel.run((core) => core.userLoad(task, at, scratch, size));
      if (result === 0) bytes.set(views.u8.subarray(scratch, scratch + size), done);
      return result;
    });
    return bytes;
  }

  /**
   * Writes memory as the process's own stores would. Bytes before one that faults are written.
   * @throws MmError EFAULT with the signal and the first address that could not be written
   */
  store(addr: number, bytes: Uint8Array | readonly number[]): void {
    unsigned(addr, 'addr');
    const data = bytesOf(bytes, 'bytes');
    const task = this.#alive();
    const { scratch, views } = this.#kernel;
    this.#byPage('store', addr, data.length, (at, done, size) => {
      views.u8.set(data.subarray(done, done + size), scratch);
      return this.#kernel.run((core) => core.userStore(task, at, scratch, size));
    });
  }

  /** Makes a file in memory without a name in the file system (Linux: mm/memfd.c, memfd_create). */
  memfdCreate(name: string, flags: number): number {
    const task = this.#alive();
    const bytes = new TextEncoder().encode(text(name, 'name'));
    const how = flagWord(flags, 'flags');
    const { scratch, views } = this.#kernel;
    const shown = `${JSON.stringify(name)}, ${flagNames('MFD_', how)}`;
    if (bytes.includes(0)) throw new RangeError('name: must not contain a zero character');
    if (bytes.length < 250) views.u8.set(bytes, scratch);
    const result = this.#kernel.run((core) => core.sysMemfdCreate(task, bytes.length, how));
    if (result >= 0) return result;
    const tooLong = bytes.length >= 250 ? 'the name is longer than 249 bytes' : undefined;
    throw failed('memfd_create', shown, result, tooLong);
  }

  /**
   * Opens `/proc/self/fd/N`: the same file anew, with access of its own (Linux: fs/open.c).
   * @throws MmError ENOENT for any other path
   */
  open(path: string, flags: number, mode = 0): number {
    const task = this.#alive();
    const [, number] = /^\/proc\/self\/fd\/(\d{1,9})$/.exec(text(path, 'path')) ?? [];
    const how = flagWord(flags, 'flags');
    flagWord(mode, 'mode');
    const shown = `${JSON.stringify(path)}, ${flagNames('O_', how)}`;
    if (number === undefined) throw failed('open', shown, -2, 'only /proc/self/fd/N can be opened');
    const result = this.#kernel.run((core) => core.sysReopen(task, Number(number), how));
    if (result < 0) throw failed('open', shown, result);
    return result;
  }

  /** Closes a descriptor. */
  close(fd: number): void {
    const task = this.#alive();
    descriptor(fd, 'fd');
    const result = this.#kernel.run((core) => core.sysClose(task, fd));
    if (result < 0) throw failed('close', `${fd}`, result);
  }

  /** A second descriptor for the same open file: the lowest free one. */
  dup(fd: number): number {
    const task = this.#alive();
    descriptor(fd, 'fd');
    const result = this.#kernel.run((core) => core.sysDup(task, fd));
    if (result < 0) throw failed('dup', `${fd}`, result);
    return result;
  }

  /** Sets a file's size in bytes (Linux: mm/shmem.c, shmem_setattr). */
  ftruncate(fd: number, length: number): void {
    const task = this.#alive();
    descriptor(fd, 'fd');
    signed(length, 'length');
    const result = this.#kernel.run((core) => core.sysFtruncate(task, fd, length));
    if (result < 0) throw failed('ftruncate', `${fd}, ${length}`, result);
  }

  /**
   * Allocates a range of a file, or punches a hole into it (Linux: mm/shmem.c, shmem_fallocate).
   */
  fallocate(fd: number, mode: number, offset: number, length: number): void {
    const task = this.#alive();
    descriptor(fd, 'fd');
    const how = flagWord(mode, 'mode');
    signed(offset, 'offset');
    signed(length, 'length');
    const result = this.#kernel.run((core) => core.sysFallocate(task, fd, how, offset, length));
    if (result >= 0) return;
    throw failed('fallocate', `${fd}, ${flagNames('FALLOC_', how)}, ${offset}, ${length}`, result);
  }

  /** Reads up to `length` bytes from where the file stands; fewer at its end. */
  read(fd: number, length: number): Uint8Array {
    return readFile(this.#kernel, this.#alive(), 'read', fd, length, undefined);
  }

  /** Reads from an offset, and leaves the file where it stands. */
  pread(fd: number, length: number, offset: number): Uint8Array {
    signed(offset, 'offset');
    return readFile(this.#kernel, this.#alive(), 'pread', fd, length, offset);
  }

  /** Writes where the file stands; returns the bytes written, fewer where a seal cuts it short. */
  write(fd: number, bytes: Uint8Array | readonly number[]): number {
    return writeFile(this.#kernel, this.#alive(), 'write', fd, bytes, undefined);
  }

  /** Writes at an offset, and leaves the file where it stands. */
  pwrite(fd: number, bytes: Uint8Array | readonly number[], offset: number): number {
    signed(offset, 'offset');
    return writeFile(this.#kernel, this.#alive(), 'pwrite', fd, bytes, offset);
  }

  /** Moves to a place in the file: SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE. */
  lseek(fd: number, offset: number, whence: number): number {
    const task = this.#alive();
    descriptor(fd, 'fd');
    signed(offset, 'offset');
    const base = flagWord(whence, 'whence');
    const result = this.#kernel.run((core) => core.sysLseek(task, fd, offset, base));
    if (result >= 0) return result;
    throw failed('lseek', `${fd}, ${offset}, ${constantName('SEEK_', base)}`, result);
  }

  /** Size, blocks, mode and number of a file. */
  fstat(fd: number): FileStatus {
    const task = this.#alive();
    descriptor(fd, 'fd');
    const { scratch, views } = this.#kernel;
    const result = this.#kernel.run((core) => core.sysFstat(task, fd, scratch));
    if (result < 0) throw failed('fstat', `${fd}`, result);
    const [size, blocks, mode, ino] = [0, 8, 16, 24].map((at) => views.f64At(scratch + at));
    return { size: size ?? 0, blocks: blocks ?? 0, mode: mode ?? 0, ino: ino ?? 0 };
  }

  /** Changes a file's permissions. */
  fchmod(fd: number, mode: number): void {
    const task = this.#alive();
    descriptor(fd, 'fd');
    const bits = flagWord(mode, 'mode');
    const result = this.#kernel.run((core) => core.sysFchmod(task, fd, bits));
    if (result < 0) throw failed('fchmod', `${fd}, 0${bits.toString(8)}`, result);
  }

  /**
   * Controls a descriptor: F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS
   * (Linux: fs/fcntl.c, mm/memfd.c). F_ADD_SEALS may wait for pins, on the machine's clock.
   */
  fcntl(fd: number, cmd: number, arg = 0): number {
    const task = this.#alive();
    descriptor(fd, 'fd');
    const command = flagWord(cmd, 'cmd');
    const argument = flagWord(arg, 'arg');
    if (command === F_ADD_SEALS) {
      addSeals(this.#kernel, task, fd, argument);
      return 0;
    }
    let result: number;
    try {
      result = this.#kernel.core.sysFcntl(task, fd, command, argument);
    } catch (error) {
      throw this.#kernel.caught(error);
    }
    if (result >= 0) return result;
    throw failed('fcntl', `${fd}, ${constantName('F_', command)}, ${argument}`, result);
  }

  /** Writes a file's pages back; memory is all that a file here has, so only `fd` is checked. */
  fsync(fd: number): void {
    this.#alive();
    try {
      this.fstat(fd);
    } catch (error) {
      throw error instanceof MmError ? failed('fsync', `${fd}`, error.errno) : error;
    }
  }

  /**
   * References to the pages of a range, through VMAs and faults (Linux: mm/gup.c, get_user_pages).
   * May get fewer pages than asked for, never none without an error.
   */
  getUserPages(addr: number, nrPages: number, gupFlags: number): PageRefs {
    const vector = this.#gup('get_user_pages', addr, nrPages, gupFlags, FOLL_GET, false);
    return new PageRefs(this.#kernel, vector);
  }

  /** The same, lockless where possible (Linux: mm/gup.c, get_user_pages_fast). */
  getUserPagesFast(addr: number, nrPages: number, gupFlags: number): PageRefs {
    const vector = this.#gup('get_user_pages_fast', addr, nrPages, gupFlags, FOLL_GET, true);
    return new PageRefs(this.#kernel, vector);
  }

  /** Pins the pages of a range for DMA (Linux: mm/gup.c, pin_user_pages). */
  pinUserPages(addr: number, nrPages: number, gupFlags: number): PinnedPages {
    const vector = this.#gup('pin_user_pages', addr, nrPages, gupFlags, FOLL_PIN, false);
    return new PinnedPages(this.#kernel, vector);
  }

  /** The same, lockless where possible (Linux: mm/gup.c, pin_user_pages_fast). */
  pinUserPagesFast(addr: number, nrPages: number, gupFlags: number): PinnedPages {
    const vector = this.#gup('pin_user_pages_fast', addr, nrPages, gupFlags, FOLL_PIN, true);
    return new PinnedPages(this.#kernel, vector);
  }

  /** The process's mappings, by address. */
  maps(): VmaInfo[] {
    const task = this.#alive();
    return this.#kernel.run(() => mapsOf(this.#kernel.views, task));
  }

  /** Ends the process: its memory and descriptors go; pins and references stay until released. */
  exit(): void {
    const task = this.#alive();
    this.#task = 0;
    this.#kernel.run((core) => core.exit(task));
  }

  /** Where the process's struct task_struct lies: for calls that go to the core directly. */
  get task(): number {
    return this.#alive();
  }

  #alive(): number {
    this.#kernel.check();
    if (this.#task === 0) throw new TypeError(`process ${this.pid} has exited`);
    return this.#task;
  }

  #gup(
    call: string,
    addr: number,
    nrPages: number,
    gupFlags: number,
    kind: number,
    fast: boolean,
  ): number {
    const task = this.#alive();
    unsigned(addr, 'addr');
    inRange(nrPages, 1, GUP_PAGES_MAX, 'nrPages');
    const flags = flagWord(gupFlags, 'gupFlags');
    const args = () => `${hex(addr)}, ${nrPages}, ${flagNames('FOLL_', flags)}`;
    if ((flags & ~GUP_FLAGS) !== 0) throw failed(call, args(), EINVAL, 'unknown flags');
    const start = addr - (addr % PAGE_SIZE);
    let result: number;
    try {
      result = this.#kernel.core.gupCall(task, start, nrPages, flags | kind, fast);
    } catch (error) {
      throw this.#kernel.caught(error);
    }
    if (result >= 0) return result;
    throw failed(call, args(), result);
  }

  /** Calls `move` for the part of a range in each page; a signal of one names its first address. */
  #byPage(
    call: string,
    addr: number,
    length: number,
    move: (at: number, done: number, size: number) => number,
  ): void {
    for (let done = 0; done < length;) {
      const at = addr + done;
      const size = Math.min(length - done, PAGE_SIZE - (at % PAGE_SIZE));
      const result = move(at, done, size);
      if (result < 0) throw accessFailed(call, addr, length, at, result);
      done += size;
    }
  }
}

function allocate(length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch {
    throw new RangeError(`length: ${length} bytes are more than this host can hold`);
  }
}

function accessFailed(
  call: string,
  addr: number,
  length: number,
  at: number,
  result: number,
): MmError {
  const details: MmErrorDetails = {
    call: `${call}(${hex(addr)}, ${length})`,
    syscall: call,
    errno: EFAULT,
  };
  if (result === -SIGSEGV_RESULT) {
    const reason = `SIGSEGV at ${hex(at)}: nothing is mapped there that allows it`;
    return new MmError({ ...details, reason, signal: 'SIGSEGV', address: at });
  }
  if (result === -SIGBUS_RESULT) {
    const reason = `SIGBUS at ${hex(at)}: beyond the end of the file`;
    return new MmError({ ...details, reason, signal: 'SIGBUS', address: at });
  }
  return new MmError({ ...details, errno: result });
}

function failed(syscall: string, args: string, errno: number, reason?: string): MmError {
  return new MmError({ call: `${syscall}(${args})`, syscall, errno, reason });
}
