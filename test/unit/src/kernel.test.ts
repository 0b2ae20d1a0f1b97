// The kernel behind a machine: where calls go, and how they end once it has stopped.
import { describe, expect, test } from '@jest/globals';
import { Machine, MachinePanicError } from '../../../src/index.js';
import { Kernel } from '../../../src/kernel.js';
import { resolveOptions } from '../../../src/options.js';
import { MACHINE_CLOSED, MACHINE_PANICKED } from '../../../src/wasm/generated/layout.js';
import { rejectionOf, thrownBy } from './support.js';

const bootKernel = (options = {}) => Kernel.boot(resolveOptions({ memory: '1MiB', ...options }));

describe('run()', () => {
  test('gives the core to the action, and its result to the caller', async () => {
    const kernel = await bootKernel();
    expect(kernel.run((core) => core.spawn())).toBeGreaterThan(0);
    expect(kernel.stopped).toBe(false);
    await kernel.close();
  });

  test('lets errors of the action through, and goes on', async () => {
    const kernel = await bootKernel();
    const boom = new Error('boom');
    const error = thrownBy(() =>
      kernel.run(() => {
        throw boom;
      }),
    );
    expect(error).toBe(boom);
    expect(kernel.stopped).toBe(false);
    await kernel.close();
  });

  test('makes a panic of a trap, and of everything after it', async () => {
    const kernel = await bootKernel();
    const frames = 256;
    const twice = () => kernel.run((core) => core.boot(frames, 1024, 65, 0, 1, 1, 1)); // 65 CPUs
    const error = thrownBy(twice) as MachinePanicError;
    expect(error).toBeInstanceOf(MachinePanicError);
    expect(error.file).toBe('assembly/kernel/boot.ts');
    expect(error.reason).toContain('nrCpus');
    expect(kernel.stopped).toBe(true);
    expect(thrownBy(() => kernel.run(() => 1))).toBe(error);
    expect(await rejectionOf(kernel.call(1, 'pfnAt', 0, 0))).toBe(error);
    expect(kernel.views.read('MachineState', 'state', kernel.views.machine)).toBe(MACHINE_PANICKED);
    await kernel.close();
  });
});

describe('close()', () => {
  test('marks the machine closed for every CPU', async () => {
    const kernel = await bootKernel();
    await kernel.close();
    expect(kernel.views.read('MachineState', 'state', kernel.views.machine)).toBe(MACHINE_CLOSED);
    expect(kernel.views.read('MachineState', 'stop', kernel.views.machine)).toBe(1);
  });

  test('while another close is under way resolves with it', async () => {
    const kernel = await bootKernel({ cpus: 2, build: 'bench' });
    await kernel.call(1, 'clockCost', 10);
    await Promise.all([kernel.close(), kernel.close(), kernel.close()]);
    expect(kernel.worker(1)).toBeUndefined();
  });

  test('after a panic keeps the panic', async () => {
    const kernel = await bootKernel({ cpus: 2 });
    const error = await rejectionOf(kernel.call(1, 'nothing'));
    await kernel.close();
    expect(error).toBeInstanceOf(MachinePanicError);
    expect(thrownBy(() => kernel.run(() => 1))).toBe(error);
    expect(kernel.views.read('MachineState', 'state', kernel.views.machine)).toBe(MACHINE_PANICKED);
  });
});

test.each(['release', 'debug', 'bench'] as const)('build %s boots and runs', async (build) => {
  await using machine = await Machine.boot({ memory: '1MiB', build });
  const process = machine.spawn();
  const addr = process.mmap(0, 4096, 3, 0x22, -1, 0);
  process.store(addr, [1, 2]);
  expect([...process.load(addr, 2)]).toEqual([1, 2]);
  expect(machine.verify()).toEqual([]);
  expect(machine.options.build).toBe(build);
});
