import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { type RemoteCpu, sleep, startCpus, stopCpus, until } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const PG_LOCKED = 1;
const PG_DIRTY = 1 << 4;
const PG_WAITERS = 1 << 7;
const FIRST = 128;

const machine = new TestMachine({ cpus: 5 });
const { core } = machine;
let cpus: RemoteCpu[] = [];
let shared = 0;
let page = 0;

beforeAll(async () => {
  cpus = await startCpus(machine, [1, 2, 3, 4]);
});
afterAll(stopCpus);
beforeEach(() => {
  shared = machine.arena(0, 0x1000);
  page = core.allocPage();
});

const flagsOf = () => page + STRUCTS.Page.fields.flags.offset;
const flags = () => machine.word(flagsOf());

describe('the lock of a page', () => {
  test('is a bit of its flags, and leaves the others alone', () => {
    Atomics.store(machine.u32, flagsOf() >>> 2, PG_DIRTY);
    core.lockPage(page);
    expect(flags()).toBe(PG_DIRTY | PG_LOCKED);
    expect(core.trylockPage(page)).toBe(0);
    core.unlockPage(page);
    expect(flags()).toBe(PG_DIRTY);
    expect(core.trylockPage(page)).toBe(1);
    core.unlockPage(page);
  });

  test('holds back a CPU that asks for it, though other flags change meanwhile', async () => {
    core.lockPage(page);
    let done = false;
    const waiting = cpus[0]!.run('lockPage', page).then(() => (done = true));
    await until(() => (flags() & PG_WAITERS) !== 0);
    for (let i = 0; i < 20; i++) {
      Atomics.xor(machine.u32, flagsOf() >>> 2, PG_DIRTY);
      await sleep(2);
    }
    expect(done).toBe(false);
    core.unlockPage(page);
    await waiting;
    expect(flags() & PG_LOCKED).toBe(PG_LOCKED);
    core.unlockPage(page);
  });

  test('wakes whoever sleeps on it', async () => {
    core.lockPage(page);
    const marked = Atomics.or(machine.i32, flagsOf() >>> 2, PG_WAITERS) | PG_WAITERS;
    const sleeper = machine.sleepOn(flagsOf(), marked);
    core.unlockPage(page);
    expect(await sleeper).toBe('ok');
    expect(flags() & PG_WAITERS).toBe(0);
  });

  test.each([2, 4])('on %i CPUs: counters that are not atomic are exact', async (n) => {
    const rounds = 1_000_000;
    const crowd = cpus.slice(0, n);
    const torn = await Promise.all(
      crowd.map((cpu) => cpu.run('hammerPageLock', shared, n, rounds, page)),
    );
    expect(torn).toEqual(crowd.map(() => 0));
    expect(machine.u64[(shared + FIRST) >>> 3]).toBe(BigInt(n * rounds));
    expect(flags() & PG_LOCKED).toBe(0);
  });

  test('released by nobody who holds it stops the machine (debug build)', () => {
    const own = new TestMachine();
    expect(() => own.core.unlockPage(own.core.allocPage())).toThrow(WebAssembly.RuntimeError);
    expect(own.state('panicId')).toBe(161);
  });
});
