// A fork: what parent and child share, and who gets a copy when.
import { describe, expect, test } from '@jest/globals';
import {
  F_GETFD,
  FD_CLOEXEC,
  FOLL_LONGTERM,
  FOLL_WRITE,
  MADV_DONTFORK,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_WIPEONFORK,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  SEEK_CUR,
  SEEK_SET,
  type Process,
} from '../../../src/index.js';
import { expectAllFree, expectSound, outcome } from './support.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

const boot = () => Machine.boot({ memory: '4MiB' });
const byteAt = (process: Process, addr: number) => process.load(addr, 1)[0];
const pfnAt = (process: Process, addr: number) => process.pagemap(addr, 1)[0]?.pfn;
const isExclusive = (process: Process, addr: number) => process.pagemap(addr, 1)[0]?.exclusive;

/** One written page of each kind of memory. */
const KINDS = {
  anonymous: (process: Process) => process.mmap(0, PAGE_SIZE, RW, ANON, -1, 0),
  'a private file': (process: Process) => {
    const fd = process.memfdCreate('file', 0);
    process.pwrite(fd, new Uint8Array(PAGE_SIZE).fill(9), 0);
    return process.mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, fd, 0);
  },
  'a shared file': (process: Process) => {
    const fd = process.memfdCreate('file', 0);
    process.ftruncate(fd, PAGE_SIZE);
    return process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
  },
  'shared anonymous': (process: Process) =>
    process.mmap(0, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
} as const;
const PRIVATE = ['anonymous', 'a private file'] as const;
const SHARED = ['a shared file', 'shared anonymous'] as const;

