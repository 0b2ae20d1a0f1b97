// Handles of pages: what a device sees and does, and how it gives them back.
import { describe, expect, test } from '@jest/globals';
import {
  FOLL_FORCE,
  FOLL_LONGTERM,
  FOLL_NOFAULT,
  FOLL_WRITE,
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  MmError,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  PageRefs,
  PinnedPages,
  type Process,
} from '../../../src/index.js';
import { expectAllFree, expectSound, mapMemfd, outcome, thrownBy, wrong } from './support.js';

const CALLS = ['getUserPages', 'getUserPagesFast', 'pinUserPages', 'pinUserPagesFast'] as const;

async function bootMapped(pages = 4) {
  const machine = await Machine.boot({ memory: '8MiB' });
  const process = machine.spawn();
  return { machine, process, ...mapMemfd(process, pages) };
}

describe.each(CALLS)('%s', (call) => {
  test('gets the pages of a range, in the order of their addresses', async () => {
    const { machine, process, addr } = await bootMapped();
    await using _closed = machine;
    process.store(addr, [1]);
    const refs = process[call](addr + PAGE_SIZE, 3, 0);
    expect(refs.length).toBe(3);
    expect(refs.pfns).toHaveLength(3);
    expect(new Set(refs.pfns).size).toBe(3);
    process.store(addr + 2 * PAGE_SIZE, [42]);
    expect([...refs.read(PAGE_SIZE, 1)]).toEqual([42]);
    expect(refs instanceof PinnedPages).toBe(call.startsWith('pin'));
    expect(refs).toBeInstanceOf(PageRefs);
    for (const pfn of refs.pfns) {
      expect(machine.page(pfn).pincount).toBe(call.startsWith('pin') ? 1 : 0);
    }
    refs.release();
    expectSound(machine);
  });

  test('takes an address within a page for that page', async () => {
    const { machine, process, addr } = await bootMapped();
    await using _closed = machine;
    const refs = process[call](addr + 5, 1, FOLL_WRITE);
    refs.write(0, [9]);
    expect([...process.load(addr, 1)]).toEqual([9]);
    refs.release();
  });

  test('gets fewer pages where the mapping ends, and an error where there is none', async () => {
    const { machine, process, addr, length } = await bootMapped();
    await using _closed = machine;
    process.munmap(addr + 2 * PAGE_SIZE, length - 2 * PAGE_SIZE);
    const refs = process[call](addr, 4, FOLL_WRITE);
    expect(refs.length).toBe(2);
    expect(refs.pfns).toHaveLength(2);
    refs.release();
    expect(outcome(() => process[call](addr + 2 * PAGE_SIZE, 1, 0))).toBe('EFAULT');
    expectSound(machine);
  });

  test('wants what the mapping allows', async () => {
    const { machine, process, addr } = await bootMapped();
    await using _closed = machine;
    process.mprotect(addr, PAGE_SIZE, PROT_READ);
    expect(outcome(() => process[call](addr, 1, FOLL_WRITE))).toBe('EFAULT');
    expect(outcome(() => process[call](addr, 1, 0).release())).toBe('ok');
    process.mprotect(addr, PAGE_SIZE, 0);
    expect(outcome(() => process[call](addr, 1, 0))).toBe('EFAULT');
    expect(outcome(() => process[call](addr, 1, FOLL_FORCE).release())).toBe('ok');
    expectSound(machine);
  });

  test('faults nothing in with FOLL_NOFAULT', async () => {
    const { machine, process, addr } = await bootMapped(2);
    await using _closed = machine;
    process.madvise(addr, PAGE_SIZE, MADV_DONTNEED);
    const flags = FOLL_WRITE | FOLL_NOFAULT;
    expect(outcome(() => process[call](addr, 1, flags))).toBe('EFAULT');
    const refs = process[call](addr, 1, FOLL_WRITE);
    const again = process[call](addr, 1, flags);
    expect(again.pfns).toEqual(refs.pfns);
    again.release();
    refs.release();
    expectSound(machine);
  });

  test('refuses flags that are not the caller’s', async () => {
    const { machine, process, addr } = await bootMapped();
    await using _closed = machine;
    for (const flags of [1 << 2, 1 << 19, 1 << 20, 2 ** 31, -1]) {
      expect(outcome(() => process[call](addr, 1, flags))).toBe('EINVAL');
    }
    const longterm = outcome(() => process[call](addr, 1, FOLL_LONGTERM | FOLL_WRITE).release());
    expect(longterm).toBe(call.startsWith('pin') ? 'ok' : 'EINVAL');
  });

  test.each([0, -1, 1.5, NaN, 2 ** 24 + 1, '1', null])('refuses %p pages', async (nrPages) => {
    const { machine, process, addr } = await bootMapped();
    await using _closed = machine;
    const error = thrownBy(() => process[call](addr, wrong(nrPages), 0));
    expect(error).not.toBeInstanceOf(MmError);
    expect(error.message).toMatch(/^nrPages: /);
  });

  test('holds pages beyond the end of the mapping, the file and the process', async () => {
    const { machine, process, addr, fd, length } = await bootMapped(2);
    await using _closed = machine;
    process.store(addr, [1, 2, 3]);
    const refs = process[call](addr, 2, FOLL_WRITE);
    process.munmap(addr, length);
    expect([...refs.read(0, 3)]).toEqual([1, 2, 3]);
    process.close(fd);
    process.exit();
    refs.write(2, [7]);
    expect([...refs.read(0, 3)]).toEqual([1, 2, 7]);
    expectSound(machine);
    expect(machine.meminfo().MemFree).toBe(machine.meminfo().MemTotal - 8);
    refs.release();
    expectAllFree(machine);
  });
});

