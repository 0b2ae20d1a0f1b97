import { expect, test } from '@jest/globals';
import { LastAccesses } from '../../../../../../src/explore/core/oracles/last-accesses.js';

test('the last access of a CPU to a range, in this execution alone', () => {
  const accesses = new LastAccesses(2, 1000, 32);
  accesses.begin(0);
  expect(accesses.of(0, 1000, 4096)).toBe(-1);
  accesses.set(0, 1032, 0);
  accesses.set(0, 1064, 7);
  accesses.set(1, 1000 + 32 * 5000, 9); // beyond what it has room for at first
  expect(accesses.of(0, 1000, 32)).toBe(-1);
  expect(accesses.of(0, 1032, 32)).toBe(0);
  expect(accesses.of(0, 1000, 4096)).toBe(7);
  expect(accesses.of(1, 1032, 32)).toBe(-1);
  expect(accesses.of(1, 1000 + 32 * 5000, 32)).toBe(9);
  accesses.begin(10);
  expect(accesses.of(0, 1000, 4096)).toBe(-1);
  expect(accesses.of(1, 1000 + 32 * 5000, 32)).toBe(-1);
});
