// Workers of a machine: their calls, and how all of them end when one dies or the machine closes.
import { describe, expect, test } from '@jest/globals';
import { Machine, MachinePanicError, PAGE_SIZE } from '../../../../src/index.js';
import { runTogether } from '../../../../src/contend/cell.js';
import { expectSound, rejectionOf, thrownBy } from '../support.js';
import { bootWorld, openGate, pause, pin, within, type World } from './support.js';

/** A stopped machine wakes everybody within a second; the test allows a slow host one more. */
const SOON = 2000;

describe('a call on a worker', () => {
  test('runs there, and gives the result', async () => {
    const world = await bootWorld(3);
    await using machine = world.machine;
    const { kernel } = machine;
    const pfn = kernel.run((core) => core.pfnAt(world.task, world.addr));
    expect(await kernel.call(2, 'pfnAt', world.task, world.addr)).toBe(pfn);
    expect(await kernel.call(1, 'pinVector', world.task, world.addr, 4, 1 | (1 << 19))).toBe(4);
    expect(machine.page(pfn).pincount).toBe(1);
    await kernel.call(1, 'unpinVector', 4, 1 | (1 << 19));
    expect(machine.page(pfn).pincount).toBe(0);
    expectSound(machine);
  });

  test('waits its turn behind others on the same CPU', async () => {
    const world = await bootWorld(2);
    await using machine = world.machine;
    const order: number[] = [];
    const calls = [0, 1, 2, 3].map(async (index) => {
      await machine.kernel.call(1, 'pfnAt', world.task, world.addr);
      order.push(index);
    });
    await Promise.all(calls);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test('sees what CPU 0 has done, and the other way round', async () => {
    const world = await bootWorld(2);
    await using machine = world.machine;
    const { task, addr } = world;
    expect(await machine.kernel.call(1, 'sysMunmap', task, addr, PAGE_SIZE)).toBe(0);
    expect(machine.kernel.run((core) => core.pfnAt(task, addr))).toBe(-1);
    expectSound(machine);
  });

  test('of an export that does not exist stops the machine', async () => {
    const world = await bootWorld(2);
    const error = await rejectionOf(world.machine.kernel.call(1, 'noSuchExport'));
    expect(error).toBeInstanceOf(MachinePanicError);
    expect(error.message).toContain('the core has no export noSuchExport');
    await world.machine.close();
  });

  test('is used only where it is made: a machine of one CPU has no thread', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    machine.spawn();
    expect(machine.kernel.worker(1)).toBeUndefined();
  });
});

/** Ways for the worker of CPU 1 to die in the middle of things. */
const DEATHS: Record<string, (world: World) => void> = {
  'is terminated': ({ machine }) => void machine.kernel.worker(1)?.terminate(),
  'throws outside of a call': ({ machine }) =>
    machine.kernel.worker(1)?.post(undefined as unknown as never),
};

describe.each(Object.entries(DEATHS))('a worker that %s', (_name, die) => {
  test('ends every call that is under way, on every CPU', async () => {
    const world = await bootWorld(4);
    const calls = [1, 2, 3].map((cpu) => pin(world, cpu));
    const results = calls.map((call) => within(SOON, call));
    await openGate(world, 3);
    // A second call on CPU 1 waits behind the loop; a message to a busy worker waits, too.
    const queued = within(SOON, world.machine.kernel.call(1, 'pfnAt', world.task, world.addr));
    if (_name === 'throws outside of a call') stopLoops(world);
    die(world);
    const all = await Promise.all([...results, queued]);
    const errors = all.filter((result) => result instanceof Error);
    expect(all).not.toContain('late');
    if (_name === 'is terminated') expect(errors).toHaveLength(4);
    for (const error of errors) {
      expect(error).toBeInstanceOf(MachinePanicError);
      expect((error as MachinePanicError).cpu).toBe(1);
    }
    await pause(0);
    const later = await within(SOON, untilStopped(world));
    expect(later).toBeInstanceOf(MachinePanicError);
    await world.machine.close();
  });

  test('makes every later call the same error', async () => {
    const world = await bootWorld(3);
    await world.machine.kernel.call(1, 'pfnAt', world.task, world.addr);
    await world.machine.kernel.call(2, 'pfnAt', world.task, world.addr);
    die(world);
    const error = await within(SOON, untilStopped(world));
    expect(error).toBeInstanceOf(MachinePanicError);
    expect((error as Error).message).toMatch(/^the machine panicked on CPU 1: its worker /);
    const { machine } = world;
    expect(thrownBy(() => machine.spawn())).toBe(error);
    expect(thrownBy(() => machine.verify())).toBe(error);
    expect(thrownBy(() => machine.meminfo())).toBe(error);
    expect(await rejectionOf(machine.kernel.call(2, 'pfnAt', world.task, world.addr))).toBe(error);
    expect(await rejectionOf(machine.kernel.call(1, 'pfnAt', world.task, world.addr))).toBe(error);
    await machine.close();
  });
});

describe('close() while loops run', () => {
  test('ends them with a TypeError, and resolves when the threads are gone', async () => {
    const world = await bootWorld(4);
    const results = [1, 2, 3].map((cpu) => within(SOON, pin(world, cpu)));
    await openGate(world, 3);
    await pause(20);
    expect(await within(SOON, world.machine.close())).toBeUndefined();
    for (const error of await Promise.all(results)) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toBe('the machine is closed');
    }
    expect(world.machine.kernel.worker(1)).toBeUndefined();
  });

  test('ends those that wait at the gate', async () => {
    const world = await bootWorld(3);
    const results = [1, 2].map((cpu) => within(SOON, pin(world, cpu)));
    await pause(50);
    await world.machine.close();
    for (const error of await Promise.all(results)) expect(error).toBeInstanceOf(TypeError);
  });

  test('ends calls that no worker has begun', async () => {
    const world = await bootWorld(2);
    const results = [1, 1, 1].map((cpu) => within(SOON, pin(world, cpu)));
    await world.machine.close();
    for (const error of await Promise.all(results)) expect(error).toBeInstanceOf(TypeError);
    expect(await rejectionOf(pin(world, 1))).toBeInstanceOf(TypeError);
  });

  test('does not concern another machine', async () => {
    const [one, two] = [await bootWorld(2), await bootWorld(2)];
    const loop = within(SOON, pin(one, 1));
    await one.machine.close();
    expect(await loop).toBeInstanceOf(TypeError);
    const [rounds = 0] = await runTogether(two.machine.kernel, [() => pin(two, 1)], () =>
      pause(20),
    );
    expect(rounds).toBeGreaterThan(0);
    expectSound(two.machine);
    await two.machine.close();
  });
});

test('loops can be stopped and started again on the same workers', async () => {
  const world = await bootWorld(3);
  await using machine = world.machine;
  for (let round = 0; round < 3; round++) {
    const loops = [1, 2].map((cpu) => () => pin(world, cpu));
    const rounds = await runTogether(machine.kernel, loops, () => pause(10));
    expect(Math.min(...rounds)).toBeGreaterThan(0);
    expectSound(machine);
  }
});

/** Tells the loops to end, as a measurement does. */
function stopLoops({ machine }: World): void {
  const { views } = machine.kernel;
  Atomics.store(views.i32, views.machineWord('stop'), 1);
}

/** The error with which a machine ends that is about to stop. */
async function untilStopped({ machine }: World): Promise<Error> {
  while (!machine.kernel.stopped) await pause(1);
  return thrownBy(() => machine.now() * 0 + machine.verify().length);
}
