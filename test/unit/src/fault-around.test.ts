import { describe, expect, it } from '@jest/globals';
import { Machine, MAP_SHARED, PAGE_SIZE, PROT_READ, PROT_WRITE } from '../../../src/index.js';

const PAGES = 40;

/** A mapping of a file of which each page but those `without` is in memory. */
function mapped(machine: Machine, without: readonly number[] = []) {
  const process = machine.spawn();
  const fd = process.memfdCreate('file', 0);
  process.ftruncate(fd, PAGES * PAGE_SIZE);
  for (let page = 0; page < PAGES; page++) {
    if (!without.includes(page)) process.pwrite(fd, [page], page * PAGE_SIZE);
  }
  const length = PAGES * PAGE_SIZE;
  const addr = process.mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const present = () => {
    const entries = process.pagemap(addr, PAGES);
    return [...entries.keys()].filter((page) => entries[page]?.present);
  };
  return { process, addr, present };
}

/** The pages of the window of 16 that holds a page, within the mapping. */
function windowOf(addr: number, page: number): number[] {
  const first = Math.floor((addr / PAGE_SIZE + page) / 16) * 16 - addr / PAGE_SIZE;
  const all = Array.from({ length: 16 }, (_, i) => Math.max(first, 0) + i);
  return all.filter((each) => each < PAGES);
}

describe('a read fault on a file', () => {
  it('maps the window of 16 pages around it', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const { process, addr, present } = mapped(machine);
    process.load(addr + 20 * PAGE_SIZE, 1);
    expect(present()).toEqual(windowOf(addr, 20));
    expect(machine.verify()).toEqual([]);
  });

  it('passes over pages that are not in memory, and makes the one it is about', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const { process, addr, present } = mapped(machine, [20, 21]);
    process.load(addr + 20 * PAGE_SIZE, 1);
    expect(present()).toEqual(windowOf(addr, 20).filter((page) => page !== 21));
    expect(machine.verify()).toEqual([]);
  });

  it('maps one page when asked to, and when it writes', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', faultAround: PAGE_SIZE });
    const { process, addr, present } = mapped(machine);
    process.load(addr + 20 * PAGE_SIZE, 1);
    expect(present()).toEqual([20]);
    await using other = await Machine.boot({ memory: '1MiB' });
    const written = mapped(other);
    written.process.store(written.addr + 20 * PAGE_SIZE, [1]);
    expect(written.present()).toEqual([20]);
  });
});
