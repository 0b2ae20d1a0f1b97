// Swap on real threads: pages go out while others use, pin, fork and drop them.
import { describe, expect, test } from '@jest/globals';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PROT_READ,
  PROT_WRITE,
  type Machine,
  type Process,
} from '../../src/index.js';
import { bootRace, expectNothingLeft, LENGTH, mapFile, PAGES, race, type Loop } from './support.js';

/** Frames of the machines that race: what pages out looks at all of them. */
const FRAMES = 1024;

function contents(): Uint8Array {
  return Uint8Array.from({ length: LENGTH }, (_, i) => (i >> 12) * 5 + 1);
}

async function bootSwap(workers: number): Promise<Machine> {
  const machine = await bootRace('pincount', 'full', workers);
  machine.swapon('1MiB');
  return machine;
}

/** Private memory with contents. */
function mapPrivate(process: Process): number {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const addr = process.mmap(0, LENGTH, PROT_READ | PROT_WRITE, flags, -1, 0);
  process.store(addr, contents());
  return addr;
}

/** What only a lost race for a lock has left in the swap cache goes with the next reclaim. */
function expectSwapEmpty(machine: Machine): void {
  machine.reclaim(FRAMES);
  const { SwapTotal, SwapFree, SwapCached } = machine.meminfo();
  expect({ SwapFree, SwapCached }).toEqual({ SwapFree: SwapTotal, SwapCached: 0 });
}

describe.each([2, 4])('%d workers', (workers) => {
  test('private pages go out while others touch and pin them', async () => {
    await using machine = await bootSwap(workers);
    const process = machine.spawn();
    const { task } = process;
    const addr = mapPrivate(process);
    const others: Loop[] = [
      ['touchLoop', task, addr, LENGTH, true],
      ['pinLoop', task, addr, PAGES],
      ['touchLoop', task, addr, LENGTH, false],
    ];
    await race(machine, [['pageOutLoop', 0, FRAMES], ...others.slice(0, workers - 1)]);
    expect(machine.vmstat().pswpin).toBeGreaterThan(0);
    expect(process.load(addr, LENGTH)).toEqual(contents());
    process.exit();
    expectSwapEmpty(machine);
    expectNothingLeft(machine, []);
  });

  test('pages that parent and children share go out and come back', async () => {
    await using machine = await bootSwap(workers);
    const parent = machine.spawn();
    const addr = mapPrivate(parent);
    const children = Array.from({ length: workers - 1 }, () => parent.fork());
    const loops = children.map((child, index): Loop => [
      'touchLoop',
      child.task,
      addr,
      LENGTH,
      index % 2 === 1,
    ]);
    await race(machine, [['pageOutLoop', 0, FRAMES], ...loops]);
    for (const process of [parent, ...children]) {
      expect(process.load(addr, LENGTH)).toEqual(contents());
      process.exit();
    }
    expectSwapEmpty(machine);
    expectNothingLeft(machine, []);
  });

  test('pages of a file go out while others map it, touch it and punch it out', async () => {
    await using machine = await bootSwap(workers);
    const { process, task, fd, addr } = mapFile(machine);
    process.store(addr, contents());
    const others: Loop[] = [
      ['touchLoop', task, addr, LENGTH, true],
      ['pinLoop', task, addr, PAGES],
      ['remapLoop', task, addr, LENGTH, fd],
    ];
    await race(machine, [['pageOutLoop', 0, FRAMES], ...others.slice(0, workers - 1)]);
    expect(process.pread(fd, LENGTH, 0)).toEqual(contents());
    await race(machine, [
      ['punchLoop', task, fd, LENGTH],
      ['pageOutLoop', 0, FRAMES],
    ]);
    process.exit();
    expectSwapEmpty(machine);
    expectNothingLeft(machine, []);
  });

  test('swapoff takes the device away under all of that', async () => {
    await using machine = await bootSwap(workers);
    const process = machine.spawn();
    const { task } = process;
    const addr = mapPrivate(process);
    const others: Loop[] = [
      ['touchLoop', task, addr, LENGTH, true],
      ['pageOutLoop', 0, FRAMES],
      ['touchLoop', task, addr, LENGTH, false],
    ];
    await race(machine, [['swapLoop', PAGES * 2], ...others.slice(0, workers - 1)]);
    expect(process.load(addr, LENGTH)).toEqual(contents());
    process.exit();
    expectSwapEmpty(machine);
    expectNothingLeft(machine, []);
  });
});
