import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type PinPolicy,
  type Process,
} from '../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const FRAMES = 2048 + 512 + 3;

let machine: Machine;
let process: Process;
beforeEach(async () => {
  machine = await Machine.boot({ memory: FRAMES * PAGE_SIZE });
  process = machine.spawn();
});
afterEach(() => machine.close());

/** A private mapping whose pages are all written. */
function anonymous(pages: number): number {
  const at = process.mmap(0, pages * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  process.store(at, new Uint8Array(pages * PAGE_SIZE).fill(1));
  return at;
}

/** A shared mapping of a new memfd, all written. */
function shared(pages: number): number {
  const fd = process.memfdCreate('buf', 0);
  process.ftruncate(fd, pages * PAGE_SIZE);
  const at = process.mmap(0, pages * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
  process.store(at, new Uint8Array(pages * PAGE_SIZE).fill(1));
  return at;
}

function pfnAt(address: number): number {
  return machine.kernel.run((core) => core.pfnAt(process.task, address));
}

const zeroPfn = FRAMES;

describe('vmstat', () => {
  it('counts pages by what they are used for', () => {
    anonymous(3);
    shared(5);
    expect(machine.vmstat()).toMatchObject({
      nr_free_pages: FRAMES - 8,
      nr_anon_pages: 3,
      nr_file_pages: 5,
      nr_shmem: 5,
      nr_mapped: 5,
      nr_page_table_pages: 4, // both mappings lie in one table of the last level
      pgalloc_normal: 8,
      pgfree: 0,
      pgfault: 8,
    });
  });

  it('counts pins taken and given back', () => {
    const pinned = process.pinUserPagesFast(anonymous(3), 3, FOLL_WRITE);
    expect(machine.vmstat()).toMatchObject({ nr_foll_pin_acquired: 3, nr_foll_pin_released: 0 });
    pinned.release();
    expect(machine.vmstat()).toMatchObject({ nr_foll_pin_acquired: 3, nr_foll_pin_released: 3 });
  });
});

describe('meminfo', () => {
  it('adds up in kB', () => {
    const before = machine.meminfo();
    expect(before).toMatchObject({ MemTotal: FRAMES * 4, MemFree: FRAMES * 4, SwapTotal: 0 });
    anonymous(3);
    shared(5);
    const after = machine.meminfo();
    expect(after).toMatchObject({
      MemFree: (FRAMES - 8) * 4,
      MemAvailable: (FRAMES - 8) * 4,
      Cached: 20,
      Shmem: 20,
      AnonPages: 12,
      Mapped: 20,
      PageTables: 16,
      SwapFree: 0,
    });
    expect(after.Slab).toBeGreaterThan(before.Slab);
  });
});

describe('buddyinfo', () => {
  it('shows memory that was never used as the largest blocks', () => {
    const free = [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2];
    expect(machine.buddyinfo()).toEqual([{ node: 0, zone: 'Normal', free }]);
  });

  it('leaves out what is used, and what a CPU keeps at hand', () => {
    anonymous(1);
    const [row] = machine.buddyinfo();
    const pages = row?.free.reduce((sum, blocks, order) => sum + blocks * 2 ** order, 0);
    expect(pages).toBe(FRAMES - 63); // a CPU takes 63 pages at a time
  });
});

describe('page', () => {
  it('describes an anonymous page', () => {
    const at = anonymous(1);
    expect(machine.page(pfnAt(at))).toEqual({
      refcount: 2, // its entry, and an LRU batch
      mapcount: 1,
      pincount: 0,
      flags: ['uptodate', 'anon_exclusive', 'swapbacked', 'anon'],
      mapping: 'anon_vma',
      index: at / PAGE_SIZE,
    });
  });

  it('describes a page of a file', () => {
    const at = shared(3);
    expect(machine.page(pfnAt(at + 2 * PAGE_SIZE))).toEqual({
      refcount: 3, // its entry, the page cache, and an LRU batch
      mapcount: 1,
      pincount: 0,
      flags: ['uptodate', 'dirty', 'swapbacked'],
      mapping: 'inode 1 (memfd "buf")',
      index: 2,
    });
  });

  it('describes free pages', () => {
    const nothing = { refcount: 0, mapcount: 0, pincount: 0, mapping: null, index: 0 };
    expect(machine.page(100)).toEqual({ ...nothing, flags: ['buddy'] });
    const at = anonymous(1);
    const pfn = pfnAt(at);
    process.munmap(at, PAGE_SIZE);
    expect(machine.page(pfn)).toEqual({ ...nothing, flags: [] }); // in the list of a CPU
    expect(machine.page(FRAMES - 1)).toEqual({ ...nothing, flags: ['buddy'] });
  });

  it.each<PinPolicy>([
    'get-page',
    'pincount',
    'i-mmap-writable',
    'i-mmap-writable-percpu',
    'read-write-split',
  ])('shows pins under policy %s', async (pin) => {
    await machine.close();
    machine = await Machine.boot({ memory: '8MiB', policy: { pin } });
    process = machine.spawn();
    const at = shared(600);
    const pins = [1, 600].map((pages) => process.pinUserPages(at, pages, FOLL_WRITE));
    const [first, last] = [at, at + 599 * PAGE_SIZE].map((address) => pfnAt(address));
    expect(machine.page(first ?? 0).pincount).toBe(2);
    expect(machine.page(last ?? 0).pincount).toBe(1);
    for (const pinned of pins) pinned.release();
    expect(machine.page(first ?? 0).pincount).toBe(0);
  });
});

describe('kpagecount and kpageflags', () => {
  /** Numbers of the KPF_* bits that are set (Linux: kernel-page-flags.h). */
  const bitsOf = (pfn: number) => {
    const flags = machine.kpageflags(pfn);
    return [...Array(64).keys()].filter((bit) => ((flags >> BigInt(bit)) & 1n) !== 0n);
  };

  it('tell how a page is used, as Linux does', () => {
    const [anon, file] = [anonymous(1), shared(1)].map(pfnAt);
    expect(bitsOf(anon ?? 0)).toEqual([3, 11, 12, 14]); // UPTODATE, MMAP, ANON, SWAPBACKED
    expect(bitsOf(file ?? 0)).toEqual([3, 4, 11, 14]); // UPTODATE, DIRTY, MMAP, SWAPBACKED
    expect(machine.kpagecount(file ?? 0)).toBe(1);
  });

  it('know free blocks and the zero page', () => {
    anonymous(1);
    expect(bitsOf(FRAMES - 1)).toEqual([10]); // BUDDY, behind the frontier
    expect(bitsOf(700)).toEqual([10]); // BUDDY, in the middle of a block
    expect(bitsOf(zeroPfn)).toEqual([3, 24]); // UPTODATE, ZERO_PAGE
    expect(machine.kpagecount(700)).toBe(0);
  });

  it('refuse what is no frame', () => {
    expect(() => machine.kpageflags(zeroPfn + 1)).toThrow(RangeError);
    expect(() => machine.page(-1)).toThrow(RangeError);
  });
});
