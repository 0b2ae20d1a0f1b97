// F_ADD_SEALS and the machine's clock: what waits, for how long, and what may happen meanwhile.
import { describe, expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FOLL_WRITE,
  MFD_ALLOW_SEALING,
  Machine,
  MmError,
  O_RDWR,
  PAGE_SIZE,
  type PinnedPages,
  type Process,
} from '../../../src/index.js';
import { runTogether } from '../../../src/contend/cell.js';
import { expectAllFree, expectSound, mapMemfd, outcome, thrownBy } from './support.js';

/** A file of three pages of which `pinned` stay pinned after the mapping went. */
interface Pinned {
  readonly machine: Machine;
  readonly process: Process;
  readonly fd: number;
  readonly pins: PinnedPages;
}

async function bootWithPins(pinned = 3): Promise<Pinned> {
  const machine = await Machine.boot({ memory: '1MiB' });
  const process = machine.spawn();
  const { fd, addr, length } = mapMemfd(process, 3);
  process.store(addr, new Uint8Array(length).fill(1));
  const pins = process.pinUserPagesFast(addr, pinned, FOLL_WRITE);
  process.munmap(addr, length);
  return { machine, process, fd, pins };
}

const seal = ({ process, fd }: Pinned) => process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
const sealsOf = ({ process, fd }: Pinned) => process.fcntl(fd, F_GET_SEALS);

describe('sealing a file whose pages are pinned', () => {
  test('fails with EBUSY after exactly 150 ms of the clock', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    const start = machine.now();
    expect(outcome(() => seal(world))).toBe('EBUSY');
    expect(machine.now() - start).toBe(150);
    expect(sealsOf(world)).toBe(0);
    world.pins.write(0, [7]); // nothing was promised
    expectSound(machine);
  });

  test('waits only where a pin is in the way', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    world.pins.release();
    seal(world);
    expect(machine.now()).toBe(0);
    expect(sealsOf(world)).toBe(F_SEAL_WRITE);
  });

  test.each([F_SEAL_GROW, F_SEAL_SHRINK, F_SEAL_GROW | F_SEAL_SHRINK])(
    'does not wait for seals %# that leave the contents alone',
    async (seals) => {
      const world = await bootWithPins();
      await using machine = world.machine;
      world.process.fcntl(world.fd, F_ADD_SEALS, seals);
      expect(machine.now()).toBe(0);
      expect(sealsOf(world)).toBe(seals);
    },
  );

  // The scans are at 0, 10, 30, 70 and 150 ms: before each the sleep doubles.
  test.each([
    [0, 10],
    [5, 10],
    [10, 10],
    [10.5, 30],
    [29, 30],
    [31, 70],
    [70, 70],
    [71, 150],
    [149.5, 150],
    [150, 150],
  ])('a pin that is released at %d ms lets it succeed at %d ms', async (released, sealed) => {
    const world = await bootWithPins();
    await using machine = world.machine;
    let when = -1;
    machine.at(released, () => {
      when = machine.now();
      world.pins.release();
    });
    seal(world);
    expect([when, machine.now()]).toEqual([released, sealed]);
    expect(sealsOf(world)).toBe(F_SEAL_WRITE);
    expectSound(machine);
  });

  test('a release that comes too late does not help', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    machine.at(150.5, () => world.pins.release());
    expect(outcome(() => seal(world))).toBe('EBUSY');
    expect(world.pins.released).toBe(false);
    machine.advance(0.5 + 0.5);
  });

  test('pages released one after the other are each waited for', async () => {
    const machine = await Machine.boot({ memory: '1MiB' });
    await using _closed = machine;
    const process = machine.spawn();
    const { fd, addr, length } = mapMemfd(process, 3);
    const pins = [0, 1, 2].map((page) =>
      process.pinUserPages(addr + page * PAGE_SIZE, 1, FOLL_WRITE),
    );
    process.munmap(addr, length);
    pins.forEach((pin, page) => machine.at(8 + 25 * page, () => pin.release())); // 8, 33, 58
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    expect(machine.now()).toBe(70);
  });

  test('can be tried again, and waits again', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    expect(outcome(() => seal(world))).toBe('EBUSY');
    expect(outcome(() => seal(world))).toBe('EBUSY');
    expect(machine.now()).toBe(300);
    world.pins.release();
    seal(world);
    expect(machine.now()).toBe(300);
    expectSound(machine);
  });

  test('counts its waits in vmstat', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    expect(outcome(() => seal(world))).toBe('EBUSY');
    expect(machine.vmstat().seal_pin_waits).toBe(4);
  });
});

