// The shape of the library's errors, and what they say.
import { describe, expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_DUPFD,
  F_SEAL_GROW,
  F_SEAL_WRITE,
  FALLOC_FL_PUNCH_HOLE,
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MFD_ALLOW_SEALING,
  Machine,
  MachinePanicError,
  MmError,
  O_RDWR,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  SEEK_DATA,
  type Process,
} from '../../../src/index.js';
import { closedError } from '../../../src/errors.js';
import { mapMemfd, thrownBy } from './support.js';

describe('MmError', () => {
  test('is shaped like a system error of Node', () => {
    const error = new MmError({ call: 'close(3)', syscall: 'close', errno: -9 });
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain('errors.test');
    expect({ ...error, name: error.name, message: error.message }).toEqual({
      name: 'MmError',
      code: 'EBADF',
      errno: -9,
      syscall: 'close',
      signal: undefined,
      address: undefined,
      message: 'close(3): EBADF: bad file descriptor',
    });
  });

  test('says why, where there is more to say than the name of the error', () => {
    const error = new MmError({ call: 'f()', syscall: 'f', errno: -16, reason: 'it is pinned' });
    expect(error.message).toBe('f(): EBUSY: it is pinned');
  });

  test('can be made of a number that has no name', () => {
    const error = new MmError({ call: 'f()', syscall: 'f', errno: -999 });
    expect([error.code, error.message]).toEqual(['E999', 'f(): E999: unknown error']);
  });
});

describe('MachinePanicError', () => {
  test('names the CPU, the check and where it stands', () => {
    const error = new MachinePanicError({ reason: 'x != 0', cpu: 2, file: 'mm/a.ts', line: 7 });
    expect(error.name).toBe('MachinePanicError');
    expect(error.message).toBe('the machine panicked on CPU 2 at mm/a.ts:7: x != 0');
    expect(error.events).toEqual([]);
  });

  test('does without a place', () => {
    const error = new MachinePanicError({ reason: 'its worker died', cpu: 1 });
    expect(error.message).toBe('the machine panicked on CPU 1: its worker died');
    expect([error.file, error.line]).toEqual([undefined, undefined]);
  });
});

test('a closed machine is wrong use, so a TypeError', () => {
  expect(closedError()).toBeInstanceOf(TypeError);
  expect(closedError().message).toBe('the machine is closed');
});

