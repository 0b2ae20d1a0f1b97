// A machine: what it tells of itself, and its end.
import { describe, expect, test } from '@jest/globals';
import {
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  Process,
  type PinnedPages,
} from '../../../src/index.js';
import { expectAllFree, expectSound, mapMemfd, thrownBy, wrong } from './support.js';

const MEMORY = 8 * 2 ** 20;
const FRAMES = MEMORY / PAGE_SIZE;

const bootSmall = () => Machine.boot({ memory: MEMORY });

describe('a machine that was booted', () => {
  test('has all of its memory free, and nothing else', async () => {
    await using machine = await bootSmall();
    expect(machine.meminfo()).toMatchObject({
      MemTotal: MEMORY / 1024,
      MemFree: MEMORY / 1024,
      MemAvailable: MEMORY / 1024,
      Cached: 0,
      Shmem: 0,
      AnonPages: 0,
      Mapped: 0,
      PageTables: 0,
      SwapTotal: 0,
      SwapFree: 0,
    });
    expect(machine.vmstat()).toMatchObject({ nr_free_pages: FRAMES, pgfault: 0 });
    expect(machine.buddyinfo()).toEqual([
      { node: 0, zone: 'Normal', free: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2] },
    ]);
    expectSound(machine);
  });

  test('shares nothing with another', async () => {
    await using one = await bootSmall();
    await using two = await bootSmall();
    const [a, b] = [one.spawn(), two.spawn()];
    const [left, right] = [mapMemfd(a, 1), mapMemfd(b, 1)];
    a.store(left.addr, [1]);
    b.store(right.addr, [2]);
    expect([...a.load(left.addr, 1), ...b.load(right.addr, 1)]).toEqual([1, 2]);
    await one.close();
    expect([...b.load(right.addr, 1)]).toEqual([2]);
  });

  test('gives processes numbers of their own', async () => {
    await using machine = await bootSmall();
    const pids = [machine.spawn(), machine.spawn(), machine.spawn()].map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(3);
    expect(Math.min(...pids)).toBeGreaterThan(0);
    expect(machine.spawn()).toBeInstanceOf(Process);
  });
});

describe('statistics', () => {
  test('follow memory of every kind', async () => {
    await using machine = await bootSmall();
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 4);
    process.load(addr, 4 * PAGE_SIZE);
    const anon = process.mmap(0, 2 * PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    process.store(anon, new Uint8Array(2 * PAGE_SIZE));
    expect(machine.meminfo()).toMatchObject({
      MemFree: MEMORY / 1024 - 24,
      Cached: 16,
      Shmem: 16,
      AnonPages: 8,
      Mapped: 16,
    });
    const vmstat = machine.vmstat();
    expect(vmstat).toMatchObject({
      nr_free_pages: FRAMES - 6,
      nr_file_pages: 4,
      nr_shmem: 4,
      nr_anon_pages: 2,
      nr_mapped: 4,
      pgfault: 6,
      pgalloc_normal: 6,
      pgfree: 0,
    });
    expect(vmstat.nr_page_table_pages * 4).toBe(machine.meminfo().PageTables);
    process.exit();
    expectAllFree(machine);
    expect(machine.vmstat()).toMatchObject({ pgalloc_normal: 6, pgfree: 6, nr_mapped: 0 });
  });

  test('of pins count what was taken and given back', async () => {
    await using machine = await bootSmall();
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 4);
    const pins = process.pinUserPagesFast(addr, 3, FOLL_WRITE); // nothing is there: the slow path
    process.getUserPages(addr, 2, 0).release(); // no pin
    const counts = () => {
      const { nr_foll_pin_acquired, nr_foll_pin_released, gup_fast_fallback } = machine.vmstat();
      return [nr_foll_pin_acquired, nr_foll_pin_released, gup_fast_fallback];
    };
    expect(counts()).toEqual([3, 0, 1]);
    process.pinUserPagesFast(addr, 3, FOLL_WRITE).release();
    pins.release();
    expect(counts()).toEqual([6, 6, 1]);
  });
});

