import assert from 'node:assert/strict';
import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';
import { nodesOf } from '../../../helpers/tree-view.js';

const ITEMS = 48;
const ITEM_SIZE = 64;
const FIRST = 16;
const LAST = 24;
const SUBTREE_LAST = 32;
const MAX = 2n ** 64n - 1n;

interface Item {
  readonly address: number;
  readonly first: bigint;
  readonly last: bigint;
}

const machine = new TestMachine();
const { core } = machine;
const u64 = (address: number) => machine.u64[address >>> 3]!;

/** The tree's items beside a plain list of them, in the order that the tree promises. */
class Model {
  readonly root = machine.arena(0, (ITEMS + 1) * ITEM_SIZE);
  readonly #free = Array.from({ length: ITEMS }, (_, i) => this.root + (i + 1) * ITEM_SIZE);
  items: Item[] = [];

  insert(first: bigint, last: bigint): void {
    const address = this.#free.pop();
    if (address === undefined) return;
    machine.u64[(address + FIRST) >>> 3] = first;
    machine.u64[(address + LAST) >>> 3] = last;
    core.intervalInsertOf(this.root, address);
    const place = this.items.findIndex((item) => item.first > first);
    this.items.splice(place < 0 ? this.items.length : place, 0, { address, first, last });
  }

  remove(index: number): void {
    const [item] = this.items.splice(index % this.items.length, 1);
    if (item === undefined) return;
    core.intervalRemoveOf(this.root, item.address);
    this.#free.push(item.address);
  }

  /** Looks at the whole tree: order, balance, and the largest end of each subtree. */
  check(): void {
    const order = nodesOf(machine, this.root, ({ node, left, right }) => {
      const ends = [u64(node + LAST)];
      for (const child of [left, right]) if (child !== 0) ends.push(u64(child + SUBTREE_LAST));
      const largest = ends.reduce((a, b) => (a > b ? a : b));
      assert.equal(u64(node + SUBTREE_LAST), largest);
    });
    assert.deepEqual(
      order,
      this.items.map((item) => item.address),
    );
  }

  /** Compares a search with a look at every item. */
  search(first: bigint, last: bigint): void {
    const found: number[] = [];
    let at = core.intervalFirstOf(this.root, first, last);
    for (; at !== 0; at = core.intervalNextOf(at, first, last)) found.push(at);
    const overlapping = this.items.filter((item) => item.first <= last && item.last >= first);
    assert.deepEqual(
      found,
      overlapping.map((item) => item.address),
    );
  }
}

/** Short and long intervals that often touch, some of them at the ends of the numbers. */
const interval = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.bigInt(0n, 60n) },
      { weight: 1, arbitrary: fc.constantFrom(0n, 2n ** 32n - 1n, 2n ** 63n, MAX - 3n, MAX) },
    ),
    fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 40n), fc.constant(2n ** 40n)),
  )
  .map(([first, length]) => [first, first + length > MAX ? MAX : first + length] as const);

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ insert: interval }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat(ITEMS) }) },
  { weight: 2, arbitrary: fc.record({ search: interval }) },
);

describe('an interval tree', () => {
  test('finds what a list would, and is right after each step', () => {
    holds([fc.array(step, { maxLength: 120, size: 'max' })], 150, (steps) => {
      const model = new Model();
      for (const each of steps) {
        if ('search' in each) {
          model.search(...each.search);
          continue;
        }
        if ('insert' in each) model.insert(...each.insert);
        else model.remove(each.remove);
        model.check();
      }
      model.search(0n, MAX);
      model.search(20n, 20n);
    });
  });

  test('keeps items with the same start in the order in which they came', () => {
    const model = new Model();
    for (let i = 0; i < 20; i++) model.insert(7n, 7n + BigInt((i * 5) % 20));
    model.check();
    model.search(10n, 10n);
    for (let i = 0; i < 10; i++) model.remove(i);
    model.check();
  });

  test('finds nothing in an empty tree, and nothing between two items', () => {
    const model = new Model();
    model.search(0n, MAX);
    model.insert(1n, 3n);
    model.insert(5n, 9n);
    model.search(4n, 4n);
    model.search(10n, MAX);
  });
});