describe('the message of a system call that fails', () => {
  const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  const CALLS: [message: string, call: (process: Process, fd: number) => unknown][] = [
    [
      'mmap(0x1001, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0): ' +
        'EINVAL: invalid argument',
      (p) => p.mmap(0x1001, PAGE_SIZE, PROT_READ | PROT_WRITE, ANON | 0x10, -1, 0),
    ],
    [
      'mmap(0x0, 4096, PROT_READ, MAP_PRIVATE, 9, 0): EBADF: bad file descriptor',
      (p) => p.mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 9, 0),
    ],
    ['munmap(0x7, 1): EINVAL: invalid argument', (p) => p.munmap(7, 1)],
    [
      'mprotect(0x10000, 4096, PROT_READ): ENOMEM: cannot allocate memory',
      (p) => p.mprotect(0x10000, PAGE_SIZE, PROT_READ),
    ],
    [
      'load(0x10000, 5): EFAULT: SIGSEGV at 0x10000: nothing is mapped there that allows it',
      (p) => p.load(0x10000, 5),
    ],
    [
      'store(0x10000, 2): EFAULT: SIGSEGV at 0x10000: nothing is mapped there that allows it',
      (p) => p.store(0x10000, [1, 2]),
    ],
    [
      `memfd_create("${'n'.repeat(250)}", MFD_CLOEXEC): EINVAL: the name is longer than 249 bytes`,
      (p) => p.memfdCreate('n'.repeat(250), 1),
    ],
    ['memfd_create("a", 0x80): EINVAL: invalid argument', (p) => p.memfdCreate('a', 0x80)],
    [
      'open("/etc/passwd", O_RDWR): ENOENT: no such file or directory',
      (p) => p.open('/etc/passwd', O_RDWR),
    ],
    [
      'open("/proc/self/fd/8", O_RDWR): ENOENT: no such file or directory',
      (p) => p.open('/proc/self/fd/8', O_RDWR),
    ],
    ['close(-1): EBADF: bad file descriptor', (p) => p.close(-1)],
    ['dup(77): EBADF: bad file descriptor', (p) => p.dup(77)],
    ['ftruncate(0, -1): EINVAL: invalid argument', (p, fd) => p.ftruncate(fd, -1)],
    [
      'fallocate(0, FALLOC_FL_PUNCH_HOLE, 0, 4096): EOPNOTSUPP: operation not supported',
      (p, fd) => p.fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE_SIZE),
    ],
    ['read(5, 10): EBADF: bad file descriptor', (p) => p.read(5, 10)],
    ['pread(0, 10, -1): EINVAL: invalid argument', (p, fd) => p.pread(fd, 10, -1)],
    ['write(5, 2 bytes): EBADF: bad file descriptor', (p) => p.write(5, [1, 2])],
    ['pwrite(0, 1 bytes, -1): EINVAL: invalid argument', (p, fd) => p.pwrite(fd, [1], -1)],
    [
      'lseek(0, 99999, SEEK_DATA): ENXIO: no such device or address',
      (p, fd) => p.lseek(fd, 99999, SEEK_DATA),
    ],
    ['fstat(4): EBADF: bad file descriptor', (p) => p.fstat(4)],
    ['fsync(4): EBADF: bad file descriptor', (p) => p.fsync(4)],
    ['fchmod(4, 0777): EBADF: bad file descriptor', (p) => p.fchmod(4, 0o777)],
    ['fcntl(0, 99, 0): EINVAL: invalid argument', (p, fd) => p.fcntl(fd, 99)],
    [
      'fcntl(0, F_DUPFD, 4294967295): EINVAL: invalid argument',
      (p, fd) => p.fcntl(fd, F_DUPFD, -1),
    ],
    [
      'fcntl(F_ADD_SEALS, F_SEAL_WRITE|F_SEAL_GROW|0x80): EINVAL: invalid argument',
      (p, fd) => p.fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE | 0x80),
    ],
    [
      'get_user_pages(0x10000, 2, FOLL_WRITE): EFAULT: bad address',
      (p) => p.getUserPages(0x10000, 2, FOLL_WRITE),
    ],
    [
      'pin_user_pages_fast(0x10000, 1, 0x0): EFAULT: bad address',
      (p) => p.pinUserPagesFast(0x10000, 1, 0),
    ],
    [
      'pin_user_pages(0x10000, 1, 0x10): EINVAL: unknown flags',
      (p) => p.pinUserPages(0x10000, 1, 0x10),
    ],
  ];

  test.each(CALLS)('is %s', async (message, call) => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
    process.ftruncate(fd, PAGE_SIZE);
    const error = thrownBy(() => call(process, fd));
    expect(error).toBeInstanceOf(MmError);
    const flagOrder = (text: string) =>
      text.replace(/[A-Z]+_[A-Z_|0-9x]+/g, (flags) => flags.split('|').sort().join('|'));
    expect(flagOrder(error.message)).toBe(flagOrder(message));
  });
});

describe('an access that faults', () => {
  test('names SIGBUS and the first address beyond the file', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const { fd, addr } = mapMemfd(process, 3);
    process.ftruncate(fd, PAGE_SIZE + 1);
    const end = addr + 2 * PAGE_SIZE;
    const error = thrownBy(() => process.load(end - 3, 8));
    expect(error).toMatchObject({
      code: 'EFAULT',
      errno: -14,
      syscall: 'load',
      signal: 'SIGBUS',
      address: end,
    });
    expect(error.message).toContain(`SIGBUS at 0x${end.toString(16)}: beyond the end of the file`);
  });

  test('names SIGSEGV and the first address that does not allow it', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 2);
    process.mprotect(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ);
    const error = thrownBy(() => process.store(addr + PAGE_SIZE - 1, [1, 2]));
    expect(error).toMatchObject({ code: 'EFAULT', signal: 'SIGSEGV', address: addr + PAGE_SIZE });
    expect([...process.load(addr + PAGE_SIZE - 1, 2)]).toEqual([1, 0]); // the first was written
  });

  test('is not a signal where memory is exhausted', async () => {
    await using machine = await Machine.boot({ memory: 4096 });
    const process = machine.spawn();
    const addr = process.mmap(0, 2 * PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const error = thrownBy(() => process.store(addr, new Uint8Array(2 * PAGE_SIZE)));
    expect(error).toMatchObject({ code: 'ENOMEM', signal: undefined, syscall: 'store' });
  });
});
