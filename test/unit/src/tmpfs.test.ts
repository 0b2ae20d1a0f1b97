import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_GETFD,
  F_GETFL,
  F_GET_SEALS,
  F_SEAL_SEAL,
  F_SEAL_WRITE,
  MAP_SHARED,
  Machine,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
  S_IFREG,
} from '../../../src/index.js';
import { normalPath } from '../../../src/path.js';

const RW = PROT_READ | PROT_WRITE;
const MAKE = O_RDWR | O_CREAT;

let machine: Machine;
let p: Process;

beforeEach(async () => {
  machine = await Machine.boot({ memory: '4MiB' });
  p = machine.spawn();
});
afterEach(async () => {
  expect(machine.verify()).toEqual([]);
  await machine.close();
});

const fails = (call: () => unknown, code: string) => {
  expect(call).toThrow(expect.objectContaining({ code }));
};

describe('open', () => {
  it('makes a file, and finds it again', () => {
    fails(() => p.open('/tmp/x', O_RDWR), 'ENOENT');
    const fd = p.open('/tmp/x', MAKE | O_EXCL, 0o600);
    expect(p.fstat(fd)).toMatchObject({ size: 0, mode: S_IFREG | 0o600 });
    p.write(fd, [1, 2, 3]);
    const again = machine.spawn().open('/tmp/x', O_RDONLY);
    const other = p.open('//tmp/./y/../x', O_RDONLY);
    expect(p.fstat(other).ino).toBe(p.fstat(fd).ino);
    expect(again).toBe(0);
    expect([...p.read(other, 9)]).toEqual([1, 2, 3]);
    fails(() => p.write(other, [1]), 'EBADF');
    fails(() => p.open('/tmp/x', MAKE | O_EXCL), 'EEXIST');
  });

  it('forgets how a file was made, and takes a umask from its mode', () => {
    const fd = p.open('/f', MAKE | O_EXCL | O_TRUNC | O_CLOEXEC | O_APPEND, 0o107666);
    expect(p.fstat(fd).mode).toBe(S_IFREG | 0o7644);
    expect(p.fcntl(fd, F_GETFL)).toBe(O_RDWR | O_APPEND | 0o100000);
    expect(p.fcntl(fd, F_GETFD)).toBe(1);
  });

  it('empties a file with O_TRUNC', () => {
    const fd = p.open('/f', MAKE, 0o600);
    p.write(fd, [1, 2, 3]);
    p.open('/f', O_WRONLY | O_TRUNC);
    expect(p.fstat(fd).size).toBe(0);
  });

  it('knows no directories but the root', () => {
    p.open('/f', MAKE, 0o600);
    fails(() => p.open('/f', O_DIRECTORY), 'ENOTDIR');
    fails(() => p.open('/f/', O_RDONLY), 'ENOTDIR');
    fails(() => p.open('/g/', O_RDONLY), 'ENOENT');
    fails(() => p.open('/f/', MAKE), 'EISDIR');
    fails(() => p.open('/g', O_CREAT | O_DIRECTORY), 'EINVAL');
    fails(() => p.open('/', O_RDWR), 'EISDIR');
    fails(() => p.open('/', MAKE | O_EXCL), 'EEXIST');
    fails(() => p.open('', MAKE), 'ENOENT');
    fails(() => p.open('/proc/self/maps', MAKE), 'ENOENT');
  });

  it('takes names of so many bytes', () => {
    expect(p.open(`/${'x'.repeat(253)}`, MAKE)).toBe(0);
    fails(() => p.open(`/${'x'.repeat(254)}`, MAKE), 'ENAMETOOLONG');
    fails(() => p.open(`/${'ä'.repeat(127)}`, MAKE), 'ENAMETOOLONG');
    expect(() => p.open('/a\0b', MAKE)).toThrow(RangeError);
    expect(() => p.open(7 as unknown as string, MAKE)).toThrow(TypeError);
  });

  it('makes nothing where no descriptor is free', () => {
    const fd = p.open('/f', MAKE);
    for (let more = 1; more < 1024; more++) p.dup(fd);
    fails(() => p.open('/g', MAKE), 'EMFILE');
    p.close(fd);
    fails(() => p.open('/g', O_RDWR), 'ENOENT');
  });

  it('opens a descriptor anew by its path', () => {
    const fd = p.open('/f', MAKE);
    fails(() => p.open(`/proc/self/fd/${fd}`, MAKE | O_EXCL), 'EEXIST');
    fails(() => p.open(`/proc/self/fd/${fd}`, O_DIRECTORY), 'ENOTDIR');
    expect(p.open(`/proc/self/fd/${fd}`, MAKE)).toBe(1);
  });
});