describe('memory after a fork', () => {
  test.each(PRIVATE)('is one page of %s until somebody writes', async (kind) => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = KINDS[kind](parent);
    parent.store(addr, [1]);
    const child = parent.fork();
    expect(pfnAt(child, addr)).toBe(pfnAt(parent, addr));
    expect(isExclusive(parent, addr)).toBe(false);
    // The third reference is that of the page's way to its LRU list.
    expect(machine.page(pfnAt(parent, addr) ?? 0)).toMatchObject({ refcount: 3, mapcount: 2 });
    expect(child.maps()).toEqual(parent.maps());
    expectSound(machine);
  });

  test.each(PRIVATE.flatMap((kind) => ['parent', 'child'].map((who) => [kind, who] as const)))(
    'of %s: the %s writes first, and the other one keeps the page',
    async (kind, who) => {
      await using machine = await boot();
      const parent = machine.spawn();
      const addr = KINDS[kind](parent);
      parent.store(addr, [1]);
      const child = parent.fork();
      const page = pfnAt(parent, addr);
      const [writer, reader] = who === 'parent' ? [parent, child] : [child, parent];
      writer.store(addr, [2]);
      expect([byteAt(writer, addr), byteAt(reader, addr)]).toEqual([2, 1]);
      expect(pfnAt(reader, addr)).toBe(page);
      expect(pfnAt(writer, addr)).not.toBe(page);
      expectSound(machine);
      reader.store(addr, [3]);
      expect(pfnAt(reader, addr)).toBe(page); // alone with it: no copy
      expect([byteAt(writer, addr), byteAt(reader, addr)]).toEqual([2, 3]);
      expectSound(machine);
    },
  );

  test.each(SHARED)('stays shared where it is %s', async (kind) => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = KINDS[kind](parent);
    parent.store(addr, [1]);
    const child = parent.fork();
    expect(child.pagemap(addr, 1)[0]?.present).toBe(false); // a fault finds it again
    child.store(addr, [2]);
    expect(byteAt(parent, addr)).toBe(2);
    expect(pfnAt(child, addr)).toBe(pfnAt(parent, addr));
    expectSound(machine);
  });

  test('of a private file that nobody wrote to is left to faults', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = KINDS['a private file'](parent);
    expect(byteAt(parent, addr)).toBe(9);
    const child = parent.fork();
    expect(child.pagemap(addr, 1)[0]?.present).toBe(false);
    child.store(addr, [2]);
    expect([byteAt(parent, addr), byteAt(child, addr)]).toEqual([9, 2]);
    expectSound(machine);
  });

  test('that was only read is the zero page in both', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, 2 * PAGE_SIZE, RW, ANON, -1, 0);
    parent.store(addr, [1]);
    parent.load(addr + PAGE_SIZE, 1);
    const child = parent.fork();
    expect(child.pagemap(addr + PAGE_SIZE, 1)[0]?.present).toBe(true);
    child.store(addr + PAGE_SIZE, [5]);
    expect([byteAt(parent, addr + PAGE_SIZE), byteAt(child, addr + PAGE_SIZE)]).toEqual([0, 5]);
    expectSound(machine);
  });

  test('goes when the last of three generations ends, in whatever order', async () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    for (const order of orders) {
      await using machine = await boot();
      const parent = machine.spawn();
      const addr = parent.mmap(0, 4 * PAGE_SIZE, RW, ANON, -1, 0);
      parent.store(addr, new Uint8Array(4 * PAGE_SIZE).fill(1));
      const child = parent.fork();
      child.store(addr, [2]);
      const grandchild = child.fork();
      grandchild.store(addr + PAGE_SIZE, [3]);
      const family = [parent, child, grandchild];
      for (const [done, index] of order.entries()) {
        family[index]?.exit();
        expectSound(machine);
        for (const left of order.slice(done + 1)) {
          const seen = family[left]?.load(addr, PAGE_SIZE + 1);
          expect([seen?.[0], seen?.[PAGE_SIZE]]).toEqual(
            [
              [1, 1],
              [2, 1],
              [2, 3],
            ][left],
          );
        }
      }
      expectAllFree(machine);
    }
  });

  test('is the child’s to unmap and protect', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, 4 * PAGE_SIZE, RW, ANON, -1, 0);
    parent.store(addr, new Uint8Array(4 * PAGE_SIZE).fill(1));
    const child = parent.fork();
    child.munmap(addr, PAGE_SIZE);
    child.mprotect(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ);
    expectSound(machine);
    expect(outcome(() => child.load(addr, 1))).toBe('EFAULT');
    expect(outcome(() => child.store(addr + PAGE_SIZE, [1]))).toBe('EFAULT');
    parent.store(addr, new Uint8Array(4 * PAGE_SIZE).fill(2));
    expect(child.load(addr + PAGE_SIZE, 3 * PAGE_SIZE).every((byte) => byte === 1)).toBe(true);
    expectSound(machine);
  });

  test('of a chain of children, each the only one alive, has few ancestors', async () => {
    await using machine = await boot();
    let process = machine.spawn();
    const addr = process.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    for (let generation = 0; generation < 100; generation++) {
      process.store(addr, [generation]);
      const child = process.fork();
      process.exit();
      expectSound(machine);
      process = child;
    }
    expect(byteAt(process, addr)).toBe(99);
    const vma = machine.kernel.views;
    expect(chainsOf(process, vma, addr)).toBeLessThan(5);
    process.exit();
    expectAllFree(machine);
  });
});

