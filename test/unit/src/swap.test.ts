// Swap space through the public interface: what goes out comes back.
import { describe, expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MADV_FREE,
  MADV_PAGEOUT,
  Machine,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  SEEK_HOLE,
  type MachineOptions,
  type Process,
} from '../../../src/index.js';
import type { BenchExports } from '../../../src/wasm/exports.js';
import { expectAllFree, expectSound, mapMemfd, outcome, thrownBy } from './support.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const PAGES = 8;
const LENGTH = PAGES * PAGE_SIZE;

function boot(options: MachineOptions = {}): Promise<Machine> {
  return Machine.boot({ memory: '1MiB', swap: '128KiB', build: 'bench', ...options });
}

/** Sends every anonymous page out of memory that can go. */
function pageOutAll(machine: Machine): number {
  const frames = machine.options.memory / PAGE_SIZE;
  return machine.kernel.run((core) => (core as BenchExports).pageOutRange(0, frames));
}

/** Private memory whose byte at `i` is `i >> 12` plus 1. */
function filled(process: Process): number {
  const addr = process.mmap(0, LENGTH, RW, ANON, -1, 0);
  process.store(addr, content());
  return addr;
}

function content(): Uint8Array {
  return Uint8Array.from({ length: LENGTH }, (_, i) => (i >> 12) + 1);
}

const kbOf = (pages: number) => pages * 4;

describe('swap space', () => {
  test('is there from boot on, or later, and only once', async () => {
    await using machine = await boot({ swap: 0 });
    expect(machine.meminfo()).toMatchObject({ SwapTotal: 0, SwapFree: 0 });
    expect(outcome(() => machine.swapoff())).toBe('EINVAL');
    expect(outcome(() => machine.swapon(0))).toBe('EINVAL');
    machine.swapon('64KiB');
    expect(machine.meminfo()).toMatchObject({ SwapTotal: 64, SwapFree: 64 });
    expect(outcome(() => machine.swapon(PAGE_SIZE))).toBe('EBUSY');
    machine.swapoff();
    machine.swapon(PAGE_SIZE);
    expect(machine.meminfo()).toMatchObject({ SwapTotal: 4, SwapFree: 4 });
    expectSound(machine);
  });

  test('is refused if it is no size, or larger than the host', async () => {
    await using machine = await boot({ swap: 0 });
    expect(thrownBy(() => machine.swapon(100)).message).toMatch(/^size: .*4096-byte pages/);
    expect(thrownBy(() => machine.swapon(NaN))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => machine.swapon('1 page')).message).toMatch(/^size: /);
    expect(outcome(() => machine.swapon('8GiB'))).toBe('ENOMEM');
    await expect(boot({ swap: '8GiB' })).rejects.toThrow(/^swap: /);
    await expect(boot({ swap: 5 })).rejects.toThrow(/^swap: .*whole number/);
  });
});

describe.each(['full', 'stamp', 'none'] as const)('with contents %s, a page', (contents) => {
  const expected = () => (contents === 'none' ? new Uint8Array(LENGTH) : content());

  test('that was swapped out comes back with what was in it', async () => {
    await using machine = await boot({ contents });
    const process = machine.spawn();
    const addr = filled(process);
    const before = machine.meminfo().MemFree;
    expect(pageOutAll(machine)).toBe(PAGES);
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({
      MemFree: before + kbOf(PAGES),
      SwapFree: 128 - kbOf(PAGES),
      AnonPages: 0,
      SwapCached: 0,
    });
    expect(process.status().vmSwap).toBe(LENGTH);
    expect(process.load(addr, LENGTH)).toEqual(expected());
    expectSound(machine);
    expect(machine.vmstat()).toMatchObject({ pswpin: PAGES, pswpout: PAGES, pgmajfault: PAGES });
    process.exit();
    expectAllFree(machine);
    expect(machine.meminfo()).toMatchObject({ SwapFree: 128, SwapCached: 0 });
  });
});