describe('a page', () => {
  test('shows its owner, its references and its flags', async () => {
    await using machine = await bootSmall();
    const process = machine.spawn();
    const { addr, fd } = mapMemfd(process, 2);
    process.store(addr + PAGE_SIZE, [1]);
    const again = process.mmap(0, 2 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    process.load(again + PAGE_SIZE, 1);
    const pins = process.pinUserPagesFast(addr + PAGE_SIZE, 1, FOLL_WRITE);
    const [pfn = 0] = pins.pfns;
    const page = machine.page(pfn);
    expect(page).toMatchObject({ mapcount: 2, pincount: 1, refcount: 4 + 1024, index: 1 });
    expect(page.mapping).toMatch(/memfd "buf"/);
    expect(page.flags).toEqual(expect.arrayContaining(['referenced', 'uptodate', 'dirty']));
    expect(machine.kpagecount(pfn)).toBe(2);
    const kpf = machine.kpageflags(pfn);
    expect(typeof kpf).toBe('bigint');
    const bits = [2n, 3n, 4n, 11n, 14n].map((bit) => (kpf >> bit) & 1n); // 2: REFERENCED
    expect(bits).toEqual([1n, 1n, 1n, 1n, 1n]);
    pins.release();
    process.exit();
    expect(machine.page(pfn)).toMatchObject({ refcount: 0, mapcount: 0, pincount: 0 });
    expect(machine.kpageflags(pfn) & (1n << 11n)).toBe(0n);
  });

  test.each([-1, 0.5, NaN, FRAMES + 1, 2 ** 40, '0', null, undefined, 0n])(
    '%p does not exist',
    async (pfn) => {
      await using machine = await bootSmall();
      for (const call of ['page', 'kpagecount', 'kpageflags'] as const) {
        const error = thrownBy(() => machine[call](wrong(pfn)));
        expect(error.message).toMatch(/^pfn: /);
      }
    },
  );

  test('that is the last one is the zero page', async () => {
    await using machine = await bootSmall();
    expect(machine.page(FRAMES).refcount).toBeGreaterThan(0);
    expect((machine.kpageflags(FRAMES) >> 24n) & 1n).toBe(1n);
  });
});

describe('contents', () => {
  test('full keeps every byte', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', contents: 'full' });
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 2);
    const data = Uint8Array.from({ length: 2 * PAGE_SIZE }, (_, i) => (i * 31) >> 3);
    process.store(addr, data);
    expect(process.load(addr, data.length)).toEqual(data);
  });

  test('stamp keeps one word a page, as if repeated over it', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', contents: 'stamp' });
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 2);
    process.store(addr, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...process.load(addr + 8, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...process.load(addr + PAGE_SIZE, 4)]).toEqual([0, 0, 0, 0]);
  });

  test('none has page tables and no bytes', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', contents: 'none' });
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 2);
    process.store(addr, [1, 2, 3]);
    expect([...process.load(addr, 3)]).toEqual([0, 0, 0]);
    expect(machine.meminfo().Mapped).toBe(4);
    expectSound(machine);
  });
});

describe('close()', () => {
  test('does nothing the second time', async () => {
    const machine = await bootSmall();
    await Promise.all([machine.close(), machine.close()]);
    await machine.close();
    expect(machine.kernel.stopped).toBe(true);
  });

  test('is what the end of an `await using` block calls', async () => {
    let outside: Machine | undefined;
    {
      await using machine = await bootSmall();
      outside = machine;
      expect(machine.kernel.stopped).toBe(false);
    }
    expect(outside.kernel.stopped).toBe(true);
    expect(() => outside.spawn()).toThrow('the machine is closed');
  });

  const USES: Record<string, (machine: Machine, process: Process, pins: PinnedPages) => unknown> = {
    spawn: (machine) => machine.spawn(),
    vmstat: (machine) => machine.vmstat(),
    meminfo: (machine) => machine.meminfo(),
    buddyinfo: (machine) => machine.buddyinfo(),
    page: (machine) => machine.page(0),
    kpagecount: (machine) => machine.kpagecount(0),
    kpageflags: (machine) => machine.kpageflags(0),
    verify: (machine) => machine.verify(),
    advance: (machine) => machine.advance(1),
    at: (machine) => machine.at(1, () => undefined),
    mmap: (_, process) => process.mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    load: (_, process) => process.load(0, 1),
    memfdCreate: (_, process) => process.memfdCreate('x', 0),
    fcntl: (_, process) => process.fcntl(0, 1034),
    'fcntl(F_ADD_SEALS)': (_, process) => process.fcntl(0, 1033, 8),
    read: (_, process) => process.read(0, 1),
    write: (_, process) => process.write(0, [1]),
    fstat: (_, process) => process.fstat(0),
    maps: (_, process) => process.maps(),
    pinUserPages: (_, process) => process.pinUserPages(0, 1, 0),
    exit: (_, process) => process.exit(),
    'pins.read': (_machine, _process, pins) => pins.read(0, 1),
    'pins.pfns': (_machine, _process, pins) => pins.pfns,
    'pins.release': (_machine, _process, pins) => pins.release(),
  };

  test.each(Object.entries(USES))('makes %s a TypeError', async (_name, use) => {
    const machine = await bootSmall();
    const process = machine.spawn();
    const { addr } = mapMemfd(process, 1);
    const pins = process.pinUserPages(addr, 1, FOLL_WRITE);
    await machine.close();
    const error = thrownBy(() => use(machine, process, pins));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('the machine is closed');
  });
});

test('a process that cannot be made is an ENOMEM of clone, and all stays sound', async () => {
  await using machine = await Machine.boot({ memory: 4096 });
  const processes: Process[] = [];
  const error = thrownBy(() => {
    for (;;) processes.push(machine.spawn());
  });
  expect(error).toMatchObject({ code: 'ENOMEM', syscall: 'clone' });
  expect(processes.length).toBeGreaterThan(100);
  expectSound(machine);
  for (const process of processes) process.exit();
  expectSound(machine);
  expect(machine.spawn().mmap(0, 4096, PROT_READ | PROT_WRITE, 0x22, -1, 0)).toBeGreaterThan(0);
});