describe('what it says when pins are in the way', () => {
  test.each([
    [1, '1 page of memfd "buf" is pinned'],
    [3, '3 pages of memfd "buf" are pinned'],
  ])('%d', async (pages, reason) => {
    const world = await bootWithPins(pages);
    await using _closed = world.machine;
    const error = thrownBy(() => seal(world));
    expect(error.message).toBe(`fcntl(F_ADD_SEALS, F_SEAL_WRITE): EBUSY: ${reason}`);
    expect(error).toBeInstanceOf(MmError);
    expect(error).toMatchObject({ code: 'EBUSY', errno: -16, syscall: 'fcntl' });
  });

  test('counts the pages of this file, also when its descriptor was closed meanwhile', async () => {
    const world = await bootWithPins(2);
    await using machine = world.machine;
    machine.at(20, () => world.process.close(world.fd));
    const error = thrownBy(() => seal(world));
    expect(error.message).toMatch(/EBUSY: 2 pages of memfd "buf" are pinned$/);
    world.pins.release();
    world.process.exit();
    expectAllFree(machine);
  });
});

describe('what happens while it waits', () => {
  test('an error that a callback throws is thrown once the call has ended', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    const boom = new Error('boom');
    machine.at(15, () => {
      throw boom;
    });
    machine.at(40, () => world.pins.release());
    expect(thrownBy(() => seal(world))).toBe(boom);
    expect(machine.now()).toBe(70);
    expect(sealsOf(world)).toBe(F_SEAL_WRITE);
    expectSound(machine);
  });

  test('the first of several errors is the one that is thrown', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    for (const ms of [5, 6, 25]) {
      machine.at(ms, () => {
        throw new Error(`at ${ms}`);
      });
    }
    machine.at(60, () => world.pins.release());
    expect(thrownBy(() => seal(world)).message).toBe('at 5');
    expectSound(machine);
  });

  // Each would need the lock that the sealer holds, and nobody but the caller could release it.
  const LOCKED: Record<string, (process: Process, fd: number) => unknown> = {
    ftruncate: (process, fd) => process.ftruncate(fd, 0),
    write: (process, fd) => process.write(fd, [1]),
    pwrite: (process, fd) => process.pwrite(fd, [1], 0),
    'fallocate to allocate': (process, fd) => process.fallocate(fd, 0, 0, 8 * PAGE_SIZE),
    'fallocate to punch': (process, fd) =>
      process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE_SIZE),
    'another F_ADD_SEALS': (process, fd) => process.fcntl(fd, F_ADD_SEALS, F_SEAL_GROW),
    fchmod: (process, fd) => process.fchmod(fd, 0o600),
  };

  test.each(Object.entries(LOCKED))(
    '%s on the same file fails with EDEADLK and changes nothing',
    async (_name, call) => {
      const world = await bootWithPins();
      await using machine = world.machine;
      const { process, fd } = world;
      const state = () => [process.fstat(fd), sealsOf(world), [...process.pread(fd, 16, 0)]];
      const before = state();
      let error: unknown;
      let after: unknown;
      machine.at(20, () => {
        error = thrownBy(() => call(process, fd));
        after = state();
        world.pins.release();
      });
      seal(world);
      expect(error).toBeInstanceOf(MmError);
      expect(error).toMatchObject({ code: 'EDEADLK', errno: -35 });
      expect(after).toEqual(before);
      expect(sealsOf(world)).toBe(F_SEAL_WRITE);
      expectSound(machine);
    },
  );

  test('also while another CPU is busy: it could not release the lock either', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', cpus: 2, build: 'bench' });
    const process = machine.spawn();
    const other = machine.spawn();
    const place = mapMemfd(other, 1).addr;
    const { fd, addr, length } = mapMemfd(process, 1);
    const pins = process.pinUserPages(addr, 1, FOLL_WRITE);
    process.munmap(addr, length);
    let result = '';
    machine.at(20, () => {
      result = outcome(() => process.ftruncate(fd, 0));
      pins.release();
    });
    const loop = () => machine.kernel.call(1, 'touchLoop', other.task, place, 1, true);
    await runTogether(machine.kernel, [loop], async () => {
      await Promise.resolve();
      process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    });
    expect(result).toBe('EDEADLK');
    expect(machine.now()).toBe(30);
    expectSound(machine);
  });

  test('what needs no lock of the file works', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    const { process, fd } = world;
    const seen: unknown[] = [];
    machine.at(20, () => {
      seen.push(
        process.fstat(fd).size,
        [...process.pread(fd, 2, 0)],
        process.fcntl(fd, F_GET_SEALS),
      );
      seen.push(outcome(() => mapMemfd(machine.spawn(), 2)));
      world.pins.release();
    });
    seal(world);
    expect(seen).toEqual([3 * PAGE_SIZE, [1, 1], 0, 'ok']);
  });

  test('another file can be sealed, and its wait passes on the same clock', async () => {
    const outer = await bootWithPins();
    await using machine = outer.machine;
    const inner = machine.spawn();
    const { fd, addr, length } = mapMemfd(inner, 1);
    const pin = inner.pinUserPages(addr, 1, FOLL_WRITE);
    inner.munmap(addr, length);
    let result = '';
    machine.at(5, () => {
      machine.at(35, () => outer.pins.release());
      result = outcome(() => inner.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    });
    seal(outer);
    expect(result).toBe('EBUSY');
    expect(machine.now()).toBe(155);
    pin.release();
    expectSound(machine);
  });

  test('the process that waits may exit', async () => {
    const world = await bootWithPins();
    await using machine = world.machine;
    machine.at(20, () => world.process.exit());
    expect(outcome(() => seal(world))).toBe('EBUSY');
    world.pins.release();
    expectAllFree(machine);
  });

  test('a machine that is closed ends the call', async () => {
    const world = await bootWithPins();
    let closing: Promise<void> | undefined;
    world.machine.at(20, () => {
      closing = world.machine.close();
    });
    const error = thrownBy(() => seal(world));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('the machine is closed');
    await closing;
  });
});

