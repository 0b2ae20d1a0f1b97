// A check of the core that fails: one error for everybody, with the place of the check.
import { describe, expect, test } from '@jest/globals';
import { Machine, MachinePanicError, MAP_ANONYMOUS, MAP_PRIVATE } from '../../../../src/index.js';
import { MEM_MAP, PAGE_STRUCT_SIZE } from '../../../../src/wasm/generated/layout.js';
import { offsetOf } from '../../../../src/wasm/views.js';
import { rejectionOf, thrownBy } from '../support.js';
import { bootWorld, openGate, pin, within, type World } from './support.js';

const SOON = 2000;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

/** Gives every free frame a reference that nobody has: the next one handed out fails a check. */
function spoilFreeFrames({ kernel, options }: Machine): void {
  const { views } = kernel;
  for (let pfn = 0; pfn < options.memory / 4096; pfn++) {
    const page = MEM_MAP + pfn * PAGE_STRUCT_SIZE;
    const refcount = (page + offsetOf('Page', 'refcount')) >> 2;
    Atomics.compareExchange(views.i32, refcount, 0, 7);
  }
}

/** Faults a new anonymous page in on a worker. */
function faultOn({ machine, task }: World, cpu: number): Promise<number> {
  const { kernel } = machine;
  const addr = kernel.run((core) => core.sysMmap(task, 0, 4096, 3, ANON, -1, 0));
  return kernel.call(cpu, 'userTouch', task, addr, 4096, true);
}

describe('a check that fails on CPU 0', () => {
  test('throws the panic, with file and line', async () => {
    const machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const addr = process.mmap(0, 4096, 3, ANON, -1, 0);
    spoilFreeFrames(machine);
    const error = thrownBy(() => process.store(addr, [1])) as MachinePanicError;
    expect(error).toBeInstanceOf(MachinePanicError);
    expect(error).toMatchObject({
      name: 'MachinePanicError',
      cpu: 0,
      file: 'assembly/mm/page_alloc.ts',
    });
    expect(error.line).toBeGreaterThan(0);
    expect(error.reason).toContain('refcount');
    expect(error.message).toBe(
      `the machine panicked on CPU 0 at ${error.file}:${error.line}: ${error.reason}`,
    );
    expect(error.events.map(({ kind }) => kind)).toEqual(['mmap', 'fault']);
    expect(error.events.at(-1)).toMatchObject({ cpu: 0, value: addr, extra: 1 });
    expect(thrownBy(() => machine.spawn())).toBe(error);
    expect(thrownBy(() => process.exit())).toBe(error);
    await machine.close();
    expect(thrownBy(() => machine.spawn())).toBe(error); // why it stopped stays known
  });

  test('keeps the last 64 events', async () => {
    const machine = await Machine.boot({ memory: '1MiB' });
    const process = machine.spawn();
    const addr = process.mmap(0, 4096, 3, ANON, -1, 0);
    for (let round = 0; round < 70; round++) process.munmap(0x10000 + round * 4096, 4096);
    spoilFreeFrames(machine);
    const { events } = thrownBy(() => process.store(addr, [1])) as MachinePanicError;
    expect(events).toHaveLength(64);
    expect(events.at(-1)?.kind).toBe('fault');
    expect(events.slice(0, -1).map(({ kind, value }) => `${kind} ${value}`)).toEqual(
      Array.from({ length: 63 }, (_, i) => `munmap ${0x10000 + (i + 7) * 4096}`),
    );
    await machine.close();
  });

  test('ends the loops of all workers', async () => {
    const world = await bootWorld(3);
    const results = [1, 2].map((cpu) => within(SOON, pin(world, cpu)));
    await openGate(world, 2);
    const { machine, task } = world;
    const { kernel } = machine;
    const addr = kernel.run((core) => core.sysMmap(task, 0, 4096, 3, ANON, -1, 0));
    spoilFreeFrames(machine);
    const error = thrownBy(() => kernel.run((core) => core.userTouch(task, addr, 4096, true)));
    expect(error).toBeInstanceOf(MachinePanicError);
    for (const result of await Promise.all(results)) {
      // A loop that saw the stop word first ended in peace; the others got the panic.
      if (typeof result !== 'number') expect(result).toBe(error);
    }
    expect(await rejectionOf(pin(world, 1))).toBe(error);
    await machine.close();
  });
});

