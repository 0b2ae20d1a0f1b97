import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type RemoteCpu, sleep, startCpus, stopCpus, until } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const CONTENDED = 2;
const FIRST = 128;
const SECOND = 192;

const machine = new TestMachine({ cpus: 5 });
const { core } = machine;
let cpus: RemoteCpu[] = [];
let shared = 0;
let lock = 0;

beforeAll(async () => {
  cpus = await startCpus(machine, [1, 2, 3, 4]);
});
afterAll(stopCpus);
beforeEach(() => {
  shared = machine.arena(0, 0x1000);
  lock = shared + 64;
});

/** What the locked sections have counted: the same number in both words, if they were exclusive. */
const counted = () => [machine.u64[(shared + FIRST) >>> 3], machine.u64[(shared + SECOND) >>> 3]];

describe('a spinlock', () => {
  test('can be taken once, and again when it was released', () => {
    expect(core.spinIsLocked(lock)).toBe(0);
    core.spinLock(lock);
    expect(core.spinIsLocked(lock)).toBe(1);
    expect(core.spinTryLock(lock)).toBe(0);
    core.spinUnlock(lock);
    expect(core.spinIsLocked(lock)).toBe(0);
    expect(core.spinTryLock(lock)).toBe(1);
    core.spinUnlock(lock);
    expect(machine.word(lock)).toBe(0);
  });

  test('holds back a CPU that asks for it, marked as contended, until it is released', async () => {
    core.spinLock(lock);
    let arrived = false;
    const taken = cpus[0]!.run('spinLock', lock).then(() => (arrived = true));
    await until(() => machine.word(lock) === CONTENDED);
    await sleep(50);
    expect(arrived).toBe(false);
    core.spinUnlock(lock);
    await taken;
    expect(core.spinIsLocked(lock)).toBe(1);
    core.spinUnlock(lock);
  });

  test('wakes whoever sleeps on it, when it was marked as contended', async () => {
    machine.u32[lock >>> 2] = CONTENDED;
    const sleeper = machine.sleepOn(lock, CONTENDED);
    core.spinUnlock(lock);
    expect(await sleeper).toBe('ok');
  });

  test('lets all that wait have it, one after the other', async () => {
    core.spinLock(lock);
    const order: number[] = [];
    const waiting = cpus.map((cpu, i) => cpu.run('spinLock', lock).then(() => order.push(i)));
    await sleep(30);
    for (let have = 1; have <= cpus.length; have++) {
      core.spinUnlock(lock);
      await until(() => order.length === have);
      await sleep(5);
      expect(order).toHaveLength(have);
    }
    core.spinUnlock(lock);
    await Promise.all(waiting);
    expect(core.spinIsLocked(lock)).toBe(0);
  });

  test.each([
    ['hammerSpin', 2, 3_000_000],
    ['hammerSpin', 4, 1_500_000],
    ['hammerTryLock', 2, 1_000_000],
    ['hammerTryLock', 4, 800_000],
  ] as const)('%s on %i CPUs: counters that are not atomic are exact', async (name, n, rounds) => {
    const crowd = cpus.slice(0, n);
    const torn = await Promise.all(crowd.map((cpu) => cpu.run(name, shared, n, rounds)));
    expect(torn).toEqual(crowd.map(() => 0));
    expect(counted()).toEqual([BigInt(n * rounds), BigInt(n * rounds)]);
    expect(core.spinIsLocked(lock)).toBe(0);
  });
});

describe('the same loop without a lock', () => {
  // Shows that the tests above can fail. Threads that never run at once lose nothing: try again.
  test('loses counts', async () => {
    const rounds = 1_000_000;
    const pair = cpus.slice(0, 2);
    let lost = 0;
    for (let attempt = 0; attempt < 50 && lost === 0; attempt++) {
      shared = machine.arena(0, 0x1000);
      await Promise.all(pair.map((cpu) => cpu.run('hammerWithoutLock', shared, 2, rounds)));
      lost = 2 * rounds - Number(counted()[0]);
    }
    expect(lost).toBeGreaterThan(0);
  });
});
