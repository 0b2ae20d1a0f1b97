import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BUCKETS, bucketHigh, bucketLow, bucketOf } from '../../../../src/contend/histogram.js';

describe('the log-linear histogram', () => {
  test.each([
    [0, 0],
    [63, 63],
    [64, 64],
    [65, 64],
    [66, 65],
    [127, 95],
    [128, 96],
    [131, 96],
    [132, 97],
    [1000, 64 + 3 * 32 + 30], // 2^9 + 30 * 16 = 992 is the low end
    [2 ** 39, 64 + 33 * 32],
    [2 ** 40 - 1, BUCKETS - 1],
    [2 ** 40, BUCKETS - 1],
    [Number.MAX_SAFE_INTEGER, BUCKETS - 1],
    [-5, 0],
    [NaN, 0],
  ])('counts %d ns in bucket %d', (ns, index) => {
    expect(bucketOf(ns)).toBe(index);
  });

  test('has 1152 buckets that lie end to end', () => {
    expect(BUCKETS).toBe(1152);
    for (let index = 0; index < BUCKETS; index++) {
      expect(bucketOf(bucketLow(index))).toBe(index);
      expect(bucketOf(bucketHigh(index))).toBe(index);
      expect(bucketLow(index + 1)).toBe(bucketHigh(index) + 1);
    }
  });

  test('is never off by more than 1/32', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 - 1 }), (ns) => {
        const index = bucketOf(ns);
        expect(bucketLow(index)).toBeLessThanOrEqual(ns);
        expect(bucketHigh(index)).toBeGreaterThanOrEqual(ns);
        expect(bucketHigh(index) / ns).toBeLessThanOrEqual(1 + 1 / 32);
      }),
      { numRuns: 2000 },
    );
  });
});
