import { describe, expect, test } from '@jest/globals';
import { STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { TestMachine } from '../../../helpers/machine.js';
import { nodesOf } from '../../../helpers/tree-view.js';

const COUNT = 600;
const ITEM_SIZE = 64;

const machine = new TestMachine();
const { core } = machine;
const rootOf = () => machine.arena(0, (COUNT + 1) * ITEM_SIZE);

/** Inserts an item for each key, in this order; returns their addresses. */
function plant(root: number, keys: readonly number[]): number[] {
  return keys.map((key, i) => {
    const item = root + (i + 1) * ITEM_SIZE;
    machine.u64[(item + 16) >>> 3] = BigInt(key);
    machine.u64[(item + 24) >>> 3] = BigInt(key);
    core.intervalInsertOf(root, item);
    return item;
  });
}

const keyOf = (item: number) => Number(machine.u64[(item + 16) >>> 3]);
const upwards = Array.from({ length: COUNT }, (_, i) => i);
const orders: [string, number[]][] = [
  ['upwards', upwards],
  ['downwards', [...upwards].reverse()],
  ['from both ends', upwards.map((i) => (i % 2 === 0 ? i / 2 : COUNT - (i + 1) / 2))],
  ['from the middle', upwards.map((i) => COUNT / 2 + (i % 2 === 0 ? i / 2 : -(i + 1) / 2))],
  ['scattered', upwards.map((i) => (i * 241) % COUNT)],
];

describe.each(orders)('a tree whose keys come %s', (_, keys) => {
  test('is balanced and in order after each insertion and each removal', () => {
    const root = rootOf();
    const items = plant(root, keys.slice(0, 64));
    expect(nodesOf(machine, root).map(keyOf)).toEqual(keys.slice(0, 64).sort((a, b) => a - b));
    for (const [i, item] of items.entries()) {
      core.intervalRemoveOf(root, item);
      const left = keys.slice(i + 1, 64).sort((a, b) => a - b);
      expect(nodesOf(machine, root).map(keyOf)).toEqual(left);
    }
  });

  test('stays low with many keys, and when every other one is gone', () => {
    const root = rootOf();
    const items = plant(root, keys);
    expect(nodesOf(machine, root).map(keyOf)).toEqual(upwards);
    for (const item of items) if (keyOf(item) % 2 === 0) core.intervalRemoveOf(root, item);
    expect(nodesOf(machine, root).map(keyOf)).toEqual(upwards.filter((key) => key % 2 === 1));
  });
});

describe('walking a tree', () => {
  test('visits every node from the first to the last and back', () => {
    const root = rootOf();
    plant(
      root,
      upwards.map((i) => (i * 7) % COUNT),
    );
    const forth: number[] = [];
    for (let at = core.treeFirst(root); at !== 0; at = core.treeNext(at)) forth.push(keyOf(at));
    expect(forth).toEqual(upwards);
    const back: number[] = [];
    for (let at = core.treeLast(root); at !== 0; at = core.treePrev(at)) back.push(keyOf(at));
    expect(back).toEqual([...upwards].reverse());
  });

  test('ends at once in an empty tree', () => {
    const root = rootOf();
    expect(core.treeFirst(root)).toBe(0);
    expect(core.treeLast(root)).toBe(0);
  });

  test('a removed node says that it is in no tree', () => {
    const root = rootOf();
    const [item] = plant(root, [1, 2, 3]) as [number];
    const height = item + STRUCTS.TreeNode.fields.height.offset;
    expect(machine.word(height)).toBeGreaterThan(0);
    core.intervalRemoveOf(root, item);
    expect(machine.word(height)).toBe(0);
  });
});