describe('a page that was swapped out', () => {
  test('is the process’s own again after a write, and its slot is free', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    process.store(addr, [9]);
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({ SwapFree: 128 - kbOf(PAGES - 1), SwapCached: 0 });
    expect(process.load(addr, 1)).toEqual(Uint8Array.of(9));
  });

  test('keeps its slot after a read, and needs no write to go out again', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    process.load(addr, 1);
    expect(machine.meminfo()).toMatchObject({ SwapCached: 4, SwapFree: 128 - kbOf(PAGES) });
    expectSound(machine);
    expect(pageOutAll(machine)).toBe(1);
    expect(process.load(addr, LENGTH)).toEqual(content());
    expectSound(machine);
  });

  test('is dropped with its mapping', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    process.load(addr, PAGE_SIZE);
    process.munmap(addr, 2 * PAGE_SIZE);
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({ SwapCached: 0, SwapFree: 128 - kbOf(PAGES - 2) });
    process.munmap(addr, LENGTH);
    expectAllFree(machine);
    expect(machine.meminfo().SwapFree).toBe(128);
  });

  test('obeys mprotect when it comes back', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    process.mprotect(addr, LENGTH, PROT_NONE);
    expect(outcome(() => process.load(addr, 1))).toBe('EFAULT');
    process.mprotect(addr, LENGTH, PROT_READ);
    expect(process.load(addr, LENGTH)).toEqual(content());
    expect(outcome(() => process.store(addr, [1]))).toBe('EFAULT');
    process.mprotect(addr, LENGTH, RW);
    process.store(addr, [1]);
    expectSound(machine);
  });

  test('comes back for whoever pins it, and stays then', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    const pinned = process.pinUserPagesFast(addr, PAGES, FOLL_WRITE);
    expect(pinned.read(0, LENGTH)).toEqual(content());
    expect(pageOutAll(machine)).toBe(0);
    expectSound(machine);
    pinned.write(0, [7]);
    expect(process.load(addr, 1)).toEqual(Uint8Array.of(7));
    pinned.release({ dirty: true });
    expect(pageOutAll(machine)).toBe(PAGES);
    expect(process.load(addr, 1)).toEqual(Uint8Array.of(7));
    expectSound(machine);
  });

  test('is given up by MADV_FREE, and sent out by MADV_PAGEOUT', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    process.madvise(addr, LENGTH, MADV_PAGEOUT);
    expectSound(machine);
    expect(machine.meminfo().SwapFree).toBe(128 - kbOf(PAGES));
    expect([...process.mincore(addr, LENGTH)]).toEqual(Array(PAGES).fill(0));
    process.load(addr, 2 * PAGE_SIZE);
    process.madvise(addr, 4 * PAGE_SIZE, MADV_FREE);
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({ SwapFree: 128 - kbOf(PAGES - 4), SwapCached: 0 });
    const expected = content();
    expected.fill(0, 2 * PAGE_SIZE, 4 * PAGE_SIZE);
    expect(process.load(addr, LENGTH)).toEqual(expected); // what was in memory is not dropped yet
    expectSound(machine);
  });

  test('needs memory to come back', async () => {
    await using machine = await boot({ memory: '64KiB' });
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    const other = process.mmap(0, 64 * 1024, RW, ANON, -1, 0);
    process.store(other, new Uint8Array(64 * 1024).fill(5));
    expect(outcome(() => process.load(addr, 1))).toBe('ENOMEM');
    expect(outcome(() => machine.swapoff())).toBe('ENOMEM');
    expectSound(machine);
    process.munmap(other, 64 * 1024);
    expect(process.load(addr, LENGTH)).toEqual(content());
    expectSound(machine);
  });
});

