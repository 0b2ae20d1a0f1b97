// Counts of rounds, and of several sets of threads together.
import { expect, test } from '@jest/globals';
import type { SentFailure } from '../../../../src/stress/protocol.js';
import { Tally } from '../../../../src/stress/tally.js';

const failed = (message: string, round: number): SentFailure => ({
  error: { kind: 'check', name: 'Error', message, stack: undefined, events: [] },
  ...{ round, cpu: -1, cpus: [] },
});

test('failures are counted by what broke, whatever the values', () => {
  const tally = new Tally();
  tally.fail(failed('page 3 at 0x7fff held -1', 4));
  tally.fail(failed('page 12 at 0x8000 held 2', 5));
  tally.fail(failed('pages3 differ', 6));
  expect([...tally.kinds]).toEqual([
    ['check: page # at # held #', 2],
    ['check: pages3 differ', 1],
  ]);
  expect([tally.failures, tally.failure?.round]).toEqual([3, 4]);
});

test('what two sets of threads have counted adds up', () => {
  const [one, two] = [new Tally(), new Tally()];
  one.rounds = 2;
  one.count('a');
  one.count('b');
  two.rounds = 2;
  two.count('b');
  two.fail(failed('late', 9));
  one.add(JSON.parse(JSON.stringify(two.counts)) as typeof two.counts);
  expect(one.counts).toMatchObject({ rounds: 4, failures: 1, kinds: [['check: late', 1]] });
  expect(one.counts.outcomes).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  expect(one.failure?.round).toBe(9);
});

test('outcomes without end are counted together', () => {
  const tally = new Tally();
  for (let round = 0; round < 10_050; round++) tally.count(`${round}`);
  expect(tally.outcomes.size).toBe(10_001);
  expect(tally.outcomes.get('(others)')).toBe(50);
});
