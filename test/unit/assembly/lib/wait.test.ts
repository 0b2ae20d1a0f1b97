import { afterEach, describe, expect, test } from '@jest/globals';
import { PERCPU_BASE, PERCPU_SIZE, STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { sleep, startCpus, stopCpus, until } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const NO_WAIT_COULD_END = 101;
afterEach(stopCpus);

describe('waiting', () => {
  test('does not happen where the cell holds something else', () => {
    const machine = new TestMachine();
    const cell = machine.arena(0, 64);
    machine.core.waitWhile(cell, 1);
    machine.core.pollWhile(cell, 1);
    expect(machine.state('state')).toBe(0);
  });

  test('lasts until the cell changes, and says meanwhile on which cell', async () => {
    const machine = new TestMachine({ cpus: 2 });
    const cell = machine.arena(0, 64);
    const [cpu] = await startCpus(machine, [1]);
    const waitingOn = PERCPU_BASE + PERCPU_SIZE + STRUCTS.PerCpu.fields.waitingOn.offset;
    let done = false;
    const waiting = cpu!.run('waitWhile', cell, 0).then(() => (done = true));
    await until(() => machine.word(waitingOn) === cell);
    await sleep(60);
    expect(done).toBe(false);
    Atomics.store(machine.u32, cell >>> 2, 5);
    Atomics.notify(machine.i32, cell >>> 2);
    await waiting;
    expect(machine.word(waitingOn)).toBe(0);
  });

  test('pollWhile ends without being woken', async () => {
    const machine = new TestMachine({ cpus: 2 });
    const cell = machine.arena(0, 64);
    const [cpu] = await startCpus(machine, [1]);
    const waiting = cpu!.run('pollWhile', cell, 0);
    await sleep(20);
    Atomics.store(machine.u32, cell >>> 2, 5);
    await waiting;
  });
});

describe('CPU 0, when no other CPU runs', () => {
  test('stops the machine instead of waiting for ever', () => {
    const machine = new TestMachine();
    const lock = machine.arena(0, 64);
    machine.core.spinLock(lock);
    expect(() => machine.core.spinLock(lock)).toThrow(WebAssembly.RuntimeError);
    expect(machine.state('panicId')).toBe(NO_WAIT_COULD_END);
  });

  test('does not do so while others come and go', async () => {
    const machine = new TestMachine({ cpus: 3 });
    const shared = machine.arena(0, 0x1000);
    const [boss, ...others] = await startCpus(machine, [0, 1, 2]);
    const outcomes = await Promise.all([
      boss!.call('hammerSpinAsCpu0', shared, 3),
      ...others.map((cpu) => cpu.call('hammerComeAndGo', shared, 3, 100_000)),
    ]);
    expect(outcomes.map(({ trap }) => trap)).toEqual([undefined, undefined, undefined]);
    expect(machine.state('panicId')).toBe(0);
  });
});