describe('a vector of many pages', () => {
  // Four entries lie in the vector itself, 511 in a page of their own: the edges of each.
  test.each([1, 4, 5, 511, 512, 1022, 1023, 1300])(
    'of %d pages reads and writes',
    async (pages) => {
      const { machine, process, addr } = await bootMapped(pages);
      await using _closed = machine;
      const pins = process.pinUserPagesFast(addr, pages, FOLL_WRITE);
      expect(pins.length).toBe(pages);
      expect(new Set(pins.pfns).size).toBe(pages);
      const last = pages * PAGE_SIZE - 2;
      pins.write(last, [5, 6]);
      expect([...process.load(addr + last, 2)]).toEqual([5, 6]);
      expect([...pins.read(last, 2)]).toEqual([5, 6]);
      pins.release();
      const { nr_foll_pin_acquired, nr_foll_pin_released } = machine.vmstat();
      expect([nr_foll_pin_acquired, nr_foll_pin_released]).toEqual([pages, pages]);
      expectSound(machine);
    },
  );
});

describe('what a device reads and writes', () => {
  test('crosses pages, whole and in part', async () => {
    const { machine, process, addr } = await bootMapped();
    await using _closed = machine;
    const pins = process.pinUserPages(addr, 4, FOLL_WRITE);
    const data = Uint8Array.from({ length: 3 * PAGE_SIZE + 17 }, (_, i) => i * 7);
    pins.write(100, data);
    expect(pins.read(100, data.length)).toEqual(data);
    expect(process.load(addr + 100, data.length)).toEqual(data);
    expect([...pins.read(0, 100)]).toEqual(new Array(100).fill(0));
    pins.write(50, [1, 2]);
    expect([...pins.read(49, 4)]).toEqual([0, 1, 2, 0]);
    pins.release();
  });

  test('goes to the frame, not to what is mapped there now', async () => {
    const { machine, process, addr } = await bootMapped(1);
    await using _closed = machine;
    const pins = process.pinUserPages(addr, 1, FOLL_WRITE);
    process.munmap(addr, PAGE_SIZE);
    const other = process.mmap(addr, PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS | 0x10, -1, 0);
    process.store(other, [1]);
    pins.write(0, [99]);
    expect([...process.load(addr, 1)]).toEqual([1]);
    expect([...pins.read(0, 1)]).toEqual([99]);
    pins.release();
    expectSound(machine);
  });

  test('is the process’s own private page', async () => {
    const { machine, process, fd } = await bootMapped(1);
    await using _closed = machine;
    const copy = process.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    const pins = process.pinUserPagesFast(copy, 1, FOLL_WRITE);
    pins.write(0, [3]);
    expect([...process.load(copy, 1)]).toEqual([3]);
    expect([...process.pread(fd, 1, 0)]).toEqual([0]);
    pins.release();
  });

  test('does not reach the zero page, which everybody reads', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const access = PROT_READ | PROT_WRITE;
    const addr = process.mmap(0, PAGE_SIZE, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const refs = process.getUserPages(addr, 1, 0);
    const error = thrownBy(() => refs.write(0, [7]));
    expect(error).toBeInstanceOf(MmError);
    expect(error).toMatchObject({ code: 'EFAULT', syscall: 'dma' });
    expect([...process.load(addr, 1)]).toEqual([0]);
    refs.release();
    expectSound(machine);
  });

  test.each([
    [-1, 1],
    [0, 8193],
    [8192, 1],
    [8193, 0],
    [2 ** 52, 1],
    [0, -1],
  ])('from %d, %d bytes, is refused beyond the pages held', async (offset, length) => {
    const { machine, process, addr } = await bootMapped(2);
    await using _closed = machine;
    const pins = process.pinUserPages(addr, 2, FOLL_WRITE);
    const error = thrownBy(() => pins.read(offset, length));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/^offset: bytes .* are not all within the 8192 bytes held$/);
    if (length > 0) expect(() => pins.write(offset, new Uint8Array(length))).toThrow(RangeError);
    pins.release();
  });

  test.each([
    ['offset', NaN, 1],
    ['offset', '0', 1],
    ['offset', 0.5, 1],
    ['length', 0, NaN],
    ['length', 0, '1'],
    ['length', 0, undefined],
  ])('is refused by name: %s', async (name, offset, length) => {
    const { machine, process, addr } = await bootMapped(1);
    await using _closed = machine;
    const pins = process.pinUserPages(addr, 1, FOLL_WRITE);
    const error = thrownBy(() => pins.read(wrong(offset), wrong(length)));
    expect(error.message.startsWith(`${name}: `)).toBe(true);
    expect(thrownBy(() => pins.write(0, wrong([300]))).message).toMatch(/^bytes: /);
    pins.release();
  });
});

