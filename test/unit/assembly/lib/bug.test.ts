import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  MACHINE_BASE,
  PERCPU_BASE,
  PERCPU_SIZE,
  STRUCTS,
} from '../../../../src/wasm/generated/layout.js';
import { type RemoteCpu, startCpus, stopCpus, until } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const PANICKED = 1;
const CLOSED = 2;
/** BUG_ON of a page that is freed while somebody refers to it. */
const FREED_WITH_REFERENCE = 132;

let machine: TestMachine;
let cpus: RemoteCpu[] = [];
let lock = 0;

beforeEach(async () => {
  machine = new TestMachine({ cpus: 4 });
  lock = machine.arena(0, 64);
  cpus = await startCpus(machine, [1, 2, 3]);
});
afterEach(stopCpus);

const waits = (cpu: number) => {
  const area = PERCPU_BASE + cpu * PERCPU_SIZE;
  return machine.word(area + STRUCTS.PerCpu.fields.waitingOn.offset) === lock;
};

describe('a failed check', () => {
  test.each([
    ['spinLock', 'spinTryLock'],
    ['rwDownRead', 'rwTryDownWrite'],
    ['rwDownWrite', 'rwTryDownWrite'],
  ] as const)('wakes a CPU that sleeps in %s; both trap, within a second', async (wait, take) => {
    machine.core[take](lock);
    const sleeper = cpus[0]!.call(wait, lock);
    await until(() => waits(1));
    const page = machine.core.allocPage();
    const start = performance.now();
    const culprit = await cpus[1]!.call('freePage', page);
    const victim = await sleeper;
    expect(performance.now() - start).toBeLessThan(1000);
    expect(culprit.trap).toMatch(/unreachable/);
    expect(victim.trap).toMatch(/unreachable/);
    expect(machine.state('state')).toBe(PANICKED);
    expect(machine.state('panicId')).toBe(FREED_WITH_REFERENCE);
    expect(machine.state('panicCpu')).toBe(2);
  });

  test('notifies the cells that CPUs sleep on', async () => {
    const { offset } = STRUCTS.PerCpu.fields.waitingOn;
    const waitingOn = PERCPU_BASE + 3 * PERCPU_SIZE + offset;
    machine.u32[waitingOn >>> 2] = lock;
    const sleeper = machine.sleepOn(lock, 0);
    await cpus[1]!.call('freePage', machine.core.allocPage());
    expect(await sleeper).toBe('ok');
  });

  test('is recorded once: the first that fails', async () => {
    const [first, second] = [machine.core.allocPage(), machine.core.allocPage()];
    await cpus[2]!.call('freePage', first);
    const later = await cpus[0]!.call('putPage', second);
    expect(later.trap).toBeUndefined();
    expect(() => machine.core.boot(1, 1, 1, 0, 0, 0, 0)).toThrow(WebAssembly.RuntimeError);
    expect(machine.state('panicId')).toBe(FREED_WITH_REFERENCE);
    expect(machine.state('panicCpu')).toBe(3);
  });

  test('keeps CPUs from sleeping that come later', async () => {
    machine.core.spinTryLock(lock);
    await cpus[1]!.call('freePage', machine.core.allocPage());
    const late = await cpus[0]!.call('spinLock', lock);
    expect(late.trap).toMatch(/unreachable/);
  });
});

describe('a machine that is closed', () => {
  test('lets CPUs that sleep trap, without a record', async () => {
    machine.core.spinTryLock(lock);
    const sleeper = cpus[0]!.call('spinLock', lock);
    await until(() => waits(1));
    const { offset } = STRUCTS.MachineState.fields.state;
    Atomics.store(machine.u32, (MACHINE_BASE + offset) >>> 2, CLOSED);
    machine.core.wakeEverybody();
    expect((await sleeper).trap).toMatch(/unreachable/);
    expect(machine.state('panicId')).toBe(0);
  });
});
