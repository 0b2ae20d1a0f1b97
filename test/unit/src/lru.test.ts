// The LRU lists as the facade shows them, and the axis lruBatch.
import { describe, expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MADV_FREE,
  MADV_PAGEOUT,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  policies,
  type LruBatchPolicy,
  type Process,
} from '../../../src/index.js';
import { expectAllFree, expectSound, mapMemfd } from './support.js';

const POLICIES = policies()
  .find(({ axis }) => axis === 'lruBatch')
  ?.values.map(({ name }) => name) as LruBatchPolicy[];

function anonymous(process: Process, pages: number): number {
  const type = MAP_PRIVATE | MAP_ANONYMOUS;
  return process.mmap(0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, type, -1, 0);
}

const drainAll = (machine: Machine) => machine.kernel.run((core) => core.lruAddDrainAll());

describe('a page that was just made', () => {
  test('waits in a batch, with a reference more, and then is on the inactive list', async () => {
    await using machine = await Machine.boot({ memory: '4MiB' });
    const process = machine.spawn();
    const at = anonymous(process, 1);
    process.store(at, [1]);
    const pfn = machine.kernel.run((core) => core.pfnAt(process.task, at));
    expect(machine.page(pfn).refcount).toBe(2);
    expect(machine.page(pfn).flags).not.toContain('lru');
    expectSound(machine);
    drainAll(machine);
    expect(machine.page(pfn).refcount).toBe(1);
    expect(machine.page(pfn).flags).toContain('lru');
    expect(machine.kpageflags(pfn) & (1n << 5n)).toBe(1n << 5n); // KPF_LRU
    expect(machine.meminfo()).toMatchObject({ 'Inactive(anon)': 4, 'Active(anon)': 0 });
    expectSound(machine);
  });

  test('is on the list at once with lruBatch: none', async () => {
    await using machine = await Machine.boot({ memory: '4MiB', policy: { lruBatch: 'none' } });
    const process = machine.spawn();
    const at = anonymous(process, 1);
    process.store(at, [1]);
    const pfn = machine.kernel.run((core) => core.pfnAt(process.task, at));
    expect(machine.page(pfn)).toMatchObject({ refcount: 1 });
    expect(machine.page(pfn).flags).toContain('lru');
    expect(machine.vmstat().nr_inactive_anon).toBe(1);
    expectSound(machine);
  });

  test('is not free before the batch of the CPU that made it is drained', async () => {
    await using machine = await Machine.boot({ memory: '4MiB', cpus: 2 });
    const process = machine.spawn();
    const at = anonymous(process, 5);
    await machine.kernel.call(1, 'userTouch', process.task, at, 5 * PAGE_SIZE, true);
    process.exit();
    const { MemTotal, MemFree } = machine.meminfo();
    expect(MemTotal - MemFree).toBe(5 * 4);
    expectSound(machine);
    drainAll(machine);
    expectAllFree(machine);
  });
});

describe('a page of a file that is read', () => {
  test('twice from its beginning becomes active', async () => {
    await using machine = await Machine.boot({ memory: '4MiB' });
    const process = machine.spawn();
    const fd = process.memfdCreate('read', 0);
    process.pwrite(fd, new Uint8Array(PAGE_SIZE), 0); // a write is a use, too
    drainAll(machine);
    expect(machine.meminfo()['Inactive(anon)']).toBe(4);
    process.pread(fd, 10, 100);
    drainAll(machine);
    expect(machine.meminfo()['Inactive(anon)']).toBe(4);
    process.pread(fd, 10, 0);
    drainAll(machine);
    expect(machine.meminfo()).toMatchObject({ 'Inactive(anon)': 0, 'Active(anon)': 4 });
    expect(machine.vmstat().pgactivate).toBe(1);
    expectSound(machine);
  });
});

describe.each(POLICIES)('lruBatch %s', (lruBatch) => {
  test('does not keep a seal waiting for pages in the batch of another CPU', async () => {
    await using machine = await Machine.boot({ memory: '4MiB', cpus: 2, policy: { lruBatch } });
    const process = machine.spawn();
    const { fd, addr, length } = mapMemfd(process, 7);
    await machine.kernel.call(1, 'userTouch', process.task, addr, length, true);
    process.munmap(addr, length);
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    expect(machine.now()).toBe(0);
    expectSound(machine);
  });

  test('lets a seal fail when a page is pinned, and leaves batches as they were', async () => {
    await using machine = await Machine.boot({ memory: '4MiB', policy: { lruBatch } });
    const process = machine.spawn();
    const { fd, addr, length } = mapMemfd(process, 2);
    const pins = process.pinUserPages(addr, 1, 0);
    process.munmap(addr, length);
    expect(() => process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)).toThrow('EBUSY');
    expect(machine.now()).toBe(150);
    pins.release();
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    expectSound(machine);
  });
});

