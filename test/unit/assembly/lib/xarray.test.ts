import assert from 'node:assert/strict';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { startCpus, stopCpus } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';

const MARKS = 3;
const NODES_PER_KPAGE = 12;
const NONE = 2n ** 64n - 1n;

interface Entry {
  readonly value: number;
  readonly marks: Set<number>;
}

const machine = new TestMachine();
const { core } = machine;

/** A bit shift of a node that would span `index` as the top of a tree. */
function shiftFor(index: bigint): number {
  let shift = 0;
  while (index >> BigInt(shift + 6) !== 0n) shift += 6;
  return shift;
}

/** An xarray beside a Map that says what it must hold. */
class Model {
  readonly xa = machine.arena(0, 64);
  readonly entries = new Map<bigint, Entry>();
  /** Shift of the top node; a tree grows for the largest index that it ever held, until empty. */
  #topShift = -1;

  store(index: bigint, value: number): boolean {
    const done = core.xaStoreLocked(this.xa, index, value) === 1;
    if (!done) return false;
    this.entries.set(index, { value, marks: this.entries.get(index)?.marks ?? new Set() });
    this.#topShift = Math.max(this.#topShift, shiftFor(index));
    return true;
  }

  erase(index: bigint): void {
    assert.equal(core.xaEraseLocked(this.xa, index), this.entries.get(index)?.value ?? 0);
    this.entries.delete(index);
    if (this.entries.size === 0) this.#topShift = -1;
  }

  mark(index: bigint, mark: number, set: boolean): void {
    if (set) core.xaSetMarkLocked(this.xa, index, mark);
    else core.xaClearMarkLocked(this.xa, index, mark);
    const marks = this.entries.get(index)?.marks;
    if (set) marks?.add(mark);
    else marks?.delete(mark);
  }

  checkSearches(from: bigint): void {
    const indices = [...this.entries.keys()].sort((a, b) => (a < b ? -1 : 1));
    const next = indices.find((index) => index >= from) ?? NONE;
    assert.equal(BigInt.asUintN(64, core.xaNext(this.xa, from)), next);
    for (let mark = 0; mark < MARKS; mark++) {
      const marked = indices.filter((index) => this.entries.get(index)?.marks.has(mark));
      const found = core.xaNextMarkedLocked(this.xa, from, mark);
      assert.equal(BigInt.asUintN(64, found), marked.find((index) => index >= from) ?? NONE);
      assert.equal(core.xaMarkedLocked(this.xa, mark), marked.length > 0 ? 1 : 0);
    }
  }

  checkEntries(): void {
    for (const [index, { value }] of this.entries) assert.equal(core.xaLoad(this.xa, index), value);
  }

  get nrNodes(): number {
    return machine.word(this.xa + STRUCTS.XArray.fields.nrNodes.offset);
  }

  /** Frees what was unlinked; after that there is a node for each 64 slots in use, and no more. */
  reap(): void {
    core.xaReapLocked(this.xa);
    const needed = new Set<string>();
    for (const index of this.entries.keys()) {
      for (let shift = 0; shift <= this.#topShift; shift += 6) {
        needed.add(`${shift}:${index >> BigInt(shift + 6)}`);
      }
    }
    assert.equal(this.nrNodes, needed.size);
  }

  eraseAll(): void {
    for (const index of [...this.entries.keys()]) this.erase(index);
    this.reap();
    assert.equal(this.nrNodes, 0);
    assert.equal(machine.word(this.xa + STRUCTS.XArray.fields.head.offset), 0);
  }
}

/** Neighbours, the first and last slots of nodes of every height, and the largest numbers. */
const index = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(0n, 200n) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 10 }), fc.bigInt(-2n, 66n))
      .map(([level, offset]) => (1n << BigInt(6 * level)) + offset),
  },
  { weight: 1, arbitrary: fc.bigInt(2n ** 63n - 70n, 2n ** 63n) },
);
/** Addresses of at least four-byte alignment. */
const value = fc.integer({ min: 1, max: 2 ** 29 - 1 }).map((number) => number * 4);
const mark = fc.nat(MARKS - 1);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('store' as const), index, value }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('erase' as const), index }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('set' as const), index, mark }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('clear' as const), index, mark }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('search' as const), index }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reap' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Erase and marks go to an index in use most of the time. */
function near(model: Model, wanted: bigint): bigint {
  const used = [...model.entries.keys()];
  return used.length === 0 || wanted % 4n === 0n
    ? wanted
    : used[Number(wanted % 997n) % used.length]!;
}

