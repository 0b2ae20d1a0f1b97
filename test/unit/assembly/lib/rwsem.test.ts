import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type RemoteCpu, sleep, startCpus, stopCpus, until } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const WAITERS = 1;
const WRITER_WAITS = 4;
const FIRST = 128;

const machine = new TestMachine({ cpus: 5 });
const { core } = machine;
let cpus: RemoteCpu[] = [];
let shared = 0;
let sem = 0;

beforeAll(async () => {
  cpus = await startCpus(machine, [1, 2, 3, 4]);
});
afterAll(stopCpus);
beforeEach(() => {
  shared = machine.arena(0, 0x1000);
  sem = shared + 64;
});

const counted = () => machine.u64[(shared + FIRST) >>> 3];
const writerWaits = () => (machine.word(sem) & WRITER_WAITS) !== 0;
const somebodyWaits = () => (machine.word(sem) & WAITERS) !== 0;

/** A call on another CPU, and whether it has returned. */
function started(call: Promise<unknown>): { done: boolean; ended: Promise<unknown> } {
  const state = { done: false, ended: call };
  state.ended = call.then(() => (state.done = true));
  return state;
}

describe('an rw_semaphore', () => {
  test('lets many readers in, and no writer while one is there', () => {
    expect(core.rwIsLocked(sem)).toBe(0);
    core.rwDownRead(sem);
    expect(core.rwTryDownRead(sem)).toBe(1);
    expect(core.rwTryDownWrite(sem)).toBe(0);
    core.rwUpRead(sem);
    expect(core.rwTryDownWrite(sem)).toBe(0);
    expect(core.rwIsLocked(sem)).toBe(1);
    expect(core.rwIsWriteLocked(sem)).toBe(0);
    core.rwUpRead(sem);
    expect(core.rwTryDownWrite(sem)).toBe(1);
  });

  test('lets one writer in, and nobody else', () => {
    core.rwDownWrite(sem);
    expect(core.rwIsWriteLocked(sem)).toBe(1);
    expect(core.rwTryDownRead(sem)).toBe(0);
    expect(core.rwTryDownWrite(sem)).toBe(0);
    core.rwUpWrite(sem);
    expect(machine.word(sem)).toBe(0);
  });

  test('a writer that goes on as a reader lets readers in, and no writer', () => {
    core.rwDownWrite(sem);
    core.rwDowngradeWrite(sem);
    expect(core.rwIsWriteLocked(sem)).toBe(0);
    expect(core.rwTryDownRead(sem)).toBe(1);
    expect(core.rwTryDownWrite(sem)).toBe(0);
    core.rwUpRead(sem);
    core.rwUpRead(sem);
    expect(machine.word(sem)).toBe(0);
  });

  test.each([
    ['rwUpRead', 102],
    ['rwUpWrite', 103],
    ['rwDowngradeWrite', 104],
  ] as const)('%s of one that is not held stops the machine (debug build)', (name, id) => {
    const own = new TestMachine();
    expect(() => own.core[name](own.arena(0, 64))).toThrow(WebAssembly.RuntimeError);
    expect(own.state('panicId')).toBe(id);
  });
});

describe('waiting for an rw_semaphore', () => {
  test('a writer waits for the last reader, and new readers wait behind the writer', async () => {
    core.rwDownRead(sem);
    core.rwDownRead(sem);
    const writer = started(cpus[0]!.run('rwDownWrite', sem));
    await until(writerWaits);
    expect(core.rwTryDownRead(sem)).toBe(0);
    const reader = started(cpus[1]!.run('rwDownRead', sem));
    core.rwUpRead(sem);
    await sleep(30);
    expect([writer.done, reader.done]).toEqual([false, false]);
    core.rwUpRead(sem);
    // Both are woken, and whoever is first has it; the writer cannot be passed for ever.
    await Promise.race([writer.ended, reader.ended]);
    if (reader.done) core.rwUpRead(sem);
    await writer.ended;
    expect(core.rwIsWriteLocked(sem)).toBe(1);
    core.rwUpWrite(sem);
    await reader.ended;
  });

  test('readers that wait for a writer are let in together', async () => {
    core.rwDownWrite(sem);
    const readers = cpus.slice(0, 3).map((cpu) => started(cpu.run('rwDownRead', sem)));
    await until(somebodyWaits);
    await sleep(20);
    expect(readers.map((reader) => reader.done)).toEqual([false, false, false]);
    core.rwUpWrite(sem);
    await Promise.all(readers.map((reader) => reader.ended));
    for (let i = 0; i < 3; i++) core.rwUpRead(sem);
    expect(core.rwIsLocked(sem)).toBe(0);
  });

  test('a downgrade lets waiting readers in, while a writer goes on waiting', async () => {
    core.rwDownWrite(sem);
    const reader = started(cpus[0]!.run('rwDownRead', sem));
    await until(somebodyWaits);
    core.rwDowngradeWrite(sem);
    await reader.ended;
    const writer = started(cpus[1]!.run('rwDownWrite', sem));
    await until(writerWaits);
    core.rwUpRead(sem);
    await sleep(30);
    expect(writer.done).toBe(false);
    core.rwUpRead(sem);
    await writer.ended;
    core.rwUpWrite(sem);
  });
});

describe('whoever sleeps on an rw_semaphore is woken', () => {
  test.each([
    ['the last reader leaves', 'rwDownRead', 'rwUpRead'],
    ['the writer leaves', 'rwDownWrite', 'rwUpWrite'],
    ['the writer becomes a reader', 'rwDownWrite', 'rwDowngradeWrite'],
  ] as const)('when %s', async (_, take, release) => {
    core[take](sem);
    const marked = Atomics.or(machine.i32, sem >>> 2, WAITERS) | WAITERS;
    const sleeper = machine.sleepOn(sem, marked);
    core[release](sem);
    expect(await sleeper).toBe('ok');
    expect(somebodyWaits()).toBe(false);
  });
});

describe('CPUs that hammer an rw_semaphore', () => {
  type Loop = 'hammerReaders' | 'hammerWriters' | 'hammerDowngraders';
  test.each<[string, Loop[]]>([
    ['two writers', ['hammerWriters', 'hammerWriters']],
    ['a reader and a writer', ['hammerReaders', 'hammerWriters']],
    ['two of each', ['hammerReaders', 'hammerWriters', 'hammerReaders', 'hammerWriters']],
    ['a downgrader and a writer', ['hammerDowngraders', 'hammerWriters']],
    ['all kinds', ['hammerReaders', 'hammerDowngraders', 'hammerDowngraders', 'hammerWriters']],
  ])('%s: no reader sees a torn pair, no count is lost', async (_, loops) => {
    const rounds = 600_000;
    const wrong = await Promise.all(
      loops.map((name, i) => cpus[i]!.run(name, shared, loops.length, rounds)),
    );
    expect(wrong).toEqual(loops.map(() => 0));
    const writers = loops.filter((name) => name !== 'hammerReaders').length;
    expect(counted()).toBe(BigInt(writers * rounds));
    expect(core.rwIsLocked(sem)).toBe(0);
  });

  test('readers that never stop do not starve a writer', async () => {
    const rounds = 20_000;
    const start = performance.now();
    const [wrong, ...torn] = await Promise.all([
      cpus[0]!.run('hammerWriters', shared, 4, rounds),
      ...cpus.slice(1).map((cpu) => cpu.run('hammerReadersUntilStop', shared, 4)),
    ]);
    expect([wrong, ...torn]).toEqual([0, 0, 0, 0]);
    expect(counted()).toBe(BigInt(rounds));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
