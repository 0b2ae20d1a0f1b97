// Reclaim on real threads against those who use, give up and pin the pages that it takes.
import { describe, expect, test } from '@jest/globals';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/index.js';
import { bootRace, expectNothingLeft, LENGTH, PAGES, race, type Loop } from './support.js';

describe.each([2, 4])('%d workers', (workers) => {
  test('lazily freed pages go, or are written again, or are pinned', async () => {
    await using machine = await bootRace('pincount', 'full', workers);
    const process = machine.spawn();
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const addr = process.mmap(0, LENGTH, PROT_READ | PROT_WRITE, flags, -1, 0);
    const { task } = process;
    process.store(addr, new Uint8Array(LENGTH).fill(6));
    const others: Loop[] = [
      ['freeLoop', task, addr, LENGTH],
      ['touchLoop', task, addr, LENGTH, true],
      ['pinLoop', task, addr, PAGES],
    ];
    await race(machine, [['reclaimLoop', PAGES], ...others.slice(0, workers - 1)]);
    const bytes = process.load(addr, LENGTH);
    // A page is what was written to it, or was dropped whole and is zeros.
    const pages = Array.from({ length: PAGES }, (_, i) =>
      bytes.subarray((i * LENGTH) / PAGES, ((i + 1) * LENGTH) / PAGES),
    );
    expect(pages.every((page) => page.every((byte) => byte === page[0]))).toBe(true);
    expect(pages.every((page) => page[0] === 0 || page[0] === 6)).toBe(true);
    expect(machine.vmstat().pglazyfreed).toBeGreaterThan(0);
    expectNothingLeft(machine, [process]);
  });
});