describe('a file with a path', () => {
  it('cannot be sealed', () => {
    const fd = p.open('/f', MAKE);
    expect(p.fcntl(fd, F_GET_SEALS)).toBe(F_SEAL_SEAL);
    fails(() => p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 'EPERM');
  });

  it('shows its path in the maps', () => {
    const fd = p.open('/tmp/data', MAKE, 0o600);
    p.ftruncate(fd, PAGE_SIZE);
    const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    p.store(addr, [1]);
    expect(p.maps()[0]?.name).toBe('/tmp/data');
    const [pfn = -1] = p.getUserPages(addr, 1, 0).pfns;
    expect(machine.page(pfn).mapping).toContain('file "/tmp/data"');
    p.unlink('/tmp/data');
    expect(p.maps()[0]?.name).toBe('/tmp/data (deleted)');
  });

  it('outlives its process, with what it holds', () => {
    p.write(p.open('/f', MAKE, 0o600), [1, 2]);
    p.exit();
    expect(machine.verify()).toEqual([]);
    p = machine.spawn();
    expect([...p.read(p.open('/f', O_RDONLY), 9)]).toEqual([1, 2]);
  });

  it('lives on without its path as long as somebody has it open', () => {
    const free = machine.meminfo().MemFree;
    const fd = p.open('/f', MAKE, 0o600);
    p.write(fd, [1, 2]);
    p.unlink('/f');
    fails(() => p.unlink('/f'), 'ENOENT');
    fails(() => p.open('/f', O_RDONLY), 'ENOENT');
    expect([...p.pread(fd, 9, 0)]).toEqual([1, 2]);
    const other = p.open('/f', MAKE | O_EXCL, 0o600);
    expect(p.fstat(other).ino).not.toBe(p.fstat(fd).ino);
    p.close(fd);
    expect(machine.meminfo().MemFree).toBe(free);
  });

  it('goes with its path when nobody has it open', () => {
    const free = machine.meminfo().MemFree;
    const fd = p.open('/f', MAKE, 0o600);
    p.write(fd, new Uint8Array(3 * PAGE_SIZE));
    p.close(fd);
    expect(machine.meminfo().MemFree).toBeLessThan(free);
    p.unlink('/f');
    expect(machine.meminfo().MemFree).toBe(free);
  });

  it('is still there in a machine that was restored', async () => {
    p.write(p.open('/f', MAKE, 0o600), [5]);
    await using other = await Machine.restore(machine.snapshot());
    const [process] = other.processes() as [Process];
    expect([...process.read(process.open('/f', O_RDONLY), 9)]).toEqual([5]);
    expect(other.verify()).toEqual([]);
  });
});

test.each([
  ['/', 'EISDIR'],
  ['', 'ENOENT'],
  ['/none', 'ENOENT'],
  ['/none/', 'ENOENT'],
  ['/there/', 'ENOTDIR'],
  [`/${'x'.repeat(300)}`, 'ENAMETOOLONG'],
])('unlink of %j is %s', (path, code) => {
  p.open('/there', MAKE);
  fails(() => p.unlink(path), code);
});

test.each([
  ['/a', '/a', false],
  ['a/b', '/a/b', false],
  ['//a///b/', '/a/b', true],
  ['/a/./b/../c', '/a/c', false],
  ['/../..', '/', true],
  ['/a/.', '/a', true],
  ['/a..', '/a..', false],
])('%j is the path %j', (path, normal, directory) => {
  expect(normalPath(path)).toEqual({ path: normal, directory });
});
