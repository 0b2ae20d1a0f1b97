// A process: its system calls from TypeScript, their results, and what they refuse by name.
import { describe, expect, test } from '@jest/globals';
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FD_CLOEXEC,
  FOLL_WRITE,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_CLOEXEC,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  Machine,
  MmError,
  O_ACCMODE,
  O_APPEND,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  PAGE_SIZE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
  type Process,
} from '../../../src/index.js';
import { expectAllFree, expectSound, mapMemfd, outcome, thrownBy, wrong } from './support.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

async function bootProcess() {
  const machine = await Machine.boot({ memory: '4MiB' });
  return { machine, process: machine.spawn() };
}

describe('the address space', () => {
  test('starts empty, and shows what is mapped by address', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    expect(process.maps()).toEqual([]);
    const { fd } = mapMemfd(process, 3);
    process.mmap(0x20000, PAGE_SIZE + 1, PROT_EXEC, ANON | MAP_FIXED, -1, 0);
    process.mmap(0x10000, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, PAGE_SIZE);
    expect(process.maps().slice(0, 2)).toEqual([
      {
        start: 0x10000,
        end: 0x11000,
        prot: PROT_READ,
        flags: MAP_PRIVATE,
        offset: PAGE_SIZE,
        name: '/memfd:buf (deleted)',
      },
      { start: 0x20000, end: 0x22000, prot: PROT_EXEC, flags: MAP_PRIVATE, offset: 0, name: '' },
    ]);
    expect(process.maps()[2]).toMatchObject({ prot: RW, flags: MAP_SHARED });
    expectSound(machine);
  });

  test('holds what is stored, and zeros where nothing was', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const addr = process.mmap(0, 3 * PAGE_SIZE, RW, ANON, -1, 0);
    expect(process.store(addr + PAGE_SIZE - 2, [1, 2, 3, 4])).toBeUndefined();
    expect([...process.load(addr + PAGE_SIZE - 3, 6)]).toEqual([0, 1, 2, 3, 4, 0]);
    expect(process.load(addr, 0)).toHaveLength(0);
    process.store(addr, Uint8Array.of(9).subarray(1)); // nothing
    expect([...process.load(addr, 1)]).toEqual([0]);
  });

  test('can be split, changed and joined again', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const addr = process.mmap(0, 4 * PAGE_SIZE, RW, ANON, -1, 0);
    process.mprotect(addr + PAGE_SIZE, PAGE_SIZE, PROT_NONE);
    expect(process.maps().map(({ prot }) => prot)).toEqual([RW, PROT_NONE, RW]);
    expect(outcome(() => process.load(addr + PAGE_SIZE, 1))).toBe('EFAULT');
    process.mprotect(addr + PAGE_SIZE, PAGE_SIZE, RW);
    expect(process.maps()).toHaveLength(1);
    process.munmap(addr + PAGE_SIZE, PAGE_SIZE);
    expect(process.maps().map(({ start }) => start)).toEqual([addr, addr + 2 * PAGE_SIZE]);
    process.munmap(addr, 4 * PAGE_SIZE);
    expect(process.maps()).toEqual([]);
    expect(process.munmap(addr, PAGE_SIZE)).toBeUndefined(); // nothing is there: nothing happens
  });

  test('can be filled when it is mapped', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    process.mmap(0, 5 * PAGE_SIZE, RW, ANON | MAP_POPULATE, -1, 0);
    expect(machine.meminfo().AnonPages).toBe(20);
  });

  test('is not replaced where the caller says so', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const addr = process.mmap(0x50000, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
    const again = () => process.mmap(addr, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    expect(outcome(again)).toBe('EEXIST');
    expect(process.mmap(addr, PAGE_SIZE, RW, ANON, -1, 0)).not.toBe(addr); // only a hint
  });

  test('has at most as many mappings as the machine allows', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', maxMapCount: 3 });
    const process = machine.spawn();
    const map = (addr: number) => process.mmap(addr, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
    const codes = [1, 3, 5, 7, 9, 11].map((page) => outcome(() => map(0x10000 + page * PAGE_SIZE)));
    expect(codes.slice(0, 3)).toEqual(['ok', 'ok', 'ok']);
    expect(codes.at(-1)).toBe('ENOMEM');
    expectSound(machine);
  });
});

