import { describe, expect, test } from '@jest/globals';
import { contend, type ContendOptions } from '../../../../src/index.js';

const SMALL: ContendOptions = {
  policies: ['pincount', 'i-mmap-writable-percpu'],
  threads: [1, 2],
  sharing: ['same-page', 'separate-files'],
  batch: [1, 7],
  seconds: 0.01,
  rounds: 2,
};

describe('contend', () => {
  test('measures every cell in every round, and everything balances', async () => {
    const progress: [number, number][] = [];
    const report = await contend({
      ...SMALL,
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(report.rows).toHaveLength(2 * 2 * 2 * 2);
    for (const row of report.rows) {
      expect(row.rounds).toBe(2);
      expect(row.pairsPerSecond.median).toBeGreaterThan(0);
      expect(row.fairness).toBeGreaterThan(0);
      expect(row.fairness).toBeLessThanOrEqual(1);
    }
    expect(report.balanced).toBe(true);
    expect(report.balance.violations).toEqual([]);
    expect(report.balance.pinsTaken).toBe(report.balance.pinsReleased);
    expect(report.balance.pinsTaken).toBeGreaterThan(0);
    expect(progress[0]).toEqual([0, 32]);
    expect(progress.at(-1)).toEqual([32, 32]);
    expect(report.interrupted).toBe(false);
  });

  test('runs each of the five pin policies', async () => {
    const policies = [
      'get-page',
      'pincount',
      'i-mmap-writable',
      'i-mmap-writable-percpu',
      'read-write-split',
    ];
    const report = await contend({
      policies,
      threads: [2],
      sharing: ['same-file'],
      batch: [3],
      seconds: 0.01,
      rounds: 1,
    });
    expect(report.rows.map(({ policy }) => policy)).toEqual(policies);
    expect(report.balanced).toBe(true);
    expect(report.sentences).toHaveLength(5);
  });

  test('reports what it has when it is aborted', async () => {
    const controller = new AbortController();
    const report = await contend({
      ...SMALL,
      rounds: 100,
      signal: controller.signal,
      onProgress: (done) => {
        if (done === 5) controller.abort();
      },
    });
    expect(report.interrupted).toBe(true);
    expect(report.rows.length).toBeGreaterThan(0);
    expect(report.balanced).toBe(true);
  });

  test('rejects with the reason when it is aborted before anything was measured', async () => {
    const reason = new Error('not today');
    await expect(contend({ ...SMALL, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test.each<[string, ContendOptions, RegExp]>([
    [
      'policies',
      { policies: ['pin-count'] },
      /policies: there is no "pin-count"; there are get-page/,
    ],
    ['policies', { policies: [] }, /policies: must not be empty/],
    ['threads', { threads: [0] }, /threads: expected 1 to 63/],
    ['threads', { threads: [1.5] }, /threads/],
    ['batch', { batch: [1025] }, /batch: expected 1 to 1024/],
    ['seconds', { seconds: 0 }, /seconds/],
    ['seconds', { seconds: NaN }, /seconds/],
    ['rounds', { rounds: 0 }, /rounds/],
    ['sharing', { sharing: ['all' as 'same-page'] }, /sharing: there is no "all"/],
    ['an option', { round: 3 } as ContendOptions, /there is no option "round"/],
  ])('refuses a wrong value of %s', async (_name, options, message) => {
    await expect(contend(options)).rejects.toThrow(RangeError);
    await expect(contend(options)).rejects.toThrow(message);
  });
});
