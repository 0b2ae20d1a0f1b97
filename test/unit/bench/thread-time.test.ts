import { expect, test } from '@jest/globals';
import { leastBusy, threadTimes } from '../../../bench/thread-time.js';

test('the least busy of the threads that measured, whoever else ran a little', () => {
  const before = new Map([
    ['1', 5],
    ['2', 1],
    ['3', 7],
  ]);
  const after = new Map([
    ['1', 5.01],
    ['2', 1.9],
    ['3', 8],
    ['4', 0.02],
  ]);
  expect(leastBusy(before, after, 1)).toBeCloseTo(1);
  expect(leastBusy(before, after, 2)).toBeCloseTo(0.9);
});

test('where only the sum is known: an equal share each', () => {
  const times = (seconds: number) => new Map([['process', seconds]]);
  expect(leastBusy(times(1), times(3), 2)).toBe(1);
});

test('this thread gets older while it works', () => {
  const before = threadTimes();
  const end = performance.now() + 30;
  while (performance.now() < end) Math.sqrt(end);
  expect(leastBusy(before, threadTimes(), 1)).toBeGreaterThan(0);
});
