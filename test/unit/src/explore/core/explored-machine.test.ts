import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExploredMachine } from '../../../../../src/explore/core/explored-machine.js';
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MAP_POPULATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type PinnedPages,
  type Process,
} from '../../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;

let explored: ExploredMachine;
let process: Process;
let fd: number;
let addr: number;
beforeEach(async () => {
  explored = await ExploredMachine.boot({ memory: '1MiB' }, 2);
  process = explored.machine.spawn();
  fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
  process.ftruncate(fd, 3 * PAGE_SIZE);
  addr = process.mmap(0, 3 * PAGE_SIZE, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
  explored.keep();
});
afterEach(() => explored.close());

type End = { value: unknown } | { error: unknown };

/** Runs one operation a CPU; `choose` picks among those that can run, at every point. */
function execute(
  operations: readonly (() => unknown)[],
  choose: (able: readonly number[], current: number) => number,
): { ends: End[]; points: number } {
  const { coroutines } = explored;
  const ends = new Map<number, End>();
  let points = 0;
  let next = 0;
  explored.reset();
  operations.forEach((operation, cpu) => coroutines.begin(cpu, operation));
  const able = () =>
    operations.map((_, cpu) => cpu).filter((cpu) => !ends.has(cpu) && coroutines.isEnabled(cpu));
  coroutines.onPoint = (cpu) => {
    points++;
    next = choose(able(), cpu);
    return next === cpu;
  };
  next = choose(able(), -1);
  for (let resumed = 0; ends.size < operations.length; resumed++) {
    if (resumed > 10_000) throw new Error('the CPUs make no progress');
    const outcome = explored.resume(next);
    if (outcome.kind === 'returned') ends.set(next, { value: outcome.value });
    else if (outcome.kind === 'threw') ends.set(next, { error: outcome.error });
    if (ends.size === operations.length) break;
    if (able().length === 0) {
      const asleep = operations.findIndex((_, cpu) => coroutines.wakeTime(cpu) !== undefined);
      if (asleep < 0) throw new Error('deadlock');
      explored.wake(asleep);
    }
    if (!able().includes(next) || outcome.kind !== 'stopped') next = choose(able(), next);
  }
  return { ends: operations.map((_, cpu) => ends.get(cpu) ?? { error: 'none' }), points };
}

/** A generator of numbers below 1 that a seed determines. */
function randomly(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function uniform(seed: number): (able: readonly number[]) => number {
  const random = randomly(seed);
  return (able) => able[Math.floor(random() * able.length)] ?? -1;
}

const pin = () => process.pinUserPagesFast(addr, 3, FOLL_WRITE);
const unmap = () => process.munmap(addr, 3 * PAGE_SIZE);

describe('an explored machine', () => {
  it('interleaves calls of the real core at every access, and stays sound', () => {
    const seen = new Set<number>();
    for (let seed = 1; seed <= 1000 && seen.size < 4; seed++) {
      const { ends } = execute([pin, unmap], uniform(seed));
      const [pinned, unmapped] = ends;
      expect(unmapped).toEqual({ value: undefined });
      if (pinned !== undefined && 'value' in pinned) {
        const pages = pinned.value as PinnedPages;
        seen.add(pages.length);
        pages.release();
      } else seen.add(0);
      const messages = explored.machine.verify().map(({ message }) => message);
      expect({ seed, messages }).toEqual({ seed, messages: [] });
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3]); // GUP-fast holds no lock
  });

  it('goes the same way when the choices are the same', () => {
    const run = () => {
      const accesses: string[] = [];
      const choose = uniform(7);
      execute([pin, unmap], (able, current) => {
        if (current >= 0) {
          const { address, op, size } = explored.coroutines.pending(current);
          accesses.push(`${current} ${address.toString(16)} ${op} ${size}`);
        }
        return choose(able);
      });
      return accesses;
    };
    const first = run();
    expect(first.length).toBeGreaterThan(50);
    expect(run()).toEqual(first);
  });

  it('begins each execution with what was kept', () => {
    const before = explored.machine.snapshot();
    execute([pin, unmap], uniform(3));
    expect(explored.machine.snapshot()).not.toEqual(before);
    explored.reset();
    expect(explored.machine.snapshot()).toEqual(before);
  });

  it('brings data through calls that stop in the middle of several pages', () => {
    const bytes = new Uint8Array(3 * PAGE_SIZE).map((_, at) => at % 251);
    for (let seed = 1; seed <= 30; seed++) {
      const copy = new Uint8Array(PAGE_SIZE).fill(9);
      const load = () => process.load(addr, 3 * PAGE_SIZE);
      explored.reset();
      process.store(addr, bytes);
      explored.keep();
      const { ends } = execute([load, () => process.store(addr, copy)], uniform(seed));
      const [loaded] = ends;
      const value = loaded !== undefined && 'value' in loaded ? loaded.value : undefined;
      const got = value as Uint8Array;
      expect(got.subarray(PAGE_SIZE)).toEqual(bytes.subarray(PAGE_SIZE));
      expect([bytes[1], 9]).toContain(got[1]); // a page is copied in one step
      expect([...process.load(addr, 2)]).toEqual([9, 9]);
    }
  });

  it('lets time pass when every CPU sleeps, as a sealer does that waits for pins', () => {
    explored.reset();
    process.pinUserPages(addr, 1, FOLL_WRITE);
    process.munmap(addr, 3 * PAGE_SIZE);
    explored.keep();
    const seal = () => process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    const [alone] = execute([seal], uniform(1)).ends;
    expect(alone).toMatchObject({ error: { code: 'EBUSY' } });
    expect(explored.machine.now()).toBe(150);
  });

  it('knows who waits for what, until nobody can run', () => {
    const { coroutines } = explored;
    explored.reset();
    coroutines.begin(0, unmap);
    coroutines.begin(1, unmap);
    let stops = 0;
    coroutines.onPoint = (cpu) => cpu === 1 || ++stops < 5;
    expect(explored.resume(0).kind).toBe('stopped'); // with mmap_lock held
    coroutines.onPoint = () => false;
    while (coroutines.isEnabled(1)) expect(explored.resume(1).kind).toBe('stopped');
    expect(coroutines.pending(1)).toMatchObject({ waits: true, equal: true });
    expect(coroutines.wakeTime(1)).toBeUndefined();
    coroutines.onPoint = () => true;
    expect(explored.resume(0)).toEqual({ kind: 'returned', value: undefined });
    expect(coroutines.isEnabled(1)).toBe(true);
    expect(explored.resume(1)).toEqual({ kind: 'returned', value: undefined });
  });
});

it('forgets between executions what was to happen at a time', () => {
  const happened: number[] = [];
  for (const execution of [1, 2]) {
    explored.reset();
    explored.machine.at(explored.machine.now() + 5, () => happened.push(execution));
  }
  explored.machine.advance(10);
  expect(happened).toEqual([2]);
});
