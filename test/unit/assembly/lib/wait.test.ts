import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  MACHINE_BASE,
  PERCPU_BASE,
  PERCPU_SIZE,
  STRUCTS,
} from '../../../../src/wasm/generated/layout.js';
import { sleep, startCpus, stopCpus, until } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const NO_WAIT_COULD_END = 101;
/** The bit of an rw_semaphore that says that somebody holds it for writing. */
const WRITER = 2;

/** What the test uses of the build that announces each access. */
interface SchedExports {
  cpuInit(cpu: number): void;
  spawn(): number;
  sysMunmap(task: number, addr: number, length: number): number;
}

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

  // In the build that announces each access, the other CPU acts exactly between the two looks.
  test('does not do so because the holder of a lock released it between its looks', () => {
    const { memory, u32 } = new TestMachine();
    const running = MACHINE_BASE + STRUCTS.MachineState.fields.workersRunning.offset;
    let lock = 0;
    let acted = false;
    const schedPoint = (address: number) => {
      if (lock === 0 || acted || address >>> 0 !== running) return;
      u32[lock >>> 2] = 0;
      u32[running >>> 2] = 0;
      acted = true;
    };
    const path = new URL('../../../../build/sched.wasm', import.meta.url);
    const module = new WebAssembly.Module(readFileSync(path));
    const imports = { env: { memory }, sched_point: { schedPoint } };
    const core = new WebAssembly.Instance(module, imports).exports as unknown as SchedExports;
    core.cpuInit(0);
    const task = core.spawn();
    const mm = u32[(task + STRUCTS.Task.fields.mm.offset) >>> 2]!;
    lock = mm + STRUCTS.MmStruct.fields.mmapLock.offset;
    u32[lock >>> 2] = WRITER;
    u32[running >>> 2] = 1;
    expect(core.sysMunmap(task, 0x10000, 4096)).toBe(0);
    expect(acted).toBe(true);
    expect(u32[lock >>> 2]).toBe(0);
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
