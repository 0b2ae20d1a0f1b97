import { describe, expect, it } from '@jest/globals';
import { Locations, maskOf } from '../../../../../src/explore/core/locations.js';
import {
  CONTENTS_BASE,
  MEM_MAP,
  PAGE_SIZE,
  SchedOp,
} from '../../../../../src/wasm/generated/layout.js';

const { Load, LoadBits, Rmw, RmwBits, RmwShared } = SchedOp;
const [LOCKED, REFERENCED, SWAPBACKED] = [1, 4, 1 << 17];

/** Whether two accesses of the same 8 bytes meet. */
function meet(a: Parameters<typeof maskOf>, b: Parameters<typeof maskOf>): boolean {
  return (maskOf(...a) & maskOf(...b)) !== 0;
}

describe('what two accesses are about', () => {
  it('is the same where they have a byte in common', () => {
    expect(meet([0, Load, 4, 0], [4, Load, 4, 1])).toBe(false);
    expect(meet([0, Load, 8, 0], [4, Load, 4, 1])).toBe(true);
    expect(meet([3, Load, 1, 0], [0, Load, 4, 1])).toBe(true);
    expect(meet([6, Load, 2, 0], [4, Load, 2, 1])).toBe(false);
  });

  it('is the same where they have a flag in common, or one is about all flags', () => {
    expect(meet([0, LoadBits, REFERENCED, 0], [0, RmwBits, LOCKED, 1])).toBe(false);
    expect(meet([0, LoadBits, REFERENCED | LOCKED, 0], [0, RmwBits, LOCKED, 1])).toBe(true);
    expect(meet([0, LoadBits, SWAPBACKED, 0], [0, RmwBits, SWAPBACKED, 1])).toBe(true);
    for (const flag of [LOCKED, REFERENCED, SWAPBACKED]) {
      expect(meet([0, Load, 8, 0], [0, RmwBits, flag, 1])).toBe(true);
    }
  });

  it('is not the same for readers of one lock, and is for a reader and a writer', () => {
    for (const word of [0, 4]) {
      expect(meet([word, RmwShared, 4, 0], [word, RmwShared, 4, 1])).toBe(false);
      expect(meet([word, RmwShared, 4, 1], [word, Rmw, 4, 0])).toBe(true);
      expect(meet([word, RmwShared, 4, 1], [4 - word, Rmw, 4, 0])).toBe(false);
    }
  });
});

describe('Locations', () => {
  it('tells frames of contents from the swap device behind them', () => {
    const locations = new Locations(2);
    const frame = locations.numberOf(CONTENTS_BASE, PAGE_SIZE);
    const slot = locations.numberOf(CONTENTS_BASE, 4);
    expect([frame, slot, locations.count]).toEqual([2, 3, 4]);
    expect(locations.frameOf(frame)).toBe(0);
    expect(locations.frameOf(slot)).toBeUndefined();
    expect(locations.numberOf(CONTENTS_BASE + 4, 4)).toBe(slot);
  });

  it('finds the part of 8 bytes that an access was about', () => {
    const locations = new Locations(0);
    const number = locations.numberOf(MEM_MAP + 48, 4);
    expect(locations.addressOf(number, maskOf(MEM_MAP + 48, Load, 4, 0))).toBe(MEM_MAP + 48);
    expect(locations.addressOf(number, maskOf(MEM_MAP + 52, Load, 4, 0))).toBe(MEM_MAP + 52);
  });
});
