// The slots of the swap device: who gets which, and who counts.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ARENA, TestMachine } from '../../../helpers/machine.js';

const machine = new TestMachine();
const { core } = machine;
const SLOTS = 4;
const [EBUSY, EINVAL] = [-16, -22];
const HAS_CACHE = 0x8000_0000;

beforeEach(() => {
  machine.boot({});
  expect(core.swapActivate(ARENA, SLOTS)).toBe(0);
});

/** A page in the swap cache with a slot of its own; returns the slot. */
function newSlot(): number {
  const page = core.allocPage();
  core.lockPage(page);
  expect(core.addToSwap(page)).toBe(1);
  core.unlockPage(page);
  for (let entry = 1; entry <= SLOTS; entry++) {
    if (core.swapCacheGet(entry) !== page) continue;
    core.putPage(page);
    return entry;
  }
  throw new Error('no slot has the page');
}

describe('the device', () => {
  it('is one, and not empty', () => {
    expect(core.swapActivate(ARENA, SLOTS)).toBe(EBUSY);
    core.swapSetWritable(0);
    core.swapDeactivate();
    expect(core.swapActivate(ARENA, 0)).toBe(EINVAL);
    expect(core.swapActivate(ARENA, SLOTS)).toBe(0);
  });

  it('hands out each slot once, until there is none', () => {
    const slots = Array.from({ length: SLOTS }, newSlot);
    expect(slots).toEqual([1, 2, 3, 4]);
    expect(core.swapHasRoom()).toBe(0);
    const page = core.allocPage();
    core.lockPage(page);
    expect(core.addToSwap(page)).toBe(0);
  });

  it('hands out none while it is being emptied', () => {
    expect(core.swapSetWritable(0)).toBe(1);
    expect(core.swapHasRoom()).toBe(0);
    expect(core.swapSetWritable(0)).toBe(0);
    expect(core.swapSetWritable(1)).toBe(1);
    expect(core.swapHasRoom()).toBe(1);
  });

  it('is full when half of it is in use, and more', () => {
    newSlot();
    newSlot();
    expect(core.vmSwapFull()).toBe(0);
    newSlot();
    expect(core.vmSwapFull()).toBe(1);
  });
});

describe('a slot', () => {
  it('counts its entries apart from the cache', () => {
    const entry = newSlot();
    expect(core.swapCount(entry)).toBe(0);
    expect(core.swapCount(SLOTS + 1)).toBe(0);
    const word = ARENA + entry * 16 + 4;
    machine.u32[word >>> 2] = HAS_CACHE + 1; // an entry names it
    core.swapDuplicate(entry);
    expect(core.swapCount(entry)).toBe(2);
    expect(core.swapFree(entry) >>> 0).toBe(HAS_CACHE + 1);
    expect(core.swapFree(entry) >>> 0).toBe(HAS_CACHE);
  });
});