describe('mremap', () => {
  test('says what was refused', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const addr = process.mmap(0x50000, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
    const unmapped = () => process.mremap(0x40000, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE);
    expect(unmapped).toThrow('mremap(0x40000, 4096, 8192, MREMAP_MAYMOVE, 0x0): EFAULT');
    expect(process.mremap(addr, PAGE_SIZE, 3 * PAGE_SIZE, 0)).toBe(addr);
    expect(process.maps()).toMatchObject([{ start: addr, end: addr + 3 * PAGE_SIZE }]);
  });

  test('moves pages that are pinned, and the device keeps writing to them', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const addr = process.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    const pin = process.pinUserPagesFast(addr, 1, FOLL_WRITE);
    const flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    const moved = process.mremap(addr, PAGE_SIZE, PAGE_SIZE, flags, 0x50000);
    pin.write(0, [7, 8]);
    expect([...process.load(moved, 2)]).toEqual([7, 8]);
    expectSound(machine);
    pin.release();
    expectSound(machine);
  });
});

describe('the heap', () => {
  test('begins where the documentation says, and is called so', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const start = process.brk(0);
    expect(start).toBe(0x5555_5556_0000);
    expect(process.brk(start + 5)).toBe(start + 5);
    expect(process.maps()).toMatchObject([{ start, end: start + PAGE_SIZE, name: '[heap]' }]);
    expect(process.brk(start - 1)).toBe(start + 5);
  });
});

test('a mapping that grows downwards is refused with the reason', async () => {
  const { machine, process } = await bootProcess();
  await using _closed = machine;
  const grows = () => process.mmap(0, PAGE_SIZE, RW, ANON | MAP_GROWSDOWN, -1, 0);
  expect(grows).toThrow(/EOPNOTSUPP: growing mappings are not built here/);
});

describe('descriptors', () => {
  test('are the lowest free numbers', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fds = ['a', 'b', 'c'].map((name) => process.memfdCreate(name, 0));
    expect(fds).toEqual([0, 1, 2]);
    process.close(1);
    expect(process.dup(0)).toBe(1);
    expect(process.fcntl(0, F_DUPFD, 10)).toBe(10);
    expect(process.fcntl(0, F_DUPFD_CLOEXEC, 10)).toBe(11);
    expect([10, 11].map((fd) => process.fcntl(fd, F_GETFD))).toEqual([0, FD_CLOEXEC]);
    expect(outcome(() => process.close(1))).toBe('ok');
    expect(outcome(() => process.close(1))).toBe('EBADF');
  });

  test('end when there are too many', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', 0);
    const error = thrownBy(() => {
      for (;;) process.dup(fd);
    });
    expect(error).toMatchObject({ code: 'EMFILE', syscall: 'dup' });
    expect(outcome(() => process.memfdCreate('b', 0))).toBe('EMFILE');
    expect(outcome(() => process.open(`/proc/self/fd/${fd}`, 0))).toBe('EMFILE');
    process.close(fd);
    expect(process.memfdCreate('b', 0)).toBe(fd);
    expectSound(machine);
    process.exit();
    expectAllFree(machine);
  });

  test('have flags of their own and flags of the open file', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', MFD_CLOEXEC);
    const twin = process.dup(fd);
    expect([fd, twin].map((each) => process.fcntl(each, F_GETFD))).toEqual([FD_CLOEXEC, 0]);
    process.fcntl(twin, F_SETFD, FD_CLOEXEC);
    expect(process.fcntl(twin, F_GETFD)).toBe(FD_CLOEXEC);
    process.fcntl(twin, F_SETFL, O_APPEND | O_WRONLY);
    expect(process.fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE)).toBe(O_APPEND | O_RDWR);
    const other = process.open(`/proc/self/fd/${fd}`, O_RDONLY);
    expect(process.fcntl(other, F_GETFL) & (O_APPEND | O_ACCMODE)).toBe(O_RDONLY);
  });

  test('that may not read or write say so', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', 0);
    const readOnly = process.open(`/proc/self/fd/${fd}`, O_RDONLY);
    const writeOnly = process.open(`/proc/self/fd/${fd}`, O_WRONLY);
    expect(outcome(() => process.write(readOnly, [1]))).toBe('EBADF');
    expect(outcome(() => process.read(writeOnly, 1))).toBe('EBADF');
    expect(outcome(() => process.ftruncate(readOnly, 1))).toBe('EINVAL');
    process.ftruncate(writeOnly, PAGE_SIZE);
    const map = (prot: number, by: number) =>
      outcome(() => process.mmap(0, PAGE_SIZE, prot, MAP_SHARED, by, 0));
    expect([map(RW, readOnly), map(PROT_READ, readOnly), map(PROT_READ, writeOnly)]).toEqual([
      'EACCES',
      'ok',
      'EACCES',
    ]);
  });

  test('of one process mean nothing to another', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    process.memfdCreate('a', 0);
    expect(outcome(() => machine.spawn().fstat(0))).toBe('EBADF');
  });
});