describe('a fork of a process with pages on the device', () => {
  test('shares them: each side has its own after a write, whoever comes first', async () => {
    for (const writer of ['parent', 'child'] as const) {
      await using machine = await boot();
      const parent = machine.spawn();
      const addr = filled(parent);
      pageOutAll(machine);
      const child = parent.fork();
      expectSound(machine);
      const [first, second] = writer === 'parent' ? [parent, child] : [child, parent];
      first.store(addr, [100]);
      expectSound(machine);
      expect(second.load(addr, LENGTH)).toEqual(content());
      second.store(addr + PAGE_SIZE, [101]);
      expect(first.load(addr, 1)).toEqual(Uint8Array.of(100));
      expect(first.load(addr + PAGE_SIZE, 1)).toEqual(Uint8Array.of(2));
      expectSound(machine);
      parent.exit();
      expectSound(machine);
      child.exit();
      expectAllFree(machine);
      expect(machine.meminfo()).toMatchObject({ SwapFree: 128, SwapCached: 0 });
    }
  });

  test('survives more sharers than a byte could count', async () => {
    await using machine = await boot({ memory: '64MiB', contents: 'stamp' });
    const parent = machine.spawn();
    const addr = filled(parent);
    const children = Array.from({ length: 300 }, () => parent.fork());
    pageOutAll(machine);
    expect(machine.meminfo().SwapFree).toBe(128 - kbOf(PAGES));
    const more = children.map((child) => child.fork());
    expectSound(machine);
    children[7]?.store(addr, [50]);
    expect(more[7]?.load(addr, 1)).toEqual(Uint8Array.of(1));
    machine.swapoff();
    expectSound(machine);
    expect(more.at(-1)?.load(addr, LENGTH)).toEqual(content());
    for (const process of [parent, ...children, ...more]) process.exit();
    expectAllFree(machine);
  }, 60_000);

  test('pages that both map go out once, and come back for both', async () => {
    await using machine = await boot();
    const parent = machine.spawn();
    const addr = filled(parent);
    const child = parent.fork();
    expect(pageOutAll(machine)).toBe(PAGES);
    expectSound(machine);
    expect(child.load(addr, LENGTH)).toEqual(content());
    expectSound(machine);
    expect(parent.pagemap(addr, 1)[0]?.swapped).toBe(true);
    child.store(addr, [9]);
    expect(parent.load(addr, LENGTH)).toEqual(content());
    expectSound(machine);
  });
});

describe('memory of a file', () => {
  test('goes out and comes back by reads, faults and writes', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const { fd, addr, length } = mapMemfd(process, PAGES);
    process.store(addr, content());
    expect(pageOutAll(machine)).toBe(PAGES);
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({ Shmem: 0, SwapFree: 128 - kbOf(PAGES) });
    expect(process.fstat(fd).blocks).toBe(PAGES * 8);
    expect(process.lseek(fd, 0, SEEK_HOLE)).toBe(length);
    expect(process.pread(fd, length, 0)).toEqual(content());
    expectSound(machine);
    pageOutAll(machine);
    process.pwrite(fd, [77], PAGE_SIZE);
    expect(process.load(addr + PAGE_SIZE, 2)).toEqual(Uint8Array.of(77, 2));
    expectSound(machine);
    pageOutAll(machine);
    process.store(addr, [78]);
    expect(process.pread(fd, 2, 0)).toEqual(Uint8Array.of(78, 1));
    expectSound(machine);
    process.exit();
    expectAllFree(machine);
    expect(machine.meminfo()).toMatchObject({ SwapFree: 128, SwapCached: 0 });
  });

  test('is truncated and punched out on the device too', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const { fd, addr } = mapMemfd(process, PAGES);
    process.store(addr, content());
    pageOutAll(machine);
    process.fallocate(fd, 3, PAGE_SIZE, 2 * PAGE_SIZE);
    process.ftruncate(fd, 5 * PAGE_SIZE + 100);
    expectSound(machine);
    expect(machine.meminfo().SwapFree).toBe(128 - kbOf(3)); // 0, 3 and 4; 5 came back to be cut
    process.ftruncate(fd, LENGTH);
    const expected = content();
    expected.fill(0, PAGE_SIZE, 3 * PAGE_SIZE);
    expected.fill(0, 5 * PAGE_SIZE + 100);
    expect(process.pread(fd, LENGTH, 0)).toEqual(expected);
    expectSound(machine);
  });

  test('can be sealed there, and stays while it is pinned', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const { fd, addr, length } = mapMemfd(process, PAGES);
    process.store(addr, content());
    const pinned = process.pinUserPages(addr, 2, FOLL_WRITE);
    expect(pageOutAll(machine)).toBe(PAGES - 2);
    expectSound(machine);
    process.munmap(addr, length);
    expect(outcome(() => process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))).toBe('EBUSY');
    pinned.release();
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    expectSound(machine);
    expect(process.pread(fd, length, 0)).toEqual(content());
  });

  test('comes back with swapoff', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const { fd, addr } = mapMemfd(process, PAGES);
    process.store(addr, content());
    pageOutAll(machine);
    machine.swapoff();
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({ SwapTotal: 0, Shmem: kbOf(PAGES) });
    expect(process.pread(fd, LENGTH, 0)).toEqual(content());
  });

  test('makes room for more than fits into memory', async () => {
    await using machine = await boot({ memory: '256KiB', swap: '2MiB' });
    const process = machine.spawn();
    const size = 2 ** 20;
    const fd = process.memfdCreate('large', 0);
    const addr = process.mmap(0, size, RW, ANON, -1, 0);
    const data = Uint8Array.from({ length: size }, (_, i) => (i >> 12) * 3 + 1);
    process.pwrite(fd, data, 0);
    process.store(addr, data);
    expectSound(machine);
    // Said of a million bytes, toEqual takes seconds.
    expect(Buffer.compare(process.pread(fd, size, 0), data)).toBe(0);
    expect(Buffer.compare(process.load(addr, size), data)).toBe(0);
    expectSound(machine);
    process.exit();
    expectAllFree(machine);
  });
});

