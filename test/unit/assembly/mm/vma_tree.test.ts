import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';
import { nodesOf } from '../../../helpers/tree-view.js';

const VMAS = 40;
const PAGE = 4096n;
/** All ranges lie here, so that they often touch: a few pages of a large address space. */
const BASE = 0x7f00_0000_0000n;
const SPAN = 160;
const fields = STRUCTS.Vma.fields;

interface Vma {
  readonly address: number;
  start: bigint;
  end: bigint;
}

const machine = new TestMachine();
const { core } = machine;
const at = (page: number) => BASE + BigInt(page) * PAGE;
const u64 = (address: number) => machine.u64[address >>> 3]!;

/** An mm with nothing but its tree, beside a sorted list of its VMAs. */
class Model {
  readonly mm = machine.arena(0, STRUCTS.MmStruct.size + (VMAS + 1) * STRUCTS.Vma.size);
  readonly #free = Array.from(
    { length: VMAS },
    (_, i) => this.mm + STRUCTS.MmStruct.size + i * STRUCTS.Vma.size,
  );
  vmas: Vma[] = [];

  /** Maps as much of the range as is free at its start. */
  insert(from: number, pages: number): void {
    const start = at(from);
    if (this.vmas.some((vma) => vma.start <= start && start < vma.end)) return;
    const next = this.vmas.find((vma) => vma.start > start);
    const wanted = at(from + pages);
    const end = next !== undefined && next.start < wanted ? next.start : wanted;
    const address = this.#free.pop();
    if (address === undefined) return;
    const vma = { address, start, end };
    this.#write(vma);
    core.vmaTreeInsert(this.mm, address);
    this.vmas.push(vma);
    this.vmas.sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  erase(index: number): void {
    const [vma] = this.vmas.splice(index % this.vmas.length, 1);
    if (vma === undefined) return;
    core.vmaTreeErase(this.mm, vma.address);
    this.#free.push(vma.address);
  }

  /** Moves the ends of a VMA, but not past its neighbours. */
  resize(index: number, startBy: number, endBy: number): void {
    const place = index % this.vmas.length;
    const vma = this.vmas[place];
    if (vma === undefined) return;
    const floor = this.vmas[place - 1]?.end ?? at(0);
    const ceiling = this.vmas[place + 1]?.start ?? at(SPAN * 2);
    const start = clamp(vma.start + BigInt(startBy) * PAGE, floor, vma.end - PAGE);
    vma.start = start;
    vma.end = clamp(vma.end + BigInt(endBy) * PAGE, start + PAGE, ceiling);
    this.#write(vma);
    core.vmaTreeChanged(this.mm, vma.address);
  }

  /** The tree's order and balance, and what each node keeps about its subtree. */
  check(): void {
    const root = this.mm + STRUCTS.MmStruct.fields.mmRoot.offset;
    const order = nodesOf(machine, root, ({ node, left, right }) => {
      let start = u64(node + fields.vmStart.offset);
      let end = u64(node + fields.vmEnd.offset);
      const gaps = [0n];
      if (left !== 0) {
        gaps.push(
          start - u64(left + fields.subtreeEnd.offset),
          u64(left + fields.subtreeGap.offset),
        );
        start = u64(left + fields.subtreeStart.offset);
      }
      if (right !== 0) {
        gaps.push(u64(right + fields.subtreeStart.offset) - end);
        gaps.push(u64(right + fields.subtreeGap.offset));
        end = u64(right + fields.subtreeEnd.offset);
      }
      assert.equal(u64(node + fields.subtreeStart.offset), start);
      assert.equal(u64(node + fields.subtreeEnd.offset), end);
      assert.equal(u64(node + fields.subtreeGap.offset), largest(gaps));
    });
    assert.deepEqual(
      order,
      this.vmas.map((vma) => vma.address),
    );
  }

  checkLookups(address: bigint, length: bigint): void {
    const found = this.vmas.find((vma) => vma.end > address);
    const addressOf = (vma: Vma | undefined) => vma?.address ?? 0;
    const holder = found !== undefined && found.start <= address ? found : undefined;
    const meets = found !== undefined && found.start < address + length ? found : undefined;
    assert.equal(core.findVma(this.mm, address), addressOf(found));
    assert.equal(core.vmaLookup(this.mm, address), addressOf(holder));
    assert.equal(core.findVmaIntersection(this.mm, address, address + length), addressOf(meets));
  }

  checkGaps(low: bigint, high: bigint, length: bigint): void {
    const holes = this.#holes(low, high).filter(([from, to]) => to - from >= length);
    const first = holes[0]?.[0] ?? 0n;
    const last = holes.at(-1);
    assert.equal(BigInt.asUintN(64, core.lowestGap(this.mm, low, high, length)), first);
    const highest = last === undefined ? 0n : last[1] - length;
    assert.equal(BigInt.asUintN(64, core.highestGap(this.mm, low, high, length)), highest);
  }

  /** The free ranges of [low, high), in order. */
  #holes(low: bigint, high: bigint): [bigint, bigint][] {
    const holes: [bigint, bigint][] = [];
    let from = low;
    for (const vma of this.vmas) {
      const to = vma.start < high ? vma.start : high;
      if (from < to) holes.push([from, to]);
      if (vma.end > from) from = vma.end;
    }
    if (from < high) holes.push([from, high]);
    return holes;
  }

  #write(vma: Vma): void {
    machine.u64[(vma.address + fields.vmStart.offset) >>> 3] = vma.start;
    machine.u64[(vma.address + fields.vmEnd.offset) >>> 3] = vma.end;
  }
}