describe('files', () => {
  test('are read and written where they stand', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', 0);
    expect(process.write(fd, [1, 2, 3])).toBe(3);
    expect(process.write(fd, Uint8Array.of(4, 5))).toBe(2);
    expect(process.read(fd, 10)).toHaveLength(0);
    expect(process.lseek(fd, 1, SEEK_SET)).toBe(1);
    expect([...process.read(fd, 2)]).toEqual([2, 3]);
    expect([...process.pread(fd, 10, 3)]).toEqual([4, 5]);
    expect(process.lseek(fd, 0, SEEK_CUR)).toBe(3);
    expect(process.pwrite(fd, [9], 0)).toBe(1);
    expect([...process.pread(fd, 5, 0)]).toEqual([9, 2, 3, 4, 5]);
    expect(process.write(fd, [])).toBe(0);
  });

  test('move many pages in one call', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', 0);
    const data = Uint8Array.from({ length: 5 * PAGE_SIZE + 3 }, (_, i) => (i * 13) >> 2);
    expect(process.pwrite(fd, data, 7)).toBe(data.length);
    expect(process.pread(fd, 2 ** 31 - 1, 7)).toEqual(data);
    expect(process.fstat(fd)).toMatchObject({ size: data.length + 7, blocks: 6 * 8 });
  });

  test('append where the open file says so', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', 0);
    process.write(fd, [1, 2]);
    process.fcntl(fd, F_SETFL, O_APPEND);
    process.lseek(fd, 0, SEEK_SET);
    process.write(fd, [3]);
    process.pwrite(fd, [4], 0); // also pwrite, as on Linux
    expect([...process.pread(fd, 9, 0)]).toEqual([1, 2, 3, 4]);
  });

  test('have holes that can be found', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const fd = process.memfdCreate('a', 0);
    process.ftruncate(fd, 10 * PAGE_SIZE);
    process.pwrite(fd, [1], 3 * PAGE_SIZE + 5);
    expect(process.lseek(fd, 0, SEEK_DATA)).toBe(3 * PAGE_SIZE);
    expect(process.lseek(fd, 3 * PAGE_SIZE, SEEK_HOLE)).toBe(4 * PAGE_SIZE);
    expect(outcome(() => process.lseek(fd, 5 * PAGE_SIZE, SEEK_DATA))).toBe('ENXIO');
    expect(process.lseek(fd, -1, SEEK_END)).toBe(10 * PAGE_SIZE - 1);
    expect(outcome(() => process.lseek(fd, -1, SEEK_SET))).toBe('EINVAL');
  });

  test('are allocated and punched', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const { fd, addr } = mapMemfd(process, 4);
    process.store(addr, new Uint8Array(4 * PAGE_SIZE).fill(1));
    process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 2 * PAGE_SIZE);
    expect(process.fstat(fd)).toMatchObject({ size: 4 * PAGE_SIZE, blocks: 3 * 8 });
    expect(
      [9, 10, PAGE_SIZE, 2 * PAGE_SIZE + 9, 2 * PAGE_SIZE + 10].map(
        (at) => process.load(addr + at, 1)[0],
      ),
    ).toEqual([1, 0, 0, 0, 1]);
    process.fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 6 * PAGE_SIZE);
    expect(process.fstat(fd)).toMatchObject({ size: 4 * PAGE_SIZE, blocks: 6 * 8 });
    process.fallocate(fd, 0, 0, 6 * PAGE_SIZE);
    expect(process.fstat(fd).size).toBe(6 * PAGE_SIZE);
    expectSound(machine);
  });

  test('tell their number, mode and size', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const [a, b] = [process.memfdCreate('a', 0), process.memfdCreate('b', 0)];
    expect(process.fstat(a)).toMatchObject({ size: 0, blocks: 0, mode: 0o100777 });
    expect(process.fstat(a).ino).toBeGreaterThan(0);
    expect(process.fstat(a).ino).not.toBe(process.fstat(b).ino);
    process.fchmod(a, 0o640);
    expect(process.fstat(a).mode).toBe(0o100640);
    expect(process.fsync(a)).toBeUndefined();
  });

  test('live as long as they are open or mapped', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const { fd, addr, length } = mapMemfd(process, 2);
    process.store(addr, [5]);
    process.close(fd);
    expect([...process.load(addr, 1)]).toEqual([5]);
    expect(process.maps()[0]?.name).toBe('/memfd:buf (deleted)');
    process.munmap(addr, length);
    expectAllFree(machine);
  });

  test('have names in any script, up to 249 bytes', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const name = 'ü'.repeat(124) + 'x';
    const fd = process.memfdCreate(name, 0);
    process.mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    expect(process.maps()[0]?.name).toBe(`/memfd:${name} (deleted)`);
    expect(outcome(() => process.memfdCreate(name + 'y', 0))).toBe('EINVAL');
    expect(process.memfdCreate('', 0)).toBe(1);
  });
});

