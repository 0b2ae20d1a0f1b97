// Forks on real threads, against those who pin and write the pages that are shared meanwhile.
import { describe, expect, test } from '@jest/globals';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PROT_READ,
  PROT_WRITE,
  policies,
  type CowPolicy,
} from '../../src/index.js';
import { expectNothingLeft, LENGTH, PAGES, race, type Loop } from './support.js';

const COWS = policies()
  .find(({ axis }) => axis === 'cow')
  ?.values.map(({ name }) => name) as CowPolicy[];

async function bootWritten(cow: CowPolicy, workers: number) {
  const machine = await Machine.boot({
    memory: '8MiB',
    cpus: workers + 1,
    policy: { cow },
    build: 'bench',
  });
  const process = machine.spawn();
  const type = MAP_PRIVATE | MAP_ANONYMOUS;
  const addr = process.mmap(0, LENGTH, PROT_READ | PROT_WRITE, type, -1, 0);
  process.store(addr, new Uint8Array(LENGTH).fill(7));
  return { machine, process, addr };
}

describe.each(COWS)('cow: %s', (cow) => {
  test.each([2, 4])('a child sees nothing that its parent writes (%i workers)', async (workers) => {
    const { machine, process, addr } = await bootWritten(cow, workers);
    await using _closed = machine;
    const { task } = process;
    const others: Loop[] = [
      ['storeLoop', task, addr, PAGES],
      ['forkLoop', task, addr, PAGES],
      ['storeLoop', task, addr, PAGES / 2],
    ];
    await race(machine, [['forkLoop', task, addr, PAGES], ...others.slice(0, workers - 1)]);
    expectNothingLeft(machine, [process]);
  });

  test('forks of children race with their own', async () => {
    const { machine, process, addr } = await bootWritten(cow, 2);
    await using _closed = machine;
    const child = process.fork();
    const loops = [process, child].map(({ task }): Loop => ['forkLoop', task, addr, PAGES]);
    await race(machine, loops);
    expectNothingLeft(machine, [process, child]);
  });
});

// Only with a mark in the page do pins keep their pages.
test.each([2, 4])('a pin keeps its page through forks (%i workers)', async (workers) => {
  const { machine, process, addr } = await bootWritten('anon-exclusive', workers);
  await using _closed = machine;
  const { task } = process;
  const others: Loop[] = [
    ['pinWriteLoop', task, addr, PAGES],
    ['pinWriteLoop', task, addr, 1],
    ['storeLoop', task, addr, PAGES],
  ];
  await race(machine, [['forkLoop', task, addr, PAGES], ...others.slice(0, workers - 1)]);
  expectNothingLeft(machine, [process]);
  expect(machine.vmstat().nr_foll_pin_acquired).toBeGreaterThan(0);
});
