import { describe, expect, it } from '@jest/globals';
import { FreedRegion } from '../../../../../../src/explore/core/oracles/freed-region.js';

describe('a region of memory', () => {
  it('knows which event freed each part', () => {
    const region = new FreedRegion(1000, 32);
    region.mark(1064, 64, 7);
    const events = [1000, 1063, 1064, 1127, 1128].map((address) => region.eventAt(address));
    expect(events).toEqual([0, 0, 7, 7, 0]);
    region.mark(1064, 64, 0);
    expect(region.eventAt(1100)).toBe(0);
  });

  it('goes back to what was kept', () => {
    const region = new FreedRegion(0, 64);
    region.mark(64, 64, 1);
    region.keep();
    region.mark(64, 64, 0);
    region.mark(64, 64, 2);
    region.mark(64 * 5000, 64, 3); // beyond what it has room for at first
    expect([region.eventAt(64), region.eventAt(64 * 5000)]).toEqual([2, 3]);
    region.undo();
    expect([region.eventAt(64), region.eventAt(64 * 5000)]).toEqual([1, 0]);
  });
});
