/**
 * The errors of the library. A system call that fails throws {@link MmError}; a machine that has
 * stopped throws {@link MachinePanicError}; wrong use of the library throws `TypeError` or
 * `RangeError`.
 */

/** Linux's error numbers (x86-64) that system calls here can give, with what they say. */
const ERRORS: Readonly<Record<number, readonly [code: string, text: string]>> = {
  1: ['EPERM', 'operation not permitted'],
  2: ['ENOENT', 'no such file or directory'],
  4: ['EINTR', 'interrupted system call'],
  5: ['EIO', 'input/output error'],
  6: ['ENXIO', 'no such device or address'],
  9: ['EBADF', 'bad file descriptor'],
  11: ['EAGAIN', 'resource temporarily unavailable'],
  12: ['ENOMEM', 'cannot allocate memory'],
  13: ['EACCES', 'permission denied'],
  14: ['EFAULT', 'bad address'],
  16: ['EBUSY', 'device or resource busy'],
  17: ['EEXIST', 'file exists'],
  19: ['ENODEV', 'no such device'],
  20: ['ENOTDIR', 'not a directory'],
  21: ['EISDIR', 'is a directory'],
  22: ['EINVAL', 'invalid argument'],
  24: ['EMFILE', 'too many open files'],
  26: ['ETXTBSY', 'text file busy'],
  27: ['EFBIG', 'file too large'],
  28: ['ENOSPC', 'no space left on device'],
  29: ['ESPIPE', 'illegal seek'],
  32: ['EPIPE', 'broken pipe'],
  35: ['EDEADLK', 'only another CPU could end this wait, and none is running'],
  36: ['ENAMETOOLONG', 'file name too long'],
  75: ['EOVERFLOW', 'value too large for defined data type'],
  95: ['EOPNOTSUPP', 'operation not supported'],
};

/** How an access that faults ends. */
export type FaultSignal = 'SIGSEGV' | 'SIGBUS';

/** What an {@link MmError} is made from. */
export interface MmErrorDetails {
  /** The call as it was made, for the message: `munmap(0x1000, 4096)`. */
  readonly call: string;
  readonly syscall: string;
  /** The error as a negative number. */
  readonly errno: number;
  /** Why, where more can be said than the error's name does. */
  readonly reason?: string | undefined;
  readonly signal?: FaultSignal | undefined;
  /** The address that faulted. */
  readonly address?: number | undefined;
}

/** A system call or memory access that failed, shaped like Node's own system errors. */
export class MmError extends Error {
  override readonly name = 'MmError';
  /** The error's name: `EBUSY`. */
  readonly code: string;
  /** The error as a negative number: -16. */
  readonly errno: number;
  /** The system call: `fcntl`. */
  readonly syscall: string;
  /** How the access ended, for `EFAULT` of a load or store. */
  readonly signal: FaultSignal | undefined;
  /** The first byte that could not be accessed, for `EFAULT` of a load or store. */
  readonly address: number | undefined;

  constructor(details: MmErrorDetails) {
    const [code, text] = ERRORS[-details.errno] ?? [`E${-details.errno}`, 'unknown error'];
    super(`${details.call}: ${code}: ${details.reason ?? text}`);
    this.code = code;
    this.errno = details.errno;
    this.syscall = details.syscall;
    this.signal = details.signal;
    this.address = details.address;
  }
}

/** Something that a CPU did shortly before its machine stopped. */
export interface TraceEvent {
  readonly cpu: number;
  /** What: `mmap`, `munmap`, `fault`, `seal` ... */
  readonly kind: string;
  /** An address, a size or an inode number, as the kind has it. */
  readonly value: number;
  /** A number of pages, seals or the like. */
  readonly extra: number;
}

/** What is known about a machine that has stopped. */
export interface PanicDetails {
  readonly reason: string;
  readonly cpu: number;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly events?: readonly TraceEvent[] | undefined;
}

/** A check of the core failed, or one of its CPUs died: the machine has stopped, and stays so. */
export class MachinePanicError extends Error {
  override readonly name = 'MachinePanicError';
  /** The check that failed, or what happened to the CPU. */
  readonly reason: string;
  /** The CPU where it happened. */
  readonly cpu: number;
  /** Source of the check, where there is one. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** The last events of all CPUs; of one CPU in order. */
  readonly events: readonly TraceEvent[];

  constructor(details: PanicDetails) {
    const place = details.file === undefined ? '' : ` at ${details.file}:${details.line ?? 0}`;
    super(`the machine panicked on CPU ${details.cpu}${place}: ${details.reason}`);
    this.reason = details.reason;
    this.cpu = details.cpu;
    this.file = details.file;
    this.line = details.line;
    this.events = details.events ?? [];
  }
}

/** A call on a machine after `close()`, or one that `close()` has ended. */
export function closedError(): TypeError {
  return new TypeError('the machine is closed');
}