describe('lazily freed memory', () => {
  const PAGES = 50;

  /** A machine whose process has written PAGES pages and given them up. */
  async function withFreed(memory = '4MiB') {
    const machine = await Machine.boot({ memory });
    const process = machine.spawn();
    const at = anonymous(process, PAGES);
    process.store(at, new Uint8Array(PAGES * PAGE_SIZE).fill(7));
    process.madvise(at, PAGES * PAGE_SIZE, MADV_FREE);
    drainAll(machine);
    return { machine, process, at };
  }

  test('is reclaimed, and reads as zeros then', async () => {
    const { machine, process, at } = await withFreed();
    await using _closed = machine;
    expect(machine.meminfo()['Inactive(file)']).toBe(4 * PAGES);
    expect(process.load(at, 1)).toEqual(new Uint8Array([7]));
    const got = machine.reclaim(PAGES);
    expect(got).toBeGreaterThanOrEqual(PAGES - 1); // a page that was just read may stay
    expectSound(machine);
    expect(machine.vmstat()).toMatchObject({ pglazyfree: PAGES, pglazyfreed: got });
    expect(process.load(at + PAGE_SIZE, 1)).toEqual(new Uint8Array([0]));
    process.exit();
    expectAllFree(machine);
  });

  test('is kept where it was written again, or is pinned', async () => {
    const { machine, process, at } = await withFreed();
    await using _closed = machine;
    process.store(at, [9]);
    const pins = process.pinUserPages(at + 3 * PAGE_SIZE, 1, FOLL_WRITE);
    pins.write(0, [8]);
    expect(machine.reclaim(PAGES)).toBe(PAGES - 2);
    expectSound(machine);
    expect(process.load(at, 1)).toEqual(new Uint8Array([9]));
    expect(process.load(at + 3 * PAGE_SIZE, 1)).toEqual(new Uint8Array([8]));
    pins.release();
    process.exit();
    expectAllFree(machine);
  });

  test('goes when an allocation needs it', async () => {
    const { machine, process, at } = await withFreed('512KiB');
    await using _closed = machine;
    const more = anonymous(process, 120);
    process.store(more, new Uint8Array(120 * PAGE_SIZE).fill(3));
    expect(machine.vmstat().pglazyfreed).toBeGreaterThan(0);
    expect(machine.vmstat().allocstall_normal).toBeGreaterThan(0);
    expectSound(machine);
    expect(() => process.store(at, new Uint8Array(PAGES * PAGE_SIZE))).toThrow('ENOMEM');
    expectSound(machine);
    process.exit();
    expectAllFree(machine);
  });

  test('goes at once with MADV_PAGEOUT, and nothing else does without swap', async () => {
    const { machine, process, at } = await withFreed();
    await using _closed = machine;
    const kept = anonymous(process, 3);
    process.store(kept, new Uint8Array(3 * PAGE_SIZE).fill(5));
    process.madvise(kept, 3 * PAGE_SIZE, MADV_PAGEOUT);
    process.madvise(at, PAGES * PAGE_SIZE, MADV_PAGEOUT);
    expect(machine.vmstat().pglazyfreed).toBe(PAGES);
    expect(process.load(kept, 1)).toEqual(new Uint8Array([5]));
    expectSound(machine);
  });
});

describe('reclaim', () => {
  test('finds nothing without swap, and leaves everything as it was', async () => {
    await using machine = await Machine.boot({ memory: '4MiB' });
    const process = machine.spawn();
    const at = anonymous(process, 20);
    process.store(at, new Uint8Array(20 * PAGE_SIZE).fill(1));
    expect(machine.reclaim(100)).toBe(0);
    expect(machine.reclaim(0)).toBe(0);
    expectSound(machine);
    expect(process.load(at, 1)).toEqual(new Uint8Array([1]));
  });

  test.each([-1, 0.5, NaN, 2 ** 40])('refuses %p pages', async (pages) => {
    await using machine = await Machine.boot({ memory: '4MiB' });
    expect(() => machine.reclaim(pages)).toThrow(/^pages: /);
  });
});