describe('who may add seals', () => {
  test('is told about a bad descriptor', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const error = thrownBy(() => machine.spawn().fcntl(7, F_ADD_SEALS, F_SEAL_WRITE));
    expect(error.message).toBe('fcntl(F_ADD_SEALS, F_SEAL_WRITE): EBADF: bad file descriptor 7');
  });

  test('must have the file open for writing', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
    const readOnly = process.open(`/proc/self/fd/${fd}`, 0);
    const writable = process.open(`/proc/self/fd/${fd}`, O_RDWR);
    expect(outcome(() => process.fcntl(readOnly, F_ADD_SEALS, F_SEAL_GROW))).toBe('EPERM');
    expect(outcome(() => process.fcntl(writable, F_ADD_SEALS, F_SEAL_GROW))).toBe('ok');
    expect(process.fcntl(readOnly, F_GET_SEALS)).toBe(F_SEAL_GROW);
  });

  test('is told about the mappings that may write', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const { fd, addr, length } = mapMemfd(process, 2);
    const message = () => thrownBy(() => process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)).message;
    expect(message()).toMatch(/EBUSY: 1 shared mapping may write to memfd "buf"$/);
    process.mprotect(addr, length / 2, 0); // still may be made writable again, and is two now
    expect(message()).toMatch(/EBUSY: 2 shared mappings may write to memfd "buf"$/);
    expect(machine.now()).toBe(0);
  });
});