describe('release', () => {
  const pinOne = (process: Process, addr: number) => process.pinUserPages(addr, 1, FOLL_WRITE);

  test('happens once; what is tried afterwards is a TypeError', async () => {
    const { machine, process, addr } = await bootMapped(1);
    await using _closed = machine;
    const pins = pinOne(process, addr);
    expect(pins.released).toBe(false);
    pins.release();
    expect(pins.released).toBe(true);
    expect(pins.length).toBe(1);
    for (const use of [
      () => pins.release(),
      () => pins.pfns,
      () => pins.read(0, 1),
      () => pins.write(0, [1]),
    ]) {
      const error = thrownBy(use);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toBe('the pages were released already');
    }
    expectSound(machine);
  });

  test('marks the pages dirty if told so', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const access = PROT_READ | PROT_WRITE;
    const addr = process.mmap(0, PAGE_SIZE, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const dirty = (pfn: number) => machine.page(pfn).flags.includes('dirty');
    const plain = pinOne(process, addr);
    const [pfn = 0] = plain.pfns;
    plain.release({});
    expect(dirty(pfn)).toBe(false);
    pinOne(process, addr).release({ dirty: false });
    expect(dirty(pfn)).toBe(false);
    pinOne(process, addr).release({ dirty: true });
    expect(dirty(pfn)).toBe(true);
    expectSound(machine);
  });

  test.each([null, 5, 'dirty', true])(
    'refuses %p as options, and releases nothing',
    async (options) => {
      const { machine, process, addr } = await bootMapped(1);
      await using _closed = machine;
      const pins = pinOne(process, addr);
      const error = thrownBy(() => pins.release(wrong(options)));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/^options: /);
      expect(pins.released).toBe(false);
      pins.release();
      expectSound(machine);
    },
  );

  test('of several pins of one page each counts', async () => {
    const { machine, process, addr } = await bootMapped(1);
    await using _closed = machine;
    const all = Array.from({ length: 5 }, () => pinOne(process, addr));
    const [pfn = 0] = all[0]?.pfns ?? [];
    const counts = all.map((pins) => {
      const { pincount } = machine.page(pfn);
      pins.release();
      return pincount;
    });
    expect(counts).toEqual([5, 4, 3, 2, 1]);
    expect(machine.page(pfn).pincount).toBe(0);
    expectSound(machine);
  });
});