function clamp(value: bigint, low: bigint, high: bigint): bigint {
  if (value < low) return low;
  return value > high ? high : value;
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}

const page = fc.nat(SPAN);
const length = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 }));
const by = fc.integer({ min: -6, max: 6 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ insert: fc.tuple(page, length) }) },
  { weight: 2, arbitrary: fc.record({ erase: fc.nat(VMAS) }) },
  { weight: 2, arbitrary: fc.record({ resize: fc.tuple(fc.nat(VMAS), by, by) }) },
  { weight: 4, arbitrary: fc.record({ look: fc.tuple(page, length, length) }) },
);

function look(model: Model, from: number, pages: number, gap: number): void {
  for (const address of [at(from), at(from) - 1n, at(from) + PAGE / 2n]) {
    model.checkLookups(address, BigInt(pages) * PAGE);
  }
  const wanted = BigInt(gap) * PAGE;
  model.checkGaps(at(from), at(from + pages), wanted);
  model.checkGaps(at(from), at(SPAN), wanted);
  model.checkGaps(PAGE, at(from), wanted);
  model.checkGaps(PAGE, 2n ** 47n - PAGE, wanted);
}

describe('the tree of VMAs', () => {
  test('finds ranges and holes as a look at a list would, and is right after each step', () => {
    holds([fc.array(step, { maxLength: 120, size: 'max' })], 200, (steps) => {
      const model = new Model();
      for (const each of steps) {
        if ('look' in each) look(model, ...each.look);
        else {
          if ('insert' in each) model.insert(...each.insert);
          else if ('erase' in each) model.erase(each.erase);
          else model.resize(...each.resize);
          model.check();
        }
      }
      look(model, 0, SPAN, 1);
      look(model, 10, 20, 5);
    });
  });

  test('an empty one has one hole, as large as the range that is asked for', () => {
    const model = new Model();
    expect(core.findVma(model.mm, 0n)).toBe(0);
    expect(core.lowestGap(model.mm, PAGE, 9n * PAGE, 8n * PAGE)).toBe(PAGE);
    expect(core.highestGap(model.mm, PAGE, 9n * PAGE, 3n * PAGE)).toBe(6n * PAGE);
    expect(core.highestGap(model.mm, PAGE, 9n * PAGE, 9n * PAGE)).toBe(0n);
    expect(core.lowestGap(model.mm, 9n * PAGE, PAGE, PAGE)).toBe(0n);
  });

  //       0   1   2   3   4   5   6   7
  //           [ A ]   [ B ]       [ C ]
  test('a hole that fits exactly is found from both sides, one page more is not', () => {
    const model = new Model();
    model.insert(1, 1);
    model.insert(3, 1);
    model.insert(6, 1);
    model.checkGaps(at(1), at(7), 2n * PAGE);
    expect(core.lowestGap(model.mm, at(1), at(7), 2n * PAGE)).toBe(at(4));
    expect(core.highestGap(model.mm, at(1), at(7), 2n * PAGE)).toBe(at(4));
    expect(core.highestGap(model.mm, at(1), at(7), 3n * PAGE)).toBe(0n);
  });
});