describe('a copy that there is no memory for', () => {
  test('fails, and does not take the very page that is to be copied', async () => {
    // Room for one page: the shared page comes back into it, and then a copy of it is wanted.
    await using machine = await boot({ memory: '64KiB' });
    const parent = machine.spawn();
    const addr = parent.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    parent.store(addr, [1]);
    const child = parent.fork();
    expect(pageOutAll(machine)).toBe(1);
    const free = machine.meminfo().MemFree / kbOf(1);
    const rest = child.mmap(0, free * PAGE_SIZE, RW, ANON, -1, 0);
    const pinned = child.pinUserPages(rest, free - 1, FOLL_WRITE);
    expect(thrownBy(() => parent.store(addr, [2]))).toMatchObject({ code: 'ENOMEM' });
    expectSound(machine);
    pinned.release();
    parent.store(addr, [2]);
    expect([parent.load(addr, 1)[0], child.load(addr, 1)[0]]).toEqual([2, 1]);
    expectSound(machine);
  });
});

describe('a device that is full', () => {
  test('takes as many pages as it has slots', async () => {
    await using machine = await boot({ swap: 3 * PAGE_SIZE });
    const process = machine.spawn();
    const addr = filled(process);
    expect(pageOutAll(machine)).toBe(3);
    expectSound(machine);
    expect(process.load(addr, LENGTH)).toEqual(content());
    expectSound(machine);
  });
});

describe('swapoff', () => {
  test('brings every page back', async () => {
    await using machine = await boot();
    const process = machine.spawn();
    const addr = filled(process);
    pageOutAll(machine);
    process.load(addr, 2 * PAGE_SIZE);
    machine.swapoff();
    expectSound(machine);
    expect(machine.meminfo()).toMatchObject({
      SwapTotal: 0,
      SwapCached: 0,
      AnonPages: kbOf(PAGES),
    });
    expect(pageOutAll(machine)).toBe(0);
    expect(process.load(addr, LENGTH)).toEqual(content());
    machine.swapon('64KiB');
    expect(pageOutAll(machine)).toBe(PAGES);
    expect(process.load(addr, LENGTH)).toEqual(content());
    expectSound(machine);
  });

  test('and swapon are part of what a snapshot keeps', async () => {
    await using machine = await boot({ swap: 0 });
    const process = machine.spawn();
    const addr = filled(process);
    machine.swapon('1MiB');
    pageOutAll(machine);
    await using copy = await Machine.restore(machine.snapshot());
    expectSound(copy);
    expect(copy.meminfo()).toEqual(machine.meminfo());
    const twin = copy.processes()[0];
    expect(twin?.load(addr, LENGTH)).toEqual(content());
    copy.swapoff();
    expectSound(copy);
  });
});
