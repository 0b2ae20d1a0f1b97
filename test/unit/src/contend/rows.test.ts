import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildRows } from '../../../../src/contend/rows.js';
import { BUCKETS } from '../../../../src/contend/histogram.js';
import type { ContendRow, RawSample } from '../../../../src/contend/types.js';
import { type Inspect, loadInspect } from '../../../../src/inspect/inspect.js';
import { expectedRate, SETTINGS, syntheticSamples } from './synthetic.js';

let inspect: Inspect;
beforeAll(async () => {
  inspect = await loadInspect();
});

const rowsOf = (samples: readonly RawSample[]) => buildRows(samples, SETTINGS, inspect);

/** One sample of `pincount` on one page with a thread for each of `pairs`, a second each. */
function sampleOf(round: number, pairs: number[], policy = 'pincount'): RawSample {
  return {
    policy,
    sharing: 'same-page',
    threads: pairs.length,
    batch: 1,
    round,
    seconds: pairs.map(() => 1),
    pairs,
    histogram: new Uint32Array(BUCKETS),
  };
}

describe('rows', () => {
  test('stand in the order of sharing, batch, threads and policy, whatever came first', () => {
    const rows = rowsOf(syntheticSamples().reverse());
    const keys = (list: readonly ContendRow[]) =>
      list.map((row) => [row.sharing, row.batch, row.threads, row.policy].join());
    const expected = SETTINGS.sharing.flatMap((sharing) =>
      SETTINGS.batch.flatMap((batch) =>
        SETTINGS.threads.flatMap((threads) =>
          SETTINGS.policies.map((policy) => [sharing, batch, threads, policy].join()),
        ),
      ),
    );
    expect(keys(rows)).toEqual(expected);
  });

  test('add the threads up and take the median of the rounds', () => {
    const samples = [
      sampleOf(0, [100, 200]),
      sampleOf(1, [300, 400]),
      { ...sampleOf(2, [500, 900]), seconds: [1, 3] }, // 500 + 300
    ];
    const [row] = rowsOf(samples);
    expect(row?.rounds).toBe(3);
    expect(row?.pairsPerSecond).toEqual({ median: 700, low: 300, high: 800 });
    expect(row?.nsPerPair).toBeCloseTo(2e9 / 700, 6);
    // Slowest over fastest: 0.5, 0.75, 0.6.
    expect(row?.fairness).toBeCloseTo(0.6, 12);
  });

  test('compare with pincount and with one thread inside each round, so that drift cancels', () => {
    // The machine becomes ten times faster over the rounds; the ratios do not move.
    const samples = [1, 3, 10].flatMap((speed, round) => [
      sampleOf(round, [100 * speed]),
      sampleOf(round, [80 * speed, 80 * speed]),
      sampleOf(round, [25 * speed], 'i-mmap-writable'),
      sampleOf(round, [5 * speed, 5 * speed], 'i-mmap-writable'),
    ]);
    const find = (policy: string, threads: number) =>
      rowsOf(samples).find((row) => row.policy === policy && row.threads === threads);
    const exactly = (x: number) => ({ median: x, low: x, high: x });
    expect(find('pincount', 2)?.scaling).toEqual(exactly(1.6));
    expect(find('i-mmap-writable', 1)?.relative).toEqual(exactly(0.25));
    expect(find('i-mmap-writable', 2)?.relative).toEqual(exactly(0.0625));
    expect(find('i-mmap-writable', 2)?.scaling).toEqual(exactly(0.4));
    expect(find('pincount', 1)?.relative).toEqual(exactly(1));
  });

  test('have no ratio when there is nothing to compare with', () => {
    const [row] = rowsOf([sampleOf(0, [1, 1], 'get-page')]);
    expect(row?.relative).toBeUndefined();
    expect(row?.scaling).toBeUndefined();
  });

  test('compare only rounds that both cells have', () => {
    const rows = rowsOf([
      sampleOf(0, [100]),
      sampleOf(0, [10], 'get-page'),
      sampleOf(1, [999], 'get-page'),
    ]);
    expect(rows.find((row) => row.policy === 'get-page')?.relative?.median).toBe(0.1);
  });

  test('leave out samples of threads that never ran', () => {
    expect(rowsOf([{ ...sampleOf(0, [0]), seconds: [0] }, sampleOf(1, [5])])).toMatchObject([
      { rounds: 1, pairsPerSecond: { median: 5 } },
    ]);
    expect(rowsOf([{ ...sampleOf(0, [0]), seconds: [0] }])).toEqual([]);
  });

  test('take percentiles over all rounds', () => {
    const at = (ns: number, count: number) => {
      const histogram = new Uint32Array(BUCKETS);
      histogram[ns] = count;
      return histogram;
    };
    const samples = [
      { ...sampleOf(0, [1]), histogram: at(10, 600) },
      { ...sampleOf(1, [1]), histogram: at(20, 395) },
      { ...sampleOf(2, [1]), histogram: at(60, 5) },
    ];
    const { p50, p90, p99, p999, max, calls } = (rowsOf(samples)[0] as ContendRow).latency;
    expect({ p50, p90, p99, p999, max }).toEqual({ p50: 10, p90: 20, p99: 20, p999: 60, max: 60 });
    expect(calls).toBe(1000);
  });

  test('say NaN for the latency of calls that were not timed', () => {
    const [row] = rowsOf([sampleOf(0, [1])]);
    expect(row?.latency).toEqual({ p50: NaN, p90: NaN, p99: NaN, p999: NaN, max: NaN, calls: 0 });
  });

  test('give the same interval for a cell whatever else was measured', () => {
    const all = syntheticSamples();
    const some = all.filter((sample) => sample.policy === 'pincount');
    const full = rowsOf(all).filter((row) => row.policy === 'pincount');
    expect(rowsOf(some)).toEqual(full);
    expect(full[0]?.pairsPerSecond.median).toBeCloseTo(expectedRate('pincount', 'same-page', 1), 0);
  });
});