describe('exit()', () => {
  test('gives everything back', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const { addr, length } = mapMemfd(process, 8);
    process.store(addr, new Uint8Array(length));
    process.mmap(0, 9 * PAGE_SIZE, RW, ANON | MAP_POPULATE, -1, 0);
    process.exit();
    expectAllFree(machine);
    expect(machine.meminfo().PageTables).toBe(0);
  });

  test('makes every later call a TypeError that names the process', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const { pid } = process;
    process.exit();
    const calls: ((process: Process) => unknown)[] = [
      (p) => p.exit(),
      (p) => p.mmap(0, 1, 0, ANON, -1, 0),
      (p) => p.munmap(0, 1),
      (p) => p.load(0, 1),
      (p) => p.store(0, [1]),
      (p) => p.memfdCreate('x', 0),
      (p) => p.open('/proc/self/fd/0', 0),
      (p) => p.close(0),
      (p) => p.read(0, 1),
      (p) => p.fcntl(0, F_GETFD),
      (p) => p.getUserPages(0, 1, 0),
      (p) => p.maps(),
      (p) => p.task,
    ];
    for (const call of calls) {
      const error = thrownBy(() => call(process));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toBe(`process ${pid} has exited`);
    }
    expect(process.pid).toBe(pid);
  });

  test('does not concern other processes that map the same file', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const other = machine.spawn();
    const mine = mapMemfd(process, 1);
    const theirs = mapMemfd(other, 1);
    other.store(theirs.addr, [1]);
    process.store(mine.addr, [2]);
    process.exit();
    expect([...other.load(theirs.addr, 1)]).toEqual([1]);
    expectSound(machine);
  });
});

