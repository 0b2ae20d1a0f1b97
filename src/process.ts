import { bytesOf, descriptor, flagWord, inRange, signed, text, unsigned } from './check.js';
import { MmError, type MmErrorDetails } from './errors.js';
import { addSeals } from './add-seals.js';
import type { Kernel } from './kernel.js';
import { constantName, flagNames, hex } from './names.js';
import { PageRefs, PinnedPages } from './page-refs.js';
import { mapsOf, type VmaInfo } from './stats/maps.js';
import { pagemapOf, type PagemapEntry } from './stats/pagemap.js';
import { procMapsOf } from './stats/proc-maps.js';
import { smapsOf, type SmapsEntry } from './stats/smaps.js';
import { statusOf, type ProcessStatus } from './stats/status.js';
import { readFile, writeFile, writeFileFrom } from './file-io.js';
import type { CoreExports } from './wasm/exports.js';
import { openFile, unlinkFile } from './open-file.js';
import { makePipe, vmsplice } from './pipe-io.js';
import { peek, poke } from './remote-access.js';
import {
  EOPNOTSUPP,
  F_ADD_SEALS,
  FOLL_FORCE,
  FOLL_GET,
  FOLL_LONGTERM,
  FOLL_NOFAULT,
  FOLL_PIN,
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_GROWSDOWN,
  PAGE_SIZE,
  SIGBUS_RESULT,
  SIGSEGV_RESULT,
  S_IFIFO,
  S_IFMT,
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

const EIO = -5;
const EINVAL = -22;
const EFAULT = -14;
/** What a caller may ask of get_user_pages; the rest is the library's own. */
const GUP_FLAGS = FOLL_WRITE | FOLL_FORCE | FOLL_NOFAULT | FOLL_LONGTERM;
/**
 * More pages than that are no sensible vector (Linux: the array would not fit in memory either).
 */
const GUP_PAGES_MAX = 2 ** 24;
/** Entries of pagemap that one call can give: 64 GiB of addresses. */
const PAGEMAP_MAX = 2 ** 24;
/** First address that no process can use (Linux: TASK_SIZE_MAX). */
const TASK_SIZE = 2 ** 47 - PAGE_SIZE;

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
  constructor(kernel: Kernel, task: number, pid = kernel.views.read('Task', 'pid', task)) {
    this.#kernel = kernel;
    this.#task = task;
    this.pid = pid;
  }

  /** @internal What the core knows it by, also on a machine that has stopped; 0: it has exited. */
  get number(): number {
    return this.#task;
  }

  /** @internal It has exited through another handle. */
  forget(): void {
    this.#task = 0;
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
    const grows = (how & (MAP_GROWSDOWN | MAP_ANONYMOUS)) === (MAP_GROWSDOWN | MAP_ANONYMOUS);
    const reason =
      grows && result === -EOPNOTSUPP ? 'growing mappings are not built here' : undefined;
    throw failed('mmap', `${hex(addr)}, ${length}, ${words}, ${fd}, ${offset}`, result, reason);
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
   * Changes a mapping's length, or its place, or both (Linux: mm/mremap.c, do_mremap). Pages keep
   * what is in them and stay pinned. An `oldLength` of 0 makes a second mapping of a shared one.
   * @param flags MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP
   * @param newAddr where to, with MREMAP_FIXED: what is mapped there goes; a hint with
   *   MREMAP_DONTUNMAP
   * @returns where the mapping is then
   */
  mremap(addr: number, oldLength: number, newLength: number, flags: number, newAddr = 0): number {
    const task = this.#alive();
    unsigned(addr, 'addr');
    unsigned(oldLength, 'oldLength');
    unsigned(newLength, 'newLength');
    const how = flagWord(flags, 'flags');
    unsigned(newAddr, 'newAddr');
    let result: number;
    try {
      result = this.#kernel.core.sysMremap(task, addr, oldLength, newLength, how, newAddr);
    } catch (error) {
      throw this.#kernel.caught(error);
    }
    if (result >= 0) return result;
    const lengths = `${oldLength}, ${newLength}`;
    const words = `${flagNames('MREMAP_', how)}, ${hex(newAddr)}`;
    throw failed('mremap', `${hex(addr)}, ${lengths}, ${words}`, result);
  }

  /**
   * Moves the end of the heap, which begins at 0x555555560000 in every process (Linux: mm/mmap.c,
   * brk).
   * @param addr the new end; 0 only asks
   * @returns the end then: the old one, and no error, if it could not be moved
   */
  brk(addr: number): number {
    const task = this.#alive();
    unsigned(addr, 'addr');
    return this.#kernel.run((core) => core.sysBrk(task, addr));
  }

  /**
   * Advises about a range, MADV_* (Linux: mm/madvise.c, do_madvise). A hole does not stop it: what
   * lies behind is advised too, and then it fails with ENOMEM.
   *
   * Advice about huge pages and equal pages is kept and has no effect. MADV_HWPOISON and
   * MADV_SOFT_OFFLINE are EINVAL, as in a kernel that is built without CONFIG_MEMORY_FAILURE.
   */
  madvise(addr: number, length: number, advice: number): void {
    const what = flagWord(advice, 'advice');
    this.#onRange(
      'madvise',
      addr,
      length,
      () => constantName('MADV_', what),
      (core, task) => core.sysMadvise(task, addr, length, what),
    );
  }

  /** Locks a range in memory, and faults its pages in (Linux: mm/mlock.c, do_mlock). */
  mlock(addr: number, length: number): void {
    this.#onRange('mlock', addr, length, undefined, (core, task) =>
      core.sysMlock2(task, addr, length, 0),
    );
  }

  /** The same; with MLOCK_ONFAULT each page is locked when it is touched first. */
  mlock2(addr: number, length: number, flags: number): void {
    const how = flagWord(flags, 'flags');
    this.#onRange(
      'mlock2',
      addr,
      length,
      () => flagNames('MLOCK_', how),
      (core, task) => core.sysMlock2(task, addr, length, how),
    );
  }

  /** Ends what `mlock` has done to a range. */
  munlock(addr: number, length: number): void {
    this.#onRange('munlock', addr, length, undefined, (core, task) =>
      core.sysMunlock(task, addr, length),
    );
  }

  /**
   * Locks all mappings: those that exist (MCL_CURRENT), those to come (MCL_FUTURE), each with its
   * pages when they are touched (MCL_ONFAULT).
   */
  mlockall(flags: number): void {
    const task = this.#alive();
    const how = flagWord(flags, 'flags');
    const result = this.#kernel.run((core) => core.sysMlockall(task, how));
    if (result < 0) throw failed('mlockall', flagNames('MCL_', how), result);
  }

  /** Ends what `mlockall` and `mlock` have done. */
  munlockall(): void {
    const task = this.#alive();
    this.#kernel.run((core) => core.sysMunlockall(task));
  }

  /**
   * Seals the mappings of a range: from then on it is EPERM to unmap, replace, move, resize or
   * protect them (Linux: mm/mseal.c, do_mseal). There are no flags yet.
   */
  mseal(addr: number, length: number, flags: number): void {
    const how = flagWord(flags, 'flags');
    this.#onRange(
      'mseal',
      addr,
      length,
      () => hex(how),
      (core, task) => core.sysMseal(task, addr, length, how),
    );
  }

  /**
   * Writes a range back to its files: they lie in memory, so only the arguments are checked
   * (Linux: mm/msync.c). With MS_INVALIDATE a locked mapping is EBUSY.
   */
  msync(addr: number, length: number, flags: number): void {
    const how = flagWord(flags, 'flags');
    this.#onRange(
      'msync',
      addr,
      length,
      () => flagNames('MS_', how),
      (core, task) => core.sysMsync(task, addr, length, how),
    );
  }

  /**
   * One byte for each page of a range: 1 if it is in memory, 0 if not (Linux: mm/mincore.c). For a
   * file that means its page cache, whether the process has mapped the page or not.
   */
  mincore(addr: number, length: number): Uint8Array {
    const task = this.#alive();
    unsigned(addr, 'addr');
    const bytes = unsigned(length, 'length');
    const { scratch, views } = this.#kernel;
    const parts: Uint8Array[] = [];
    for (let done = 0; done < bytes || done === 0;) {
      const [at, rest] = [addr + done, bytes - done];
      const pages = this.#kernel.run((core) => core.sysMincore(task, at, rest, scratch));
      if (pages < 0) throw failed('mincore', `${hex(addr)}, ${length}`, pages);
      if (pages === 0) break;
      parts.push(views.u8.slice(scratch, scratch + pages));
      done += pages * PAGE_SIZE;
    }
    return joined(parts);
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

  /**
   * Reads memory as a debugger does, whatever the mapping allows (Linux: mm/memory.c,
   * access_remote_vm; fs/proc/base.c, mem_read).
   * @returns the bytes before the first that cannot be had
   * @throws MmError EIO when there are none
   */
  peek(addr: number, length: number): Uint8Array {
    unsigned(addr, 'addr');
    unsigned(length, 'length');
    const bytes = peek(this.#kernel, this.#alive(), addr, length);
    if (bytes.length > 0 || length === 0) return bytes;
    throw failed('peek', `${hex(addr)}, ${length}`, EIO);
  }

  /**
   * Writes memory as a debugger does: to a private mapping even where the process itself may not,
   * which gives it a copy of the page; to a shared one only where that may be written (Linux:
   * mm/memory.c, access_remote_vm; fs/proc/base.c, mem_write).
   * @returns how many bytes, up to the first that cannot be written
   * @throws MmError EIO when there are none
   */
  poke(addr: number, bytes: Uint8Array | readonly number[]): number {
    unsigned(addr, 'addr');
    const data = bytesOf(bytes, 'bytes');
    const done = poke(this.#kernel, this.#alive(), addr, data);
    if (done > 0 || data.length === 0) return done;
    throw failed('poke', `${hex(addr)}, ${data.length} bytes`, EIO);
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
   * Opens a file by its path (Linux: fs/open.c, fs/namei.c). There is one tmpfs, and it is flat:
   * every path names a file, and no directory has to exist for it. `/proc/self/fd/N` opens the file
   * of a descriptor anew. A file cannot be sealed; it stays until {@link Process.unlink}, whatever
   * becomes of its process.
   * @param flags O_RDONLY, O_WRONLY or O_RDWR, with O_CREAT, O_EXCL, O_TRUNC, O_APPEND ...
   * @param mode permissions of a new file, less a umask of 022; the caller is root
   * @throws MmError ENOENT, EEXIST, EISDIR, ENOTDIR, ENAMETOOLONG beyond 254 bytes, EMFILE
   */
  open(path: string, flags: number, mode = 0): number {
    return openFile(this.#kernel, this.#alive(), path, flags, mode);
  }

  /**
   * Takes a file's path away (Linux: fs/namei.c, do_unlinkat). The file lives until nobody has it
   * open or mapped.
   */
  unlink(path: string): void {
    this.#alive();
    unlinkFile(this.#kernel, path);
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

  /**
   * Writes from the process's own memory, as write(2) and pwrite(2) really do, where the file
   * stands or at `offset`. Pages of the buffer that are not there are faulted in.
   * @returns the bytes written; fewer where the buffer ends
   * @throws MmError EFAULT where it has no first byte
   */
  writeFrom(fd: number, addr: number, length: number, offset?: number): number {
    if (offset !== undefined) signed(offset, 'offset');
    return writeFileFrom(this.#kernel, this.#alive(), fd, addr, length, offset);
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
    let mode: number;
    try {
      ({ mode } = this.fstat(fd));
    } catch (error) {
      throw error instanceof MmError ? failed('fsync', `${fd}`, error.errno) : error;
    }
    if ((mode & S_IFMT) === S_IFIFO) throw failed('fsync', `${fd}`, EINVAL, 'it is a pipe');
  }

  /**
   * Makes a pipe of 16 buffers (Linux: fs/pipe.c, do_pipe2).
   * @param flags O_NONBLOCK, O_CLOEXEC
   * @returns the descriptor to read from, and that to write to
   */
  pipe(flags = 0): [number, number] {
    return makePipe(this.#kernel, this.#alive(), flags);
  }

  /**
   * Puts pages of memory into a pipe without copying them: the pipe holds a reference to each
   * until it was read (Linux: fs/splice.c, vmsplice_to_pipe). With the end of a pipe that is read
   * from, it copies bytes from the pipe to memory instead (vmsplice_to_user).
   * @param flags SPLICE_F_NONBLOCK, SPLICE_F_GIFT, SPLICE_F_MOVE, SPLICE_F_MORE
   * @returns bytes moved: fewer than `length` where the pipe is full or empty, or memory ends
   * @throws MmError EPIPE when nobody can read any more; EDEADLK where it would wait for ever
   */
  vmsplice(fd: number, addr: number, length: number, flags = 0): number {
    return vmsplice(this.#kernel, this.#alive(), fd, addr, length, flags);
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

  /** The same as text, byte for byte in the format of /proc/PID/maps. */
  procMaps(): string {
    const task = this.#alive();
    return this.#kernel.run(() => procMapsOf(this.#kernel.views, task));
  }

  /** The mappings with what is in memory of each, as /proc/PID/smaps; bytes. */
  smaps(): SmapsEntry[] {
    const task = this.#alive();
    return this.#kernel.run((core) =>
      smapsOf(this.#kernel.views, task, (vma) => core.smapsFileSwap(vma)),
    );
  }

  /** What the process has, as /proc/PID/status; bytes. */
  status(): ProcessStatus {
    const task = this.#alive();
    return this.#kernel.run(() => statusOf(this.#kernel.views, task));
  }

  /**
   * What /proc/PID/pagemap tells of `nrPages` pages, beginning with the one that holds `addr`
   * (Linux: fs/proc/task_mmu.c, pagemap_read). Behind the last address that a process can use there
   * are no entries.
   */
  pagemap(addr: number, nrPages: number): PagemapEntry[] {
    const task = this.#alive();
    const start = unsigned(addr, 'addr') - (addr % PAGE_SIZE);
    const wanted = inRange(nrPages, 0, PAGEMAP_MAX, 'nrPages');
    const left = Math.max(0, (TASK_SIZE - start) / PAGE_SIZE);
    return this.#kernel.run(() =>
      pagemapOf(this.#kernel.views, task, start, Math.min(wanted, left)),
    );
  }

  /**
   * A child: a new process with the same descriptors and a copy of the memory, page by page when
   * somebody writes (Linux: kernel/fork.c, dup_mmap). Pages that are pinned stay this process's;
   * the child has copies of them at once.
   * @throws MmError ENOMEM, and then there is no child
   */
  fork(): Process {
    const task = this.#alive();
    const child = this.#kernel.run((core) => core.sysFork(task));
    if (child < 0) throw failed('fork', '', child);
    return new Process(this.#kernel, child);
  }

  /**
   * Ends the process: its memory and descriptors go; pins and references stay until released. No
   * other CPU may be in a call of the process: in Linux the threads of a process end before it does
   * (kernel/exit.c, do_exit), and here nothing but the caller knows which threads it has.
   */
  exit(): void {
    const task = this.#alive();
    this.#kernel.run((core) => core.exit(task));
    this.#task = 0; // behind the call, which an explored CPU makes again until it has ended
  }

  /** Where the process's struct task_struct lies: for calls that go to the core directly. */
  get task(): number {
    return this.#alive();
  }

  /** A system call on a range of addresses that returns 0 or an error. */
  #onRange(
    call: string,
    addr: number,
    length: number,
    words: (() => string) | undefined,
    run: (core: CoreExports, task: number) => number,
  ): void {
    const task = this.#alive();
    unsigned(addr, 'addr');
    unsigned(length, 'length');
    const result = this.#kernel.run((core) => run(core, task));
    if (result >= 0) return;
    const rest = words === undefined ? '' : `, ${words()}`;
    throw failed(call, `${hex(addr)}, ${length}${rest}`, result);
  }

  /** True for a process of the machine that has this kernel. */
  runsOn(kernel: Kernel): boolean {
    return kernel === this.#kernel;
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

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
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