describe('a check that fails on a worker', () => {
  test('rejects its call with the panic, and everybody gets the same', async () => {
    const world = await bootWorld(4);
    const { machine } = world;
    const waiting = [2, 3].map((cpu) => within(SOON, pin(world, cpu))); // at the gate, asleep
    spoilFreeFrames(machine);
    const error = (await rejectionOf(faultOn(world, 1))) as MachinePanicError;
    expect(error).toBeInstanceOf(MachinePanicError);
    expect(error).toMatchObject({ cpu: 1, file: 'assembly/mm/page_alloc.ts' });
    expect(error.message).toMatch(
      /^the machine panicked on CPU 1 at assembly\/mm\/page_alloc\.ts:\d+: /,
    );
    expect(error.events.some(({ cpu, kind }) => cpu === 0 && kind === 'mmap')).toBe(true);
    expect(error.events.some(({ cpu, kind }) => cpu === 1 && kind === 'fault')).toBe(true);
    expect(await Promise.all(waiting)).toEqual([error, error]);
    expect(thrownBy(() => machine.meminfo())).toBe(error);
    await machine.close();
  });

  test('wakes a worker that sleeps in a lock', async () => {
    const world = await bootWorld(3);
    const { machine, task, addr } = world;
    const { views } = machine.kernel;
    const mm = views.read('Task', 'mm', task);
    const lock = views.address('MmStruct', 'mmapLock', mm) >> 2;
    Atomics.store(views.i32, lock, 2); // held for writing, by nobody who would let it go
    const asleep = within(SOON, machine.kernel.call(2, 'sysMunmap', task, addr, 4096));
    const { kernel } = machine;
    const other = machine.spawn();
    const anon = other.mmap(0, 4096, 3, ANON, -1, 0);
    spoilFreeFrames(machine);
    const error = await rejectionOf(kernel.call(1, 'userTouch', other.task, anon, 4096, true));
    expect(error).toBeInstanceOf(MachinePanicError);
    expect(await asleep).toBe(error);
    await machine.close();
  });

  test('is a check with a place also in a loop that runs for long', async () => {
    const world = await bootWorld(3);
    const { machine, task, addr, length, fd } = world;
    const loops = [
      machine.kernel.call(1, 'remapLoop', task, addr, length, fd),
      machine.kernel.call(2, 'punchLoop', task, fd, length),
    ].map((call) => within(SOON, call));
    await openGate(world, 2);
    spoilFreeFrames(machine);
    const results = await Promise.all(loops);
    expect(results).not.toContain('late');
    const panics = results.filter((result) => result instanceof MachinePanicError);
    expect(panics.length).toBeGreaterThan(0);
    expect(panics[0]?.file).toBe('assembly/mm/page_alloc.ts');
    expect(new Set(panics).size).toBe(1);
    await machine.close();
  });
});

test('a wait on CPU 0 that nobody could end is a panic, not a hang', async () => {
  const machine = await Machine.boot({ memory: '1MiB' });
  const process = machine.spawn();
  const { views } = machine.kernel;
  const lock = views.address('MmStruct', 'mmapLock', views.read('Task', 'mm', process.task)) >> 2;
  Atomics.store(views.i32, lock, 2);
  const error = thrownBy(() => process.munmap(0x10000, 4096));
  expect(error).toBeInstanceOf(MachinePanicError);
  expect(error).toMatchObject({ cpu: 0, file: 'assembly/lib/wait.ts' });
  await machine.close();
});

test('a trap that no check explains is a panic, too', async () => {
  const machine = await Machine.boot({ memory: '1MiB' });
  const error = thrownBy(() =>
    machine.kernel.run(() => {
      throw new WebAssembly.RuntimeError('out of bounds');
    }),
  );
  expect(error).toBeInstanceOf(MachinePanicError);
  expect(error.message).toBe('the machine panicked on CPU 0: trap: out of bounds');
  await machine.close();
});
