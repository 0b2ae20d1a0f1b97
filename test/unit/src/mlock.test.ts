// Locked memory: what counts, and what RLIMIT_MEMLOCK refuses.
import { describe, expect, test } from '@jest/globals';
import {
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  MCL_CURRENT,
  MCL_FUTURE,
  MLOCK_ONFAULT,
  Machine,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type MachineOptions,
  type Process,
} from '../../../src/index.js';
import { expectSound, thrownBy } from './support.js';

const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const RW = PROT_READ | PROT_WRITE;

function map(process: Process, pages: number, flags = ANON): number {
  return process.mmap(0, pages * PAGE_SIZE, RW, flags, -1, 0);
}

async function onMachine(
  options: MachineOptions,
  run: (process: Process, machine: Machine) => void,
): Promise<void> {
  const machine = await Machine.boot({ memory: '1MiB', ...options });
  await using _closed = machine;
  const process = machine.spawn();
  run(process, machine);
  expectSound(machine);
  process.exit();
  expect(machine.meminfo().MemFree).toBe(machine.meminfo().MemTotal);
}

/** Pages that the process has locked. */
const locked = (process: Process) => process.status().vmLck / PAGE_SIZE;

describe('what is locked', () => {
  test('follows mlock, munlock, munmap and replacement', async () => {
    await onMachine({}, (process) => {
      const addr = map(process, 8);
      process.mlock(addr, 8 * PAGE_SIZE);
      expect(locked(process)).toBe(8);
      expect(process.smaps()[0]).toMatchObject({ rss: 8 * PAGE_SIZE, locked: 8 * PAGE_SIZE });
      process.munlock(addr + PAGE_SIZE, PAGE_SIZE);
      expect(locked(process)).toBe(7);
      process.munmap(addr + 2 * PAGE_SIZE, PAGE_SIZE);
      process.mmap(addr + 3 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
      expect(locked(process)).toBe(5);
      process.munlockall();
      expect(locked(process)).toBe(0);
    });
  });

  test('on fault: pages come when they are touched, and count from the start', async () => {
    await onMachine({}, (process) => {
      const addr = map(process, 4);
      process.mlock2(addr, 4 * PAGE_SIZE, MLOCK_ONFAULT);
      expect(locked(process)).toBe(4);
      expect(process.smaps()[0]).toMatchObject({
        rss: 0,
        vmFlags: expect.arrayContaining(['lo', 'lf']),
      });
      expect(thrownBy(() => process.madvise(addr, PAGE_SIZE, MADV_DONTNEED)).message).toMatch(
        'EINVAL',
      );
    });
  });

  test('is everything to come after mlockall(MCL_FUTURE)', async () => {
    await onMachine({}, (process) => {
      map(process, 2);
      process.mlockall(MCL_FUTURE);
      map(process, 3);
      process.mmap(0, PAGE_SIZE, PROT_NONE, ANON, -1, 0);
      expect(locked(process)).toBe(4);
      process.mlockall(MCL_CURRENT);
      expect(locked(process)).toBe(6);
      map(process, 1);
      expect(locked(process)).toBe(6);
    });
  });
});

describe('the pages of locked mappings', () => {
  const flagsOf = (process: Process, machine: Machine, addr: number) =>
    machine.page(process.pagemap(addr, 1)[0]?.pfn ?? -1).flags;

  test('are unevictable until the last mapping unlocks or unmaps them', async () => {
    await onMachine({}, (process, machine) => {
      const fd = process.memfdCreate('buf', 0);
      process.ftruncate(fd, PAGE_SIZE);
      const one = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
      const two = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
      process.store(two, [1]);
      process.mlock(one, PAGE_SIZE);
      process.mlock(two, PAGE_SIZE);
      expect(flagsOf(process, machine, one)).toEqual(
        expect.arrayContaining(['mlocked', 'unevictable', 'lru']),
      );
      expect(machine.vmstat()).toMatchObject({ nr_mlock: 1, nr_unevictable: 1 });
      expect(machine.meminfo()).toMatchObject({ Mlocked: 4, Unevictable: 4 });
      process.munlock(one, PAGE_SIZE);
      expect(flagsOf(process, machine, one)).toContain('mlocked');
      process.munmap(two, PAGE_SIZE);
      expect(flagsOf(process, machine, one)).not.toContain('mlocked');
      expect(machine.vmstat()).toMatchObject({ nr_mlock: 0, nr_unevictable: 0 });
    });
  });

  test.each([
    ['written before', true],
    ['faulted in by the lock', false],
  ])('of private memory are locked: %s', async (_, written) => {
    await onMachine({}, (process, machine) => {
      const addr = map(process, 40);
      if (written) process.store(addr, new Uint8Array(40 * PAGE_SIZE));
      process.mlock(addr, 40 * PAGE_SIZE);
      expect(machine.vmstat()).toMatchObject({ nr_mlock: 40, nr_unevictable: 40 });
      process.munlock(addr, 10 * PAGE_SIZE);
      expect(machine.vmstat()).toMatchObject({ nr_mlock: 30, nr_unevictable: 30 });
      process.munmap(addr, 20 * PAGE_SIZE);
      expect(machine.meminfo().Mlocked).toBe(80);
    });
  });
});

describe('a limit', () => {
  test('of 0 forbids locking at all', async () => {
    await onMachine({ rlimitMemlock: 0 }, (process) => {
      const addr = map(process, 1);
      expect(thrownBy(() => process.mlock(addr, PAGE_SIZE)).message).toMatch('EPERM');
      expect(thrownBy(() => process.mlockall(MCL_FUTURE)).message).toMatch('EPERM');
      expect(thrownBy(() => map(process, 1, ANON | MAP_LOCKED)).message).toMatch('EPERM');
      process.munlock(addr, PAGE_SIZE);
    });
  });

  test('counts what is locked already once only', async () => {
    await onMachine({ rlimitMemlock: '16KiB' }, (process) => {
      const addr = map(process, 8);
      process.mlock(addr, 3 * PAGE_SIZE);
      process.mlock(addr, 4 * PAGE_SIZE);
      expect(thrownBy(() => process.mlock(addr, 5 * PAGE_SIZE)).message).toMatch('ENOMEM');
      expect(thrownBy(() => map(process, 1, ANON | MAP_LOCKED)).message).toMatch('EAGAIN');
      expect(thrownBy(() => process.mlockall(MCL_CURRENT)).message).toMatch('ENOMEM');
      process.mlockall(MCL_FUTURE);
      expect(thrownBy(() => map(process, 1)).message).toMatch('EAGAIN');
      expect(locked(process)).toBe(4);
    });
  });
});
