import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = 0x1000_0000;
const FILE = 0x2000_0000;
const COPY = 0x3000_0000;
const ZERO = 0x4000_0000;

let machine: Machine;
let process: Process;
/** The mappings of a program whose views Linux 6.18.44 has printed. */
beforeEach(async () => {
  machine = await Machine.boot({ memory: '8MiB' });
  process = machine.spawn();
  process.mmap(ANON, 8 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  process.store(ANON, [1]);
  process.load(ANON + PAGE_SIZE, 1);
  const fd = process.memfdCreate('a b\nc', 0);
  process.ftruncate(fd, 4 * PAGE_SIZE);
  process.mmap(FILE, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  process.store(FILE, [1]);
  process.mmap(COPY, 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, fd, PAGE_SIZE);
  process.store(COPY, [1]);
  process.load(COPY + PAGE_SIZE, 1);
  const shared = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
  process.mmap(ZERO, 4 * PAGE_SIZE, PROT_READ, shared, -1, 0);
  process.mprotect(ANON, PAGE_SIZE, PROT_NONE);
});
afterEach(() => machine.close());

describe('procMaps', () => {
  it('prints what the kernel prints, with trailing blanks, columns and escapes', () => {
    const ino = process.procMaps().match(/00:01 (\d+)/)?.[1] ?? '';
    const name = (line: string) => line.padEnd(73);
    expect(process.procMaps().split('\n')).toEqual([
      '10000000-10001000 ---p 00000000 00:00 0 ',
      '10001000-10008000 rw-p 00000000 00:00 0 ',
      `${name(`20000000-20004000 rw-s 00000000 00:01 ${ino} `)}/memfd:a b\\012c (deleted)`,
      `${name(`30000000-30004000 rw-p 00001000 00:01 ${ino} `)}/memfd:a b\\012c (deleted)`,
      `${name(`40000000-40004000 r--s 00000000 00:01 ${Number(ino) + 1} `)}/dev/zero (deleted)`,
      '',
    ]);
  });

  it('is empty for a new process', () => {
    expect(machine.spawn().procMaps()).toBe('');
  });
});

describe('pagemap', () => {
  const bits = (addr: number, nrPages: number) =>
    process.pagemap(addr, nrPages).map((entry) => {
      const names = ['present', 'swapped', 'filePage', 'exclusive', 'softDirty', 'guard'] as const;
      return names.filter((name) => entry[name]).join(' ');
    });

  it('tells private pages, the zero page and what was never touched apart', () => {
    expect(bits(ANON, 3)).toEqual(['present exclusive', 'present', '']);
  });

  it('marks pages of files, but not private copies of them', () => {
    expect(bits(FILE, 2)).toEqual(['present filePage exclusive', '']);
    expect(bits(COPY, 3)).toEqual(['present exclusive', 'present filePage exclusive', '']);
  });

  it('knows the frame, from any address in the page', () => {
    const [entry] = process.pagemap(FILE + 5, 1);
    expect(machine.page(entry?.pfn ?? -1)).toMatchObject({ mapcount: 1, index: 0 });
    expect(process.pagemap(ANON + PAGE_SIZE, 1)[0]?.pfn).toBe(8 * 256); // the zero page
  });

  it('has an entry for holes, and none behind the last address', () => {
    expect(bits(0x5000_0000, 2)).toEqual(['', '']);
    expect(process.pagemap(2 ** 47 - 2 * PAGE_SIZE, 3)).toHaveLength(1);
    expect(process.pagemap(2 ** 47, 3)).toEqual([]);
  });

  it('refuses what is no number of pages', () => {
    expect(() => process.pagemap(ANON, -1)).toThrow(RangeError);
    expect(() => process.pagemap(ANON, 1.5)).toThrow(RangeError);
    expect(() => process.pagemap(NaN, 1)).toThrow(RangeError);
  });
});

describe('smaps and status', () => {
  it('measure what is in memory, without the zero page', () => {
    const rows = process.smaps().map(({ start, rss, pss }) => [start, rss, pss]);
    expect(rows).toEqual([
      [ANON, PAGE_SIZE, PAGE_SIZE],
      [ANON + PAGE_SIZE, 0, 0],
      [FILE, PAGE_SIZE, PAGE_SIZE],
      [COPY, 2 * PAGE_SIZE, 2 * PAGE_SIZE],
      [ZERO, 0, 0],
    ]);
    expect(process.status()).toEqual({
      vmSize: 20 * PAGE_SIZE,
      vmRSS: 4 * PAGE_SIZE,
      vmLck: 0,
      vmSwap: 0,
    });
  });

  it('share a page among those who map it', () => {
    const fd = process.memfdCreate('shared', 0);
    process.ftruncate(fd, PAGE_SIZE);
    const first = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    process.mmap(first + 2 * PAGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    const third = first + 4 * PAGE_SIZE;
    process.mmap(third, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    for (const at of [first, first + 2 * PAGE_SIZE, third]) process.store(at, [1]);
    const row = process.smaps().find(({ start }) => start === first);
    expect(row).toMatchObject({ rss: PAGE_SIZE, pss: Math.floor(PAGE_SIZE / 3) });
  });

  it('name the flags of a mapping as the kernel does', () => {
    const flags = process.smaps().map(({ vmFlags }) => vmFlags.join(' '));
    expect(flags[2]).toBe('rd wr sh mr mw me ms');
    expect(flags[4]).toBe('rd sh mr mw me ms');
  });
});
