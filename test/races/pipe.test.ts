// A CPU that waits for a pipe sleeps without its lock, and another one wakes it.
import { expect, test } from '@jest/globals';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/index.js';
import { PERCPU_SCRATCH } from '../../src/wasm/generated/layout.js';

const BYTES = 16 * PAGE_SIZE;

async function withPipe(
  body: (machine: Machine, ends: [number, number], scratch: number) => Promise<void>,
): Promise<void> {
  await using machine = await Machine.boot({ memory: '4MiB', cpus: 2 });
  const process = machine.spawn();
  const ends = process.pipe();
  await body(machine, ends, machine.kernel.views.perCpu(1) + PERCPU_SCRATCH);
  expect(machine.verify()).toEqual([]);
}

/** Waits until CPU 1 sleeps. */
async function asleep({ kernel }: Machine): Promise<void> {
  const area = kernel.views.perCpu(1);
  while (kernel.views.read('PerCpu', 'waitingOn', area) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('a reader gets what another CPU writes', () =>
  withPipe(async (machine, [readEnd, writeEnd], scratch) => {
    const [process] = machine.processes();
    if (process === undefined) throw new Error('there is a process');
    const { kernel } = machine;
    const file = await kernel.call(1, 'sysReadBegin', process.task, readEnd, false);
    const got = kernel.call(1, 'sysRead', file, 0, scratch, 100);
    await asleep(machine);
    expect(process.write(writeEnd, [1, 2, 3])).toBe(3);
    expect(await got).toBe(3);
    expect([...kernel.views.copy(scratch, 3)]).toEqual([1, 2, 3]);
    await kernel.call(1, 'sysReadEnd', file);
  }));

test('a reader sees the end when another CPU closes the last writer', () =>
  withPipe(async (machine, [readEnd, writeEnd], scratch) => {
    const [process] = machine.processes();
    if (process === undefined) throw new Error('there is a process');
    const { kernel } = machine;
    const file = await kernel.call(1, 'sysReadBegin', process.task, readEnd, false);
    const got = kernel.call(1, 'sysRead', file, 0, scratch, 100);
    await asleep(machine);
    process.close(writeEnd);
    expect(await got).toBe(0);
    await kernel.call(1, 'sysReadEnd', file);
  }));

test('vmsplice gets the space that another CPU makes', () =>
  withPipe(async (machine, [readEnd, writeEnd]) => {
    const [process] = machine.processes();
    if (process === undefined) throw new Error('there is a process');
    const prot = PROT_READ | PROT_WRITE;
    const addr = process.mmap(0, PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    process.store(addr, [7]);
    expect(process.write(writeEnd, new Uint8Array(BYTES))).toBe(BYTES);
    const done = machine.kernel.call(1, 'sysVmsplice', process.task, writeEnd, addr, 1, 0);
    await asleep(machine);
    expect(process.read(readEnd, PAGE_SIZE).length).toBe(PAGE_SIZE);
    expect(await done).toBe(1);
    expect(process.read(readEnd, 2 * BYTES).at(-1)).toBe(7);
  }));
