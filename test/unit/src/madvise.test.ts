// Advice about pages: what becomes of them on the LRU lists.
import { expect, test } from '@jest/globals';
import {
  MADV_COLD,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../src/index.js';
import { expectSound } from './support.js';

const RW = PROT_READ | PROT_WRITE;

function mapWritten(process: Process, pages: number): number {
  const addr = process.mmap(0, pages * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  process.store(addr, new Uint8Array(pages * PAGE_SIZE).fill(1));
  return addr;
}

test('MADV_FREE makes pages lazily freed ones, and a store takes nothing away', async () => {
  await using machine = await Machine.boot({ memory: '1MiB' });
  const process = machine.spawn();
  const addr = mapWritten(process, 40);
  const pfn = process.pagemap(addr, 1)[0]?.pfn ?? -1;
  expect(machine.page(pfn).flags).toContain('swapbacked');
  process.madvise(addr, 40 * PAGE_SIZE, MADV_FREE);
  expect(machine.page(pfn).flags).not.toContain('swapbacked');
  expect(machine.vmstat().pglazyfree).toBeGreaterThanOrEqual(31);
  process.store(addr, [7]);
  expect([...process.load(addr, 1)]).toEqual([7]);
  expectSound(machine);
});

test('MADV_COLD takes active pages off the active list', async () => {
  await using machine = await Machine.boot({ memory: '1MiB', policy: { lruBatch: 'none' } });
  const process = machine.spawn();
  const addr = mapWritten(process, 4);
  for (let time = 0; time < 3; time++) process.getUserPages(addr, 4, 0).release();
  expect(machine.vmstat().nr_active_anon).toBe(4);
  process.madvise(addr, 4 * PAGE_SIZE, MADV_COLD);
  expect(machine.vmstat()).toMatchObject({ nr_active_anon: 0, nr_inactive_anon: 4 });
  expectSound(machine);
});

test('guards show in pagemap, and take no memory', async () => {
  await using machine = await Machine.boot({ memory: '1MiB' });
  const process = machine.spawn();
  const addr = mapWritten(process, 4);
  const free = machine.meminfo().MemFree;
  process.madvise(addr, 2 * PAGE_SIZE, MADV_GUARD_INSTALL);
  expect(process.pagemap(addr, 3)).toMatchObject([
    { guard: true, swapped: true, present: false },
    { guard: true, swapped: true, present: false },
    { guard: false, swapped: false, present: true },
  ]);
  expect(machine.meminfo().MemFree).toBe(free + 8);
  expect(process.smaps()[0]).toMatchObject({ rss: 2 * PAGE_SIZE, swap: 0 });
  process.madvise(addr, 4 * PAGE_SIZE, MADV_GUARD_REMOVE);
  expect([...process.load(addr, 1), ...process.load(addr + 3 * PAGE_SIZE, 1)]).toEqual([0, 1]);
  expectSound(machine);
});