function apply(model: Model, each: Step): void {
  switch (each.op) {
    case 'store':
      assert.ok(model.store(each.index, each.value));
      return;
    case 'erase':
      return model.erase(near(model, each.index));
    case 'set':
      return model.mark(near(model, each.index), each.mark, true);
    case 'clear':
      return model.mark(near(model, each.index), each.mark, false);
    case 'search':
      return model.checkSearches(each.index);
    case 'reap':
      return model.reap();
  }
}

afterEach(stopCpus);

describe('an xarray', () => {
  test('holds, marks and finds what a Map would, with no more nodes than that needs', () => {
    holds([fc.array(step, { maxLength: 120, size: 'max' })], 300, (steps) => {
      const model = new Model();
      for (const each of steps) apply(model, each);
      model.checkEntries();
      for (const from of [0n, 64n, 2n ** 36n, 2n ** 63n, NONE]) model.checkSearches(from);
      model.reap();
      model.eraseAll();
    });
  });

  test('finds nothing at an index that its height cannot hold', () => {
    const model = new Model();
    model.store(5n, 8);
    for (const far of [64n, 2n ** 12n + 5n, 2n ** 32n + 5n, 2n ** 63n, NONE]) {
      expect(core.xaLoad(model.xa, far)).toBe(0);
      expect(core.xaEraseLocked(model.xa, far)).toBe(0);
      model.checkSearches(far);
    }
    model.eraseAll();
  });

  test('keeps unlinked nodes until they are reaped, for readers that are still in them', () => {
    const model = new Model();
    model.store(0x1234n, 4);
    expect(model.nrNodes).toBe(3);
    model.erase(0x1234n);
    expect(model.nrNodes).toBe(3);
    expect(core.xaLoad(model.xa, 0x1234n)).toBe(0);
    model.reap();
    expect(model.nrNodes).toBe(0);
  });
});

describe('an xarray that runs out of memory', () => {
  const kpages = fc.integer({ min: 0, max: 3 });
  const steps = fc.array(fc.record({ index, value, erase: fc.boolean() }), {
    maxLength: 150,
    size: 'max',
  });

  test('fails only when every node is in use, and stays as it was', () => {
    holds([kpages, steps], 150, (pages, list) => {
      machine.boot({ kpages: pages });
      const model = new Model();
      for (const each of list) {
        if (each.erase) model.erase(near(model, each.index));
        else if (!model.store(each.index, each.value)) {
          expect(model.nrNodes).toBe(pages * NODES_PER_KPAGE);
          model.checkEntries();
          model.checkSearches(0n);
        }
        core.xaReapLocked(model.xa);
      }
      model.checkEntries();
      for (const used of [...model.entries.keys()]) model.erase(used);
      core.xaReapLocked(model.xa);
      expect(model.nrNodes).toBe(0);
    });
    machine.boot();
  });
});

describe('readers without the lock', () => {
  test('never find an entry of another index while a writer stores, erases and reaps', async () => {
    const crowd = new TestMachine({ cpus: 4, kpages: 64 });
    const cpus = await startCpus(crowd, [1, 2, 3]);
    const shared = crowd.arena(0, 0x1000);
    const xa = crowd.arena(0x1000, 64);
    const [writer, ...readers] = cpus as [(typeof cpus)[0], ...typeof cpus];
    const results = await Promise.all([
      writer.run('hammerXaWriter', shared, 3, 300_000, xa),
      ...readers.map((cpu, i) => cpu.run('hammerXaReader', shared, 3, xa, i + 1)),
    ]);
    expect(results).toEqual([0, 0, 0]);
  });
});
