// The numbers of classes that are published (GenMC, Nidhugg) or were counted by brute force.
import { describe, expect, test } from '@jest/globals';
import { explore } from '../../../../src/explore/explore.js';
import type { Scenario } from '../../../../src/explore/scenario.js';
import { casrot, fetchAdd, fib, gup, inc, indexer, lastzero, readers, wcas } from './programs.js';

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

type Case = [scenario: Scenario<never>, classes: number];
const CASES = [
  ...range(1, 8).map((n) => [readers(n), 2 ** n]),
  ...range(2, 8).map((n) => [lastzero(n), (n + 3) * 2 ** (n - 2)]),
  ...range(2, 5).map((n) => [inc(n), factorial(n) ** 2]),
  ...range(2, 6).map((n) => [fetchAdd(n), factorial(n)]),
  [fib(2), 140],
  [fib(3), 1698],
  [indexer(12), 8],
  [indexer(13), 64],
  ...[2, 5, 14, 43].map((classes, i) => [casrot(i + 2), classes]),
  ...[5, 13, 33].map((classes, i) => [wcas(i + 2), classes]),
  [gup(1), 9],
  [gup(2), 309],
] as unknown as Case[];

describe.each(['dpor', 'source-dpor'] as const)('%s runs each class once', (strategy) => {
  test.each(CASES.map(([scenario, classes]) => [scenario.name, classes, scenario] as const))(
    '%s: %d',
    async (_, classes, scenario) => {
      const result = await explore(scenario, { strategy });
      expect(result.executions).toBe(classes);
      expect(result.complete).toBe(true);
      expect(result.failure).toBeUndefined();
      if (strategy === 'dpor') expect(result.blocked).toBe(0);
    },
  );
});

test('three pinners have 59,439 classes, and none is begun in vain', async () => {
  const result = await explore(gup(3), { strategy: 'dpor' });
  expect([result.executions, result.blocked, result.complete]).toEqual([59_439, 0, true]);
});

// As many as were published for source sets.
const IN_VAIN = [
  [lastzero(8), 704, 1611],
  [lastzero(10), 3328, 16_867],
  [gup(3), 59_439, 36],
  [inc(5), 14_400, 0],
  [fib(4), 19_605, 0],
] as unknown as [Scenario<never>, number, number][];

test.each(IN_VAIN.map(([scenario, ...counts]) => [scenario.name, ...counts, scenario] as const))(
  'without wakeup trees, %s: %d executions, and %d that are begun in vain',
  async (_, classes, blocked, scenario) => {
    const result = await explore(scenario, { strategy: 'source-dpor' });
    expect([result.executions, result.blocked]).toEqual([classes, blocked]);
    expect(result.complete).toBe(true);
  },
);

test('dfs runs every interleaving', async () => {
  const counts = [];
  for (const scenario of [inc(2), inc(3), inc(4), gup(1), gup(2)]) {
    const result = await explore(scenario as Scenario, { strategy: 'dfs' });
    counts.push(result.executions);
  }
  expect(counts).toEqual([6, 90, 2520, 32, 39_512]);
});

test('dfs counts the buggy interleavings of the protocol without its second read', async () => {
  const options = { strategy: 'dfs', stopOnFailure: false } as const;
  const one = await explore(gup(1, { bug: true }), options);
  expect([one.executions, one.failures]).toEqual([29, 3]);
  const two = await explore(gup(2, { bug: true }), options);
  expect([two.executions, two.failures]).toEqual([16_584, 1212]);
});
