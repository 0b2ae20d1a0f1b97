import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_GETFL,
  F_GET_SEALS,
  F_SEAL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Process,
  S_IFIFO,
  SPLICE_F_GIFT,
  SPLICE_F_NONBLOCK,
} from '../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const FULL = 16 * PAGE_SIZE;

let machine: Machine;
let p: Process;
let addr: number;
let readEnd: number;
let writeEnd: number;

beforeEach(async () => {
  machine = await Machine.boot({ memory: '4MiB' });
  p = machine.spawn();
  addr = p.mmap(0, 2 * FULL, RW, ANON, -1, 0);
  p.store(
    addr,
    new Uint8Array(2 * FULL).map((_, at) => at / 100),
  );
  [readEnd, writeEnd] = p.pipe();
});
afterEach(async () => {
  expect(machine.verify()).toEqual([]);
  p.exit();
  expect(machine.meminfo().MemFree).toBe(4096);
  await machine.close();
});

const fails = (call: () => unknown, code: string) => {
  expect(call).toThrow(expect.objectContaining({ code }));
};
const pfnOf = (address: number) => {
  const refs = p.getUserPages(address, 1, 0);
  const [pfn = -1] = refs.pfns;
  refs.release();
  return pfn;
};

describe('a pipe', () => {
  it('is two descriptors, one to read from and one to write to', () => {
    expect(p.fcntl(readEnd, F_GETFL)).toBe(O_RDONLY);
    expect(p.fcntl(writeEnd, F_GETFL)).toBe(O_WRONLY);
    expect(p.fstat(readEnd)).toMatchObject({ size: 0, blocks: 0, mode: S_IFIFO | 0o600 });
    expect(p.fstat(writeEnd).ino).toBe(p.fstat(readEnd).ino);
    fails(() => p.read(writeEnd, 1), 'EBADF');
    fails(() => p.write(readEnd, [1]), 'EBADF');
    fails(() => p.pipe(1), 'EINVAL');
  });

  it('gives back what was written, in order', () => {
    expect(p.write(writeEnd, [1, 2, 3])).toBe(3);
    expect(p.write(writeEnd, [4, 5])).toBe(2);
    expect([...p.read(readEnd, 4)]).toEqual([1, 2, 3, 4]);
    expect([...p.read(readEnd, 4)]).toEqual([5]);
  });

  it('has no place, no size and no mapping', () => {
    fails(() => p.lseek(readEnd, 0, 0), 'ESPIPE');
    fails(() => p.lseek(readEnd, 0, 9), 'EINVAL');
    fails(() => p.pread(writeEnd, 1, 0), 'ESPIPE');
    fails(() => p.pwrite(readEnd, [1], 0), 'ESPIPE');
    fails(() => p.ftruncate(writeEnd, 0), 'EINVAL');
    fails(() => p.fallocate(writeEnd, 0, 0, 1), 'ESPIPE');
    fails(() => p.fallocate(readEnd, 0, 0, 1), 'EBADF');
    fails(() => p.fsync(readEnd), 'EINVAL');
    fails(() => p.mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, readEnd, 0), 'ENODEV');
    fails(() => p.mmap(0, PAGE_SIZE, PROT_NONE, MAP_PRIVATE, writeEnd, 0), 'EACCES');
    fails(() => p.fcntl(readEnd, F_GET_SEALS), 'EINVAL');
    fails(() => p.fcntl(writeEnd, F_ADD_SEALS, 1), 'EINVAL');
    fails(() => p.fcntl(readEnd, F_ADD_SEALS, 1), 'EPERM');
  });

  it('adds to the last page what does not fill one', () => {
    const free = machine.meminfo().MemFree;
    p.write(writeEnd, new Uint8Array(5000));
    p.write(writeEnd, new Uint8Array(4196));
    p.write(writeEnd, new Uint8Array(10));
    expect(free - machine.meminfo().MemFree).toBe(16);
    expect(p.read(readEnd, FULL).length).toBe(9206);
    expect(machine.meminfo().MemFree).toBe(free);
  });

  it('never adds to a page of a process', () => {
    p.vmsplice(writeEnd, addr, 10);
    p.write(writeEnd, [9]);
    p.write(writeEnd, [8]);
    expect(p.vmsplice(writeEnd, addr, FULL)).toBe(14 * PAGE_SIZE);
    expect(p.load(addr + 10, 1)).toEqual(p.load(addr + 11, 1));
  });

  it('holds 16 buffers, and says so rather than wait for ever', () => {
    fails(() => p.read(readEnd, 1), 'EDEADLK');
    expect(p.write(writeEnd, new Uint8Array(2 * FULL))).toBe(FULL);
    fails(() => p.write(writeEnd, [1]), 'EDEADLK');
    fails(() => p.vmsplice(writeEnd, addr, 1), 'EDEADLK');
    fails(() => p.vmsplice(writeEnd, addr, 1, SPLICE_F_NONBLOCK), 'EAGAIN');
    const [otherRead, otherWrite] = p.pipe(O_NONBLOCK | O_CLOEXEC);
    fails(() => p.read(otherRead, 1), 'EAGAIN');
    p.write(otherWrite, new Uint8Array(FULL));
    fails(() => p.write(otherWrite, [1]), 'EAGAIN');
    fails(() => p.vmsplice(otherWrite, addr, 1), 'EDEADLK');
  });

  it('ends where nobody writes, and breaks where nobody reads', () => {
    p.write(writeEnd, [7]);
    p.close(writeEnd);
    expect([...p.read(readEnd, 9)]).toEqual([7]);
    expect([...p.read(readEnd, 9)]).toEqual([]);
    const writeAgain = p.open(`/proc/self/fd/${readEnd}`, O_WRONLY);
    fails(() => p.read(readEnd, 1), 'EDEADLK');
    p.close(readEnd);
    fails(() => p.write(writeAgain, [1]), 'EPIPE');
    fails(() => p.vmsplice(writeAgain, addr, 1), 'EPIPE');
    expect(p.write(writeAgain, [])).toBe(0);
    const both = p.open(`/proc/self/fd/${writeAgain}`, O_RDWR);
    expect(p.write(writeAgain, [1])).toBe(1);
    expect([...p.read(both, 1)]).toEqual([1]);
  });

  it('lives as long as a descriptor of its end does', () => {
    const copy = p.dup(writeEnd);
    p.close(writeEnd);
    p.write(copy, [1]);
    expect([...p.read(readEnd, 1)]).toEqual([1]);
    p.close(copy);
    expect([...p.read(readEnd, 1)]).toEqual([]);
  });
});

