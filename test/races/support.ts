/**
 * What the races have in common: machines with workers, their loops, and the balance afterwards.
 */
import { expect } from '@jest/globals';
import { runTogether } from '../../src/contend/cell.js';
import {
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Contents,
  type PinPolicy,
  type Process,
} from '../../src/index.js';

/** How long each race runs; MMEMU_RACE_SECONDS makes it longer. */
const SECONDS = Number(process.env['MMEMU_RACE_SECONDS'] ?? 0.3);

/** The pages that are raced for: more than one page table has at once on its way, few enough. */
export const PAGES = 64;
export const LENGTH = PAGES * PAGE_SIZE;

/** A machine of the bench build with so many workers. */
export function bootRace(pin: PinPolicy, contents: Contents, workers: number): Promise<Machine> {
  return Machine.boot({
    memory: '4MiB',
    cpus: workers + 1,
    contents,
    policy: { pin, seal: pin === 'get-page' ? 'wait-for-pins' : 'refuse-if-counted' },
    build: 'bench',
  });
}

/** A process that maps a file of PAGES pages. */
export interface Mapped {
  readonly process: Process;
  readonly task: number;
  readonly fd: number;
  readonly addr: number;
}

/** Makes a file, and maps it whole. */
export function mapFile(machine: Machine): Mapped {
  const process = machine.spawn();
  const fd = process.memfdCreate('raced', MFD_ALLOW_SEALING);
  process.ftruncate(fd, LENGTH);
  const addr = process.mmap(0, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return { process, task: process.task, fd, addr };
}

/** One loop: an export of assembly/bench/race.ts, and its arguments. */
export type Loop = readonly [name: string, ...args: (number | boolean)[]];

/**
 * Runs one loop on each worker for the time of a race, and expects each to have gone round, the
 * machine to be sound, and every pin to have been given back.
 */
export async function race(machine: Machine, loops: readonly Loop[]): Promise<number[]> {
  const { kernel } = machine;
  const calls = loops.map(
    ([name, ...args], index) =>
      () =>
        kernel.call(index + 1, name, ...args),
  );
  const rounds = await runTogether(
    kernel,
    calls,
    () => new Promise((resolve) => setTimeout(resolve, SECONDS * 1000)),
  );
  const failed = loops.flatMap(([name], index) => {
    const went = rounds[index] ?? 0;
    return went > 0 ? [] : [[name, went]];
  });
  expect(failed).toEqual([]);
  expect(machine.verify()).toEqual([]);
  const { nr_foll_pin_acquired, nr_foll_pin_released } = machine.vmstat();
  expect(nr_foll_pin_released).toBe(nr_foll_pin_acquired);
  return rounds;
}

/** Ends the processes, and expects all memory to be free again. */
export function expectNothingLeft(machine: Machine, processes: readonly Process[]): void {
  for (const process of processes) process.exit();
  machine.kernel.run((core) => core.lruAddDrainAll()); // pages wait in the other CPUs' batches
  const { MemTotal, MemFree, Cached, AnonPages, PageTables } = machine.meminfo();
  expect({ MemFree, Cached, AnonPages, PageTables }).toEqual({
    MemFree: MemTotal,
    Cached: 0,
    AnonPages: 0,
    PageTables: 0,
  });
  expect(machine.verify()).toEqual([]);
}
