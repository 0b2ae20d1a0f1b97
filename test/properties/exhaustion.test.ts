// Memory that runs out: an error that says so, a machine that stays sound, and nothing lost.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  FOLL_WRITE,
  Machine,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PAGE_SIZE,
  type PinnedPages,
  type Process,
  PROT_READ,
  PROT_WRITE,
} from '../../src/index.js';
import {
  endWorld,
  expectSound,
  holdsForPrograms,
  perform,
  type Call,
  type Value,
  type World,
} from './support.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const MEMORY = 2 ** 20;
const PAGES = MEMORY / PAGE_SIZE;

/** Does something again and again until it fails; how often it went well, and the error's code. */
function untilItFails(action: (round: number) => unknown): { rounds: number; code: string } {
  for (let round = 0; round < 1e6; round++) {
    try {
      action(round);
    } catch (error) {
      if (error instanceof Error && 'code' in error)
        return { rounds: round, code: String(error.code) };
      throw error;
    }
  }
  throw new Error('memory does not run out');
}

async function bootFull(options = {}): Promise<World> {
  const machine = await Machine.boot({ memory: MEMORY, ...options });
  return { machine, processes: [machine.spawn()], held: [] };
}

/** Ways to take every frame. Each leaves what it took for the end of the process. */
const FRAMES: Record<string, (process: Process, machine: Machine) => { code: string }> = {
  'private faults': (process) => {
    const addr = process.mmap(0, 2 * MEMORY, RW, ANON, -1, 0);
    return untilItFails((page) => process.store(addr + page * PAGE_SIZE, [1]));
  },
  'shared faults': (process) => {
    const addr = process.mmap(0, 2 * MEMORY, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return untilItFails((page) => process.load(addr + page * PAGE_SIZE, 1));
  },
  'one large store': (process) => {
    const addr = process.mmap(0, 2 * MEMORY, RW, ANON, -1, 0);
    return untilItFails(() => process.store(addr, new Uint8Array(2 * MEMORY)));
  },
  'writes to a file': (process) => {
    const fd = process.memfdCreate('full', 0);
    return untilItFails((page) => process.pwrite(fd, [1], page * PAGE_SIZE));
  },
  'faults of a file': (process) => {
    const fd = process.memfdCreate('full', 0);
    process.ftruncate(fd, 2 * MEMORY);
    const addr = process.mmap(0, 2 * MEMORY, RW, MAP_SHARED, fd, 0);
    return untilItFails((page) => process.store(addr + page * PAGE_SIZE, [1]));
  },
  'copies of a file’s pages': (process) => {
    const fd = process.memfdCreate('most', 0);
    const length = MEMORY * 0.75;
    process.ftruncate(fd, length);
    const addr = process.mmap(0, length, RW, MAP_PRIVATE, fd, 0);
    process.load(addr, length);
    return untilItFails((page) => process.store(addr + page * PAGE_SIZE, [1]));
  },
  'pins that fault': (process) => {
    const addr = process.mmap(0, 2 * MEMORY, RW, ANON, -1, 0);
    const pins: PinnedPages[] = [];
    const end = untilItFails((page) => {
      pins.push(process.pinUserPagesFast(addr + page * PAGE_SIZE, 1, FOLL_WRITE));
    });
    for (const pin of pins) pin.release();
    return end;
  },
  'several processes': (process, machine) => {
    const others = [process, machine.spawn(), machine.spawn()];
    const addrs = others.map((each) => each.mmap(0, MEMORY, RW, ANON, -1, 0));
    const end = untilItFails((round) => {
      const at = (addrs[round % 3] ?? 0) + Math.floor(round / 3) * PAGE_SIZE;
      others[round % 3]?.store(at, [1]);
    });
    for (const other of others.slice(1)) other.exit();
    return end;
  },
};

describe('all frames taken by', () => {
  test.each(Object.entries(FRAMES))('%s', async (_name, fill) => {
    const world = await bootFull();
    await using machine = world.machine;
    const [process] = world.processes;
    if (process === undefined) throw new Error('a world has a process');
    for (let round = 0; round < 2; round++) {
      const { code } = fill(process, machine);
      expect(code).toBe('ENOMEM');
      expectSound(machine);
      for (const { start, end } of process.maps()) process.munmap(start, end - start);
      for (let fd = 0; fd < 3; fd++) closeIfOpen(process, fd);
      expect(machine.meminfo()).toMatchObject({ MemFree: MEMORY / 1024, AnonPages: 0, Cached: 0 });
      expectSound(machine);
    }
    endWorld(world);
  });

  test('nothing but what was asked for: the last frame can be used', async () => {
    const world = await bootFull();
    await using machine = world.machine;
    const [process] = world.processes as [Process];
    const addr = process.mmap(0, MEMORY + PAGE_SIZE, RW, ANON, -1, 0);
    const { rounds } = untilItFails((page) => process.store(addr + page * PAGE_SIZE, [page & 255]));
    expect(rounds).toBe(PAGES);
    expect(machine.meminfo().MemFree).toBe(0);
    for (let page = 0; page < PAGES; page++) {
      expect(process.load(addr + page * PAGE_SIZE, 1)[0]).toBe(page & 255);
    }
    process.munmap(addr, PAGE_SIZE);
    process.store(addr + PAGES * PAGE_SIZE, [1]);
    endWorld(world);
  });
});

function closeIfOpen(process: Process, fd: number): void {
  try {
    process.close(fd);
  } catch (error) {
    expect(error).toMatchObject({ code: 'EBADF' });
  }
}

describe('a call that cannot have all it wants', () => {
  test('fallocate gives back what it has taken', async () => {
    const world = await bootFull();
    await using _closed = world.machine;
    const [process] = world.processes as [Process];
    const fd = process.memfdCreate('f', 0);
    process.pwrite(fd, [5], 2 * PAGE_SIZE);
    expect(untilItFails(() => process.fallocate(fd, 0, 0, 2 * MEMORY)).code).toBe('ENOMEM');
    expect(process.fstat(fd)).toMatchObject({ size: 2 * PAGE_SIZE + 1, blocks: 8 });
    expect([...process.pread(fd, 1, 2 * PAGE_SIZE)]).toEqual([5]);
    endWorld(world);
  });

  test('write says how much it has written', async () => {
    const world = await bootFull();
    await using _closed = world.machine;
    const [process] = world.processes as [Process];
    const fd = process.memfdCreate('f', 0);
    const written = process.write(fd, new Uint8Array(MEMORY + 5 * PAGE_SIZE).fill(9));
    expect(written).toBe(MEMORY);
    expect(process.fstat(fd).size).toBe(MEMORY);
    expect(untilItFails(() => process.write(fd, [1]))).toEqual({ rounds: 0, code: 'ENOMEM' });
    endWorld(world);
  });

  test('MAP_POPULATE fills what it can', async () => {
    const world = await bootFull();
    await using machine = world.machine;
    const [process] = world.processes as [Process];
    process.mmap(0, 2 * MEMORY, RW, ANON | MAP_POPULATE, -1, 0);
    expect(machine.meminfo().MemFree).toBe(0);
    endWorld(world);
  });

  test('a pin gets the pages that there are', async () => {
    const world = await bootFull();
    await using machine = world.machine;
    const [process] = world.processes as [Process];
    const addr = process.mmap(0, 2 * MEMORY, RW, ANON, -1, 0);
    const pins = process.pinUserPagesFast(addr, 2 * PAGES, FOLL_WRITE);
    expect(pins.length).toBe(PAGES);
    expect(machine.vmstat().nr_foll_pin_acquired).toBe(PAGES);
    expectSound(machine);
    pins.release();
    endWorld(world);
  });
});

/** Ways to take all of the kernel's own memory, with frames to spare. */
const KERNEL: Record<string, (process: Process, machine: Machine) => { code: string }> = {
  'page tables': (process) => {
    const addr = process.mmap(0, 2 ** 42, PROT_READ, ANON, -1, 0);
    return untilItFails((round) => process.load(addr + round * 2 ** 21, 1)); // the zero page
  },
  mappings: (process) =>
    untilItFails((round) =>
      process.mmap(0x10000 + round * 2 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0),
    ),
  'mappings that are split': (process) => {
    const addr = process.mmap(0, 2 ** 40, RW, ANON, -1, 0);
    return untilItFails((round) => process.munmap(addr + (2 * round + 1) * PAGE_SIZE, PAGE_SIZE));
  },
  files: (_process, machine) => {
    const processes: Process[] = [];
    const end = untilItFails((round) => {
      if (round % 1000 === 0) processes.push(machine.spawn());
      processes.at(-1)?.memfdCreate(`file ${round}`, 0);
    });
    for (const each of processes) each.exit();
    return end;
  },
  'handles of pins': (process) => {
    const addr = process.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    const pins: PinnedPages[] = [];
    const end = untilItFails(() => {
      pins.push(process.pinUserPages(addr, 1, FOLL_WRITE));
    });
    for (const pin of pins) pin.release();
    return end;
  },
};

describe('all of the kernel’s own memory taken by', () => {
  const options = { contents: 'none' as const, maxMapCount: 2 ** 30 };

  test.each(Object.entries(KERNEL))('%s', async (_name, fill) => {
    const world = await bootFull(options);
    await using machine = world.machine;
    const [process] = world.processes as [Process];
    const first = fill(process, machine);
    expect(first.code).toBe('ENOMEM');
    expectSound(machine);
    for (const { start, end } of process.maps()) process.munmap(start, end - start);
    expectSound(machine);
    // What was freed can be taken again for the same purpose; a slab stays with its cache.
    expect(fill(process, machine).code).toBe('ENOMEM');
    endWorld(world);
    expect(machine.meminfo().PageTables).toBe(0);
  });
});

const value = (is: unknown): Value => ({ is });
const fd = fc.constantFrom(0, 1, 2).map(value);
const big = fc.integer({ min: 1, max: 80 }).map((count) => value(count * PAGE_SIZE));
const at = fc.nat(200).map((page) => value(page * PAGE_SIZE));
const place = fc.record({
  mapping: fc.nat(20),
  offset: fc.nat(60).map((page) => page * PAGE_SIZE),
});
const filler = fc.integer({ min: 1, max: 50 }).map((count) => value(new Uint8Array(count * 4096)));

/** Calls that take memory, and some that give it back. */
const GREEDY: Readonly<Record<string, readonly fc.Arbitrary<Value>[]>> = {
  mmap: [
    fc.constant(value(0)),
    big,
    fc.constant(value(RW)),
    fc
      .constantFrom(ANON, ANON | MAP_POPULATE, MAP_SHARED, MAP_SHARED | MAP_POPULATE, MAP_PRIVATE)
      .map(value),
    fd,
    fc.constant(value(0)),
  ],
  store: [place, filler],
  load: [place, fc.constantFrom(1, 4096, 40_000).map(value)],
  memfdCreate: [fc.constant(value('greedy')), fc.constant(value(2))],
  ftruncate: [fd, at],
  fallocate: [fd, fc.constantFrom(0, 0, 1, 3).map(value), at, big],
  pwrite: [fd, filler, at],
  munmap: [place, big],
  mprotect: [place, big, fc.constantFrom(0, 1, 3).map(value)],
  brk: [fc.nat(40).map((page) => value(0x5555_5556_0000 + page * PAGE_SIZE))],
  mremap: [place, big, big, fc.constantFrom(0, 1, 1, 3, 5).map(value), place],
  close: [fd],
  fork: [],
  pinUserPagesFast: [
    place,
    fc.integer({ min: 1, max: 60 }).map(value),
    fc.constantFrom(0, 1).map(value),
  ],
  getUserPages: [
    place,
    fc.integer({ min: 1, max: 600 }).map(value),
    fc.constantFrom(0, 1).map(value),
  ],
  pipe: [fc.constant(value(0o4000))],
  vmsplice: [fc.constantFrom(3, 4, 5, 6).map(value), place, big, fc.constant(value(2))],
  write: [fc.constantFrom(3, 4, 5, 6).map(value), filler],
  'refs.release': [fc.nat(30).map(value), fc.constant(value({}))],
};

const greedy: fc.Arbitrary<Call> = fc
  .constantFrom(...Object.keys(GREEDY))
  .chain((name) =>
    fc
      .tuple(fc.nat(1), ...(GREEDY[name] ?? []))
      .map(([process, ...args]) => ({ process, name, args })),
  );

test('greedy programs leave a sound machine, and all memory comes back', async () => {
  const counts = new Map<string, number>();
  const pins = ['pincount', 'i-mmap-writable', 'i-mmap-writable-percpu'] as const;
  const policies = pins.map((pin) => ({ pin, seal: 'wait-for-pins' as const }));
  const options = { programs: 150, calls: 60, memory: MEMORY };
  await holdsForPrograms(greedy, policies, options, (world, program) => {
    for (const call of program) {
      const { code } = perform(world, call);
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    expectSound(world.machine);
    endWorld(world);
  });
  expect(counts.get('ENOMEM')).toBeGreaterThan(50);
  expect(counts.get('ok')).toBeGreaterThan(1000);
  expect(counts.get('RangeError')).toBeUndefined(); // a TypeError is a second release
}, 60_000);