describe('an argument that C could not have said', () => {
  // One call for each argument, by name; whatever is wrong with it, the message begins with that.
  const CALLS: [name: string, call: (process: Process, value: never) => unknown][] = [
    ['addr', (p, v) => p.mmap(v, 4096, 3, ANON, -1, 0)],
    ['length', (p, v) => p.mmap(0, v, 3, ANON, -1, 0)],
    ['prot', (p, v) => p.mmap(0, 4096, v, ANON, -1, 0)],
    ['flags', (p, v) => p.mmap(0, 4096, 3, v, -1, 0)],
    ['fd', (p, v) => p.mmap(0, 4096, 3, ANON, v, 0)],
    ['offset', (p, v) => p.mmap(0, 4096, 3, ANON, -1, v)],
    ['addr', (p, v) => p.munmap(v, 4096)],
    ['length', (p, v) => p.munmap(0, v)],
    ['addr', (p, v) => p.mprotect(v, 4096, 0)],
    ['length', (p, v) => p.mprotect(0, v, 0)],
    ['prot', (p, v) => p.mprotect(0, 4096, v)],
    ['addr', (p, v) => p.load(v, 1)],
    ['length', (p, v) => p.load(0, v)],
    ['addr', (p, v) => p.store(v, [1])],
    ['bytes', (p, v) => p.store(0, v)],
    ['name', (p, v) => p.memfdCreate(v, 0)],
    ['flags', (p, v) => p.memfdCreate('x', v)],
    ['path', (p, v) => p.open(v, 0)],
    ['flags', (p, v) => p.open('/proc/self/fd/0', v)],
    ['mode', (p, v) => p.open('/proc/self/fd/0', 0, v)],
    ['fd', (p, v) => p.close(v)],
    ['fd', (p, v) => p.dup(v)],
    ['fd', (p, v) => p.ftruncate(v, 0)],
    ['length', (p, v) => p.ftruncate(0, v)],
    ['fd', (p, v) => p.fallocate(v, 0, 0, 1)],
    ['mode', (p, v) => p.fallocate(0, v, 0, 1)],
    ['offset', (p, v) => p.fallocate(0, 0, v, 1)],
    ['length', (p, v) => p.fallocate(0, 0, 0, v)],
    ['fd', (p, v) => p.read(v, 1)],
    ['length', (p, v) => p.read(0, v)],
    ['offset', (p, v) => p.pread(0, 1, v)],
    ['fd', (p, v) => p.write(v, [1])],
    ['bytes', (p, v) => p.write(0, v)],
    ['offset', (p, v) => p.pwrite(0, [1], v)],
    ['fd', (p, v) => p.lseek(v, 0, 0)],
    ['offset', (p, v) => p.lseek(0, v, 0)],
    ['whence', (p, v) => p.lseek(0, 0, v)],
    ['fd', (p, v) => p.fstat(v)],
    ['fd', (p, v) => p.fsync(v)],
    ['fd', (p, v) => p.fchmod(v, 0)],
    ['mode', (p, v) => p.fchmod(0, v)],
    ['fd', (p, v) => p.fcntl(v, 1)],
    ['cmd', (p, v) => p.fcntl(0, v)],
    ['arg', (p, v) => p.fcntl(0, 2, v)],
    ['addr', (p, v) => p.getUserPages(v, 1, 0)],
    ['nrPages', (p, v) => p.getUserPagesFast(0, v, 0)],
    ['gupFlags', (p, v) => p.pinUserPages(0, 1, v)],
  ];
  const OPTIONAL = new Set(['arg', 'mode']);
  const WRONG = [NaN, Infinity, 0.5, 2 ** 53, null, true, {}, [0.5], Symbol('1'), 1n, () => 1];

  test.each(CALLS)('is refused as %s (%#)', async (name, call) => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    process.memfdCreate('file', 0);
    const state = () => JSON.stringify([process.maps(), process.fstat(0), machine.meminfo()]);
    const before = state();
    for (const value of WRONG) {
      const error = thrownBy(() => call(process, wrong(value)));
      expect(error).not.toBeInstanceOf(MmError);
      expect(error.message.split(':')[0]).toBe(name);
      expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    }
    if (!OPTIONAL.has(name)) expect(() => call(process, wrong(undefined))).toThrow(TypeError);
    expect(state()).toBe(before);
    expectSound(machine);
  });

  test('a name must not end early', async () => {
    const { machine, process } = await bootProcess();
    await using _closed = machine;
    const error = thrownBy(() => process.memfdCreate('a\0b', 0));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('name: must not contain a zero character');
  });
});