describe('advice for a fork', () => {
  test('leaves a mapping out, or empties it', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, 3 * PAGE_SIZE, RW, ANON, -1, 0);
    parent.store(addr, new Uint8Array(3 * PAGE_SIZE).fill(1));
    parent.madvise(addr, PAGE_SIZE, MADV_DONTFORK);
    parent.madvise(addr + PAGE_SIZE, PAGE_SIZE, MADV_WIPEONFORK);
    const child = parent.fork();
    expectSound(machine);
    expect(outcome(() => child.load(addr, 1))).toBe('EFAULT');
    expect(byteAt(child, addr + PAGE_SIZE)).toBe(0);
    expect(byteAt(child, addr + 2 * PAGE_SIZE)).toBe(1);
    expect(parent.load(addr, 3 * PAGE_SIZE).every((byte) => byte === 1)).toBe(true);
    expect(child.status().vmSize).toBe(2 * PAGE_SIZE);
  });

  test('is not needed for guards: the child has them', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, 3 * PAGE_SIZE, RW, ANON, -1, 0);
    parent.madvise(addr, PAGE_SIZE, MADV_GUARD_INSTALL);
    const child = parent.fork();
    expectSound(machine);
    expect(outcome(() => child.load(addr, 1))).toBe('EFAULT');
    child.madvise(addr, PAGE_SIZE, MADV_GUARD_REMOVE);
    expect(byteAt(child, addr)).toBe(0);
    expect(outcome(() => parent.load(addr, 1))).toBe('EFAULT');
  });

  test('does not lock the child’s memory', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, 2 * PAGE_SIZE, RW, ANON, -1, 0);
    parent.mlock(addr, PAGE_SIZE);
    const child = parent.fork();
    expectSound(machine);
    expect([parent.status().vmLck, child.status().vmLck]).toEqual([PAGE_SIZE, 0]);
    child.store(addr, [1]);
    parent.exit();
    expectSound(machine);
  });
});

describe('a page that is pinned', () => {
  test.each([FOLL_WRITE, 0, FOLL_LONGTERM])(
    'stays the parent’s through a fork, and the child has a copy (flags %i)',
    async (flags) => {
      await using machine = await boot();
      const parent = machine.spawn();
      const addr = parent.mmap(0, 3 * PAGE_SIZE, RW, ANON, -1, 0);
      parent.store(addr, new Uint8Array(3 * PAGE_SIZE).fill(1));
      const pinned = parent.pinUserPages(addr + PAGE_SIZE, 1, flags);
      const child = parent.fork();
      expectSound(machine);
      expect(pfnAt(child, addr)).toBe(pfnAt(parent, addr));
      expect(pfnAt(child, addr + PAGE_SIZE)).not.toBe(pfnAt(parent, addr + PAGE_SIZE));
      expect(byteAt(child, addr + PAGE_SIZE)).toBe(1);
      expect(isExclusive(parent, addr + PAGE_SIZE)).toBe(true);
      parent.store(addr + PAGE_SIZE, [2]);
      expect(pinned.pfns[0]).toBe(pfnAt(parent, addr + PAGE_SIZE));
      expect(pinned.read(0, 1)[0]).toBe(2);
      pinned.write(0, [3]);
      expect(byteAt(parent, addr + PAGE_SIZE)).toBe(3);
      expect(byteAt(child, addr + PAGE_SIZE)).toBe(1);
      pinned.release();
      child.exit();
      parent.exit();
      expectAllFree(machine);
    },
  );

  test.each(['parent', 'child'])('by the %s after the fork is that one’s own', async (who) => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    parent.store(addr, [1]);
    const child = parent.fork();
    const [one, other] = who === 'parent' ? [parent, child] : [child, parent];
    const page = pfnAt(parent, addr);
    const pinned = one.pinUserPagesFast(addr, 1, 0); // for reading only: it must unshare
    expect(pinned.pfns[0]).not.toBe(page);
    expect(pfnAt(other, addr)).toBe(page);
    one.store(addr, [2]);
    expect(pinned.read(0, 1)[0]).toBe(2);
    other.store(addr, [4]);
    expect(pinned.read(0, 1)[0]).toBe(2);
    expectSound(machine);
    pinned.release();
  });

  test('may be one of many, and the child has a copy of each', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, 64 * PAGE_SIZE, RW, ANON, -1, 0);
    const pinned = parent.pinUserPages(addr, 64, FOLL_WRITE);
    const child = parent.fork();
    const own = new Set(child.pagemap(addr, 64).map(({ pfn }) => pfn));
    expect(own.size).toBe(64);
    expect(pinned.pfns.some((pfn) => own.has(pfn))).toBe(false);
    expectSound(machine);
    pinned.release();
  });

  test('by a plain reference is shared, as Linux does', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = parent.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    const refs = parent.getUserPages(addr, 1, FOLL_WRITE);
    const child = parent.fork();
    expect(pfnAt(child, addr)).toBe(refs.pfns[0]);
    parent.store(addr, [1]);
    expect(pfnAt(parent, addr)).not.toBe(refs.pfns[0]);
    expect(byteAt(child, addr)).toBe(0);
    refs.release();
    expectSound(machine);
  });
});