describe('a pipe after a fork', () => {
  it('is one pipe, with ends in both processes', () => {
    const child = p.fork();
    child.write(writeEnd, [1, 2]);
    expect([...p.read(readEnd, 9)]).toEqual([1, 2]);
    p.close(writeEnd);
    fails(() => p.read(readEnd, 1), 'EDEADLK');
    child.exit();
    expect(p.read(readEnd, 1).length).toBe(0);
  });

  it('keeps the old page when both processes store to it', () => {
    p.vmsplice(writeEnd, addr, 1);
    const child = p.fork();
    p.store(addr, [0x77]);
    child.store(addr, [0x66]);
    expect([...p.read(readEnd, 1)]).toEqual([0]);
    child.exit();
  });
});

describe('vmsplice', () => {
  it('checks as Linux does', () => {
    const fd = p.memfdCreate('f', 0);
    fails(() => p.vmsplice(writeEnd, addr, 1, 16), 'EINVAL');
    fails(() => p.vmsplice(99, addr, 1), 'EBADF');
    fails(() => p.vmsplice(fd, addr, 1), 'EBADF');
    expect(p.vmsplice(fd, addr, 0)).toBe(0);
    expect(p.vmsplice(writeEnd, addr, 0)).toBe(0);
    fails(() => p.vmsplice(writeEnd, 2 ** 47 - PAGE_SIZE, 2 * PAGE_SIZE), 'EFAULT');
    fails(() => p.vmsplice(writeEnd, 2 ** 52, 1), 'EFAULT');
    fails(() => p.vmsplice(writeEnd, 0x10000, 1), 'EFAULT');
  });

  it('gives the pipe references, until they are read', () => {
    const pfn = pfnOf(addr);
    expect(p.vmsplice(writeEnd, addr + 4, 2 * PAGE_SIZE, SPLICE_F_GIFT)).toBe(2 * PAGE_SIZE);
    expect(machine.page(pfn)).toMatchObject({ refcount: 2, pincount: 0 });
    expect(p.read(readEnd, PAGE_SIZE - 4)).toEqual(p.load(addr + 4, PAGE_SIZE - 4));
    expect(machine.page(pfn).refcount).toBe(1);
    expect(p.read(readEnd, FULL)).toEqual(p.load(addr + PAGE_SIZE, PAGE_SIZE + 4));
  });

  it('shows what is written to the page before it is read', () => {
    p.vmsplice(writeEnd, addr, 4);
    p.store(addr, [0xaa, 0xbb]);
    expect([...p.read(readEnd, 2)]).toEqual([0xaa, 0xbb]);
  });

  it('gives as much as there is, and as fits', () => {
    expect(p.vmsplice(writeEnd, addr + 2 * FULL - PAGE_SIZE, 2 * PAGE_SIZE)).toBe(PAGE_SIZE);
    expect(p.vmsplice(writeEnd, addr + 4, 2 * FULL)).toBe(15 * PAGE_SIZE - 4);
  });

  it('keeps pages that the process no longer has', () => {
    const pfn = pfnOf(addr);
    p.vmsplice(writeEnd, addr, PAGE_SIZE);
    const before = p.load(addr, PAGE_SIZE);
    p.munmap(addr, FULL);
    expect(machine.page(pfn)).toMatchObject({ refcount: 1, mapcount: 0 });
    expect(machine.verify()).toEqual([]);
    expect(p.read(readEnd, PAGE_SIZE)).toEqual(before);
  });

  it('takes the zero page where nothing was written', () => {
    const untouched = p.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    p.vmsplice(writeEnd, untouched, PAGE_SIZE);
    p.store(untouched, [1]);
    expect(p.read(readEnd, PAGE_SIZE)).toEqual(new Uint8Array(PAGE_SIZE));
  });

  it('makes F_SEAL_WRITE wait, and fail', () => {
    const fd = p.memfdCreate('f', MFD_ALLOW_SEALING);
    p.ftruncate(fd, PAGE_SIZE);
    const shared = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    p.store(shared, [1]);
    p.vmsplice(writeEnd, shared, PAGE_SIZE);
    p.munmap(shared, PAGE_SIZE);
    fails(() => p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 'EBUSY');
    machine.at(machine.now() + 15, () => void p.read(readEnd, PAGE_SIZE));
    expect(p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)).toBe(0);
  });

  it('keeps a page that was truncated away', () => {
    const fd = p.memfdCreate('f', 0);
    p.ftruncate(fd, PAGE_SIZE);
    const shared = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    p.store(shared, [42]);
    p.vmsplice(writeEnd, shared, 1);
    p.ftruncate(fd, 0);
    expect([...p.read(readEnd, 1)]).toEqual([42]);
  });

  it('copies to memory from the end that is read', () => {
    const to = p.mmap(0, 2 * PAGE_SIZE, RW, ANON, -1, 0);
    p.vmsplice(writeEnd, addr + 100, PAGE_SIZE);
    expect(p.vmsplice(readEnd, to + 50, 2 * PAGE_SIZE - 50)).toBe(PAGE_SIZE);
    expect(p.load(to + 50, PAGE_SIZE)).toEqual(p.load(addr + 100, PAGE_SIZE));
    fails(() => p.vmsplice(readEnd, to, 1, SPLICE_F_NONBLOCK), 'EAGAIN');
    fails(() => p.vmsplice(readEnd, to, 1), 'EDEADLK');
    p.write(writeEnd, [1, 2, 3, 4]);
    p.munmap(to + PAGE_SIZE, PAGE_SIZE);
    fails(() => p.vmsplice(readEnd, to + PAGE_SIZE - 2, 4), 'EFAULT');
    expect(p.vmsplice(readEnd, to, 2)).toBe(2);
    expect([...p.read(readEnd, 9)]).toEqual([3, 4]);
  });

  it('drops what was not read when both ends go', () => {
    const pfn = pfnOf(addr);
    p.vmsplice(writeEnd, addr, FULL);
    p.close(readEnd);
    expect(machine.page(pfn).refcount).toBe(2);
    p.close(writeEnd);
    expect(machine.page(pfn).refcount).toBe(1);
  });
});
