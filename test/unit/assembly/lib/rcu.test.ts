import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PERCPU_BASE, PERCPU_SIZE, STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { type RemoteCpu, sleep, startCpus, stopCpus } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const machine = new TestMachine({ cpus: 5 });
const { core } = machine;
let cpus: RemoteCpu[] = [];
const irqSeqOf = (cpu: number) =>
  PERCPU_BASE + cpu * PERCPU_SIZE + STRUCTS.PerCpu.fields.irqSeq.offset;
const irqSeq = (cpu: number) => machine.word(irqSeqOf(cpu));

beforeAll(async () => {
  cpus = await startCpus(machine, [1, 2, 3, 4]);
});
afterAll(stopCpus);

/** Starts `synchronize` on CPU 1; tells whether it has returned. */
function synchronizing(): { done: boolean; ended: Promise<unknown> } {
  const state: { done: boolean; ended: Promise<unknown> } = {
    done: false,
    ended: Promise.resolve(),
  };
  state.ended = cpus[0]!.run('synchronize').then(() => (state.done = true));
  return state;
}

describe('synchronize', () => {
  test('returns at once when interrupts are on everywhere', async () => {
    core.synchronize();
    const other = synchronizing();
    await other.ended;
    expect(other.done).toBe(true);
  });

  test('waits for a section that began before it', async () => {
    core.localIrqSave();
    expect(irqSeq(0) % 2).toBe(1);
    const freer = synchronizing();
    await sleep(60);
    expect(freer.done).toBe(false);
    core.localIrqRestore();
    await freer.ended;
    expect(irqSeq(0) % 2).toBe(0);
  });

  test('waits for every CPU that is in a section', async () => {
    core.localIrqSave();
    await cpus[3]!.run('localIrqSave');
    const freer = synchronizing();
    await sleep(20);
    core.localIrqRestore();
    await sleep(20);
    expect(freer.done).toBe(false);
    await cpus[3]!.run('localIrqRestore');
    await freer.ended;
  });

  test('does not wait for a section that began after it', async () => {
    core.localIrqSave();
    const freer = synchronizing();
    await sleep(20);
    // The section ends and the next one begins in one step: no moment with interrupts on.
    Atomics.add(machine.u32, irqSeqOf(0) >>> 2, 2);
    await freer.ended;
    core.localIrqRestore();
  });

  test('does not wait for its own CPU, nor for another that synchronizes', async () => {
    await Promise.all(cpus.map((cpu) => cpu.run('synchronize')));
  });
});

describe('what a walker found', () => {
  let shared = 0;
  beforeEach(() => {
    shared = machine.arena(0, 0x1000);
  });

  test.each([2, 4])('is not spoilt under it, on %i CPUs', async (n) => {
    const objects = shared + 0x800;
    const [freer, ...walkers] = cpus.slice(0, n) as [RemoteCpu, ...RemoteCpu[]];
    const spoilt = await Promise.all([
      freer.run('hammerFreer', shared, n, 60_000, objects),
      ...walkers.map((cpu) => cpu.run('hammerWalker', shared, n)),
    ]);
    expect(spoilt).toEqual(Array.from({ length: n }, () => 0));
  });

  test('is spoilt when the freer does not wait: the test above can fail', async () => {
    const objects = shared + 0x800;
    const [freer, walker] = cpus as [RemoteCpu, RemoteCpu, ...RemoteCpu[]];
    let spoilt = 0;
    for (let attempt = 0; attempt < 50 && spoilt === 0; attempt++) {
      machine.arena(0, 0x1000);
      const ended = await Promise.all([
        walker.run('hammerWalker', shared, 2),
        freer.run('hammerHastyFreer', shared, 2, 300_000, objects),
      ]);
      spoilt += ended[0];
    }
    expect(spoilt).toBeGreaterThan(0);
  });
});
