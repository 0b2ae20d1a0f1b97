import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bootstrapMedian,
  hashString,
  median,
  mulberry32,
  quantile,
} from '../../../../src/contend/statistics.js';

const values = fc.array(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), {
  minLength: 1,
  maxLength: 40,
});

describe('median and quantile', () => {
  test('of an odd number of values is the middle one', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  test('of an even number of values lies half way between the middle two', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  // R: quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .9, 1)), type 7.
  test('interpolates as R does', () => {
    const five = [16, 8, 4, 2, 1];
    const shares = [0, 0.1, 0.25, 0.9, 1];
    const results = shares.map((q) => quantile(five, q));
    [1, 1.4, 2, 12.8, 16].forEach((known, i) => expect(results[i]).toBeCloseTo(known, 12));
  });

  test('sorts by value, not as text, and leaves its argument alone', () => {
    const given = [100, 9, 10];
    expect(median(given)).toBe(10);
    expect(given).toEqual([100, 9, 10]);
  });

  test('refuses no values and shares outside [0, 1]', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
    expect(() => quantile([1], NaN)).toThrow(RangeError);
  });

  test('never leaves the range of the values, and never falls as the share grows', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, share, share, (given, a, b) => {
        const low = quantile(given, Math.min(a, b));
        const high = quantile(given, Math.max(a, b));
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...given));
        expect(high).toBeLessThanOrEqual(Math.max(...given));
      }),
    );
  });
});

describe('mulberry32', () => {
  // The first three numbers of the published generator for seed 1.
  test('gives the known sequence', () => {
    const random = mulberry32(1);
    const first = [random(), random(), random()].map((x) => Math.floor(x * 2 ** 32));
    expect(first).toEqual([2693262067, 11749833, 2265367787]);
  });

  test('stays in [0, 1) and is spread evenly', () => {
    const random = mulberry32(42);
    const bins = new Uint32Array(10);
    let outside = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = random();
      if (!(x >= 0 && x < 1)) outside++;
      bins[Math.floor(x * 10)]! += 1;
    }
    expect(outside).toBe(0);
    for (const n of bins) expect(Math.abs(n - 10_000)).toBeLessThan(500);
  });
});

describe('hashString', () => {
  // Published test vectors of 32-bit FNV-1a.
  test('gives the known values', () => {
    expect(hashString('')).toBe(0x811c9dc5);
    expect(hashString('a')).toBe(0xe40c292c);
    expect(hashString('foobar')).toBe(0xbf9cf968);
  });
});

describe('bootstrapMedian', () => {
  test('of one value is that value', () => {
    expect(bootstrapMedian([7], mulberry32(1))).toEqual({ median: 7, low: 7, high: 7 });
  });

  test('is the same for the same seed and another for another', () => {
    const given = Array.from({ length: 500 }, (_, i) => Math.sin(i) * 100);
    const once = bootstrapMedian(given, mulberry32(1));
    expect(bootstrapMedian(given, mulberry32(1))).toEqual(once);
    expect(bootstrapMedian(given, mulberry32(2))).not.toEqual(once);
  });

  // Of 3 values, a resample's median is the smallest with probability 7/27 and the largest too:
  // both far above 2.5 %, so the interval reaches from one end to the other.
  test('of three values reaches from the smallest to the largest', () => {
    expect(bootstrapMedian([3, 1, 2], mulberry32(5))).toEqual({ median: 2, low: 1, high: 3 });
  });

  // Of 7 values, the smallest is the median of a resample with probability 0.0102 (at least 4 of 7
  // draws hit it) and the second smallest or lower with 0.0975: the interval ends at the second.
  test('of seven values leaves one out at each end', () => {
    const interval = bootstrapMedian([10, 20, 30, 40, 50, 60, 70], mulberry32(1));
    expect(interval).toEqual({ median: 40, low: 20, high: 60 });
  });

  test('holds the median and stays within the values', () => {
    fc.assert(
      fc.property(values, fc.integer(), (given, seed) => {
        const { low, high, median: middle } = bootstrapMedian(given, mulberry32(seed));
        expect(middle).toBe(median(given));
        expect(low).toBeLessThanOrEqual(middle);
        expect(high).toBeGreaterThanOrEqual(middle);
        expect(low).toBeGreaterThanOrEqual(Math.min(...given));
        expect(high).toBeLessThanOrEqual(Math.max(...given));
      }),
      { numRuns: 50 },
    );
  });
});