describe('a child', () => {
  test('has the descriptors of its parent, and their place in the file', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const fd = parent.memfdCreate('file', MFD_CLOEXEC);
    parent.write(fd, [1, 2, 3]);
    const child = parent.fork();
    expect(child.fcntl(fd, F_GETFD)).toBe(FD_CLOEXEC);
    expect(child.lseek(fd, 0, SEEK_CUR)).toBe(3);
    child.lseek(fd, 1, SEEK_SET);
    expect([...parent.read(fd, 2)]).toEqual([2, 3]);
    parent.close(fd);
    expect(child.fstat(fd).size).toBe(3);
    expect(child.memfdCreate('next', 0)).toBe(1);
    expectSound(machine);
  });

  test('counts as a writer of the file that it maps', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const fd = parent.memfdCreate('file', MFD_ALLOW_SEALING);
    parent.ftruncate(fd, PAGE_SIZE);
    const addr = parent.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    const child = parent.fork();
    const seal = () => outcome(() => parent.fcntl(fd, 1033, 8));
    parent.munmap(addr, PAGE_SIZE);
    expect(seal()).toBe('EBUSY');
    child.munmap(addr, PAGE_SIZE);
    expect(seal()).toBe('ok');
  });

  test('has a number of its own, and no fork comes of one that has exited', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const child = parent.fork();
    expect(child.pid).toBeGreaterThan(parent.pid);
    expect(machine.processes().map(({ pid }) => pid)).toEqual([parent.pid, child.pid]);
    child.exit();
    expect(() => child.fork()).toThrow(TypeError);
  });

  test('is not there when memory is short, and the parent is as it was', async () => {
    await using machine = await Machine.boot({ memory: '256KiB' });
    const parent = machine.spawn();
    const addr = parent.mmap(0, 40 * PAGE_SIZE, RW, ANON, -1, 0);
    const pinned = parent.pinUserPages(addr, 40, FOLL_WRITE);
    parent.store(addr, new Uint8Array(40 * PAGE_SIZE).fill(7));
    const free = () => [machine.meminfo().MemFree, machine.meminfo().PageTables];
    const before = free();
    expect(outcome(() => parent.fork())).toBe('ENOMEM');
    expect(free()).toEqual(before);
    expect(machine.processes().length).toBe(1);
    expect(parent.load(addr, 40 * PAGE_SIZE).every((byte) => byte === 7)).toBe(true);
    parent.store(addr, [8]);
    expect(pinned.read(0, 1)[0]).toBe(8);
    pinned.release();
    parent.exit();
    expectAllFree(machine);
  });
});

/** Chains of the VMA that begins at an address. */
function chainsOf(process: Process, views: Machine['kernel']['views'], addr: number): number {
  const mm = views.read('Task', 'mm', process.task);
  const root = views.read('MmStruct', 'mmRoot', mm);
  const vma = root - views.address('Vma', 'node0', 0);
  expect(views.read('Vma', 'vmStart', vma)).toBe(addr);
  const head = views.address('Vma', 'anonVmaChain', vma);
  let chains = 0;
  for (let link = views.u32At(head); link !== head; link = views.u32At(link)) chains++;
  return chains;
}
