import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BUCKETS, bucketHigh, bucketLow, bucketOf } from '../../../../src/contend/histogram.js';
import { type Inspect, loadInspect } from '../../../../src/inspect/inspect.js';

let inspect: Inspect;
beforeAll(async () => {
  inspect = await loadInspect();
});

/** A histogram of the given durations. */
function histogramOf(durations: readonly number[]): Uint32Array {
  const histogram = new Uint32Array(BUCKETS);
  for (const ns of durations) histogram[bucketOf(ns)]! += 1;
  return histogram;
}

const duration = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 2 ** 41 }),
  fc.integer({ min: 0, max: 40 }).map((exponent) => 2 ** exponent),
);

describe('the inspection module', () => {
  test('is loaded once', async () => {
    expect(await loadInspect()).toBe(inspect);
  });

  test('has the same buckets as the TypeScript model', () => {
    for (let index = 0; index < BUCKETS; index++) {
      expect(inspect.bucketLow(index)).toBe(bucketLow(index));
      expect(inspect.bucketHigh(index)).toBe(bucketHigh(index));
    }
    fc.assert(
      fc.property(fc.oneof(duration, fc.double()), (ns) => {
        expect(inspect.bucketOf(ns)).toBe(bucketOf(ns));
      }),
      { numRuns: 3000 },
    );
  });

  test('adds histograms up, beyond what 32 bits hold', () => {
    const a = new Uint32Array(BUCKETS);
    const b = new Uint32Array(BUCKETS);
    a[3] = 0xffff_ffff;
    b[3] = 0xffff_ffff;
    b[BUCKETS - 1] = 7;
    const merged = inspect.mergeHistograms([a, b]);
    expect(merged[3]).toBe(2 * 0xffff_ffff);
    expect(merged[BUCKETS - 1]).toBe(7);
    expect(merged.reduce((sum, n) => sum + n)).toBe(2 * 0xffff_ffff + 7);
    expect(inspect.mergeHistograms([])).toEqual(new Float64Array(BUCKETS));
  });

  test('keeps a result when it is called again', () => {
    const first = inspect.mergeHistograms([histogramOf([5, 5, 5])]);
    for (let i = 0; i < 200; i++) inspect.mergeHistograms([histogramOf([i])]);
    expect(first[5]).toBe(3);
  });

  test('refuses a histogram of another size', () => {
    expect(() => inspect.mergeHistograms([new Uint32Array(10)])).toThrow(RangeError);
  });

  test('gives the nearest-rank percentiles of the values, at most 1/32 above', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 2 ** 39 }), {
      minLength: 1,
      maxLength: 60,
    });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(durations, share, (given, q) => {
        const counts = inspect.mergeHistograms([histogramOf(given)]);
        const sorted = [...given].sort((a, b) => a - b);
        const exact = sorted[Math.max(Math.ceil(q * given.length), 1) - 1] as number;
        const [found] = inspect.percentiles(counts, [q]) as [number];
        expect(found).toBe(bucketHigh(bucketOf(exact)));
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 32));
      }),
      { numRuns: 500 },
    );
  });

  test('has no percentile of nothing', () => {
    expect(inspect.percentiles(new Float64Array(BUCKETS), [0.5, 1])).toEqual([NaN, NaN]);
  });

  test.each([
    [0, '0 ns'],
    [640, '640 ns'],
    [1280, '1.28 us'],
    [20_500_000, '20.5 ms'],
    [1.5e9, '1.50 s'],
    [NaN, '-'],
  ])('writes %d ns as %p', (ns, text) => {
    expect(inspect.formatDuration(ns)).toBe(text);
  });

  test('draws a histogram, a line for each power of two that was used or lies between', () => {
    const counts = inspect.mergeHistograms([histogramOf([64, 100, 127, 300])]);
    expect(inspect.formatHistogram(counts, 9).split('\n')).toEqual([
      '    64 ns ..  128 ns    75.00 %  #########',
      '   128 ns ..  256 ns     0.00 %  ',
      '   256 ns ..  512 ns    25.00 %  ###',
      '',
    ]);
    expect(inspect.formatHistogram(new Float64Array(BUCKETS), 9)).toBe('no values\n');
  });
});
