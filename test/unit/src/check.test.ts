// Checks of arguments: each refusal names the argument and shows what it got.
import { describe, expect, test } from '@jest/globals';
import {
  bytesOf,
  descriptor,
  flagWord,
  inRange,
  signed,
  text,
  unsigned,
} from '../../../src/check.js';
import { thrownBy, wrong } from './support.js';

const NOT_NUMBERS = ['1', 1n, true, null, undefined, {}, [], () => 1, Symbol('1')];
const NOT_WHOLE = [NaN, Infinity, -Infinity, 0.5, -0.5, 2 ** 53, -(2 ** 53), 1e300];

const CHECKS: [name: string, check: (value: number) => number][] = [
  ['unsigned', (value) => unsigned(value, 'addr')],
  ['signed', (value) => signed(value, 'addr')],
  ['descriptor', (value) => descriptor(value, 'addr')],
  ['flagWord', (value) => flagWord(value, 'addr')],
  ['inRange', (value) => inRange(value, 0, 9, 'addr')],
];

describe.each(CHECKS)('%s', (_name, check) => {
  test.each(NOT_NUMBERS)('refuses %p by its type', (value) => {
    const error = thrownBy(() => check(wrong(value)));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^addr: expected a number, got \S/);
  });

  test.each(NOT_WHOLE)('refuses %p by its value', (value) => {
    const error = thrownBy(() => check(value));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/^addr: expected .*, got \S/);
  });
});

test('an unsigned number is at least 0 and exact', () => {
  expect([0, 1, 2 ** 47, 2 ** 53 - 1].map((value) => unsigned(value, 'addr'))).toEqual([
    0,
    1,
    2 ** 47,
    2 ** 53 - 1,
  ]);
  expect(thrownBy(() => unsigned(-1, 'addr')).message).toBe('addr: must not be negative, got -1');
});

test('a signed number is left to Linux', () => {
  expect([-1, -(2 ** 53) + 1].map((value) => signed(value, 'x'))).toEqual([-1, -(2 ** 53) + 1]);
});

test('a descriptor is any C int', () => {
  expect([-(2 ** 31), -1, 2 ** 31 - 1].map((fd) => descriptor(fd, 'fd'))).toEqual([
    -(2 ** 31),
    -1,
    2 ** 31 - 1,
  ]);
  expect(thrownBy(() => descriptor(2 ** 31, 'fd')).message).toMatch(/^fd: expected a 32-bit/);
  expect(() => descriptor(-(2 ** 31) - 1, 'fd')).toThrow(RangeError);
});

test('a word of flags is any 32 bits, as signed or unsigned', () => {
  expect([0, 2 ** 32 - 1, -1, -(2 ** 31)].map((word) => flagWord(word, 'flags'))).toEqual([
    0,
    2 ** 32 - 1,
    2 ** 32 - 1,
    2 ** 31,
  ]);
  expect(() => flagWord(2 ** 32, 'flags')).toThrow(RangeError);
  expect(() => flagWord(-(2 ** 31) - 1, 'flags')).toThrow(RangeError);
});

test('a range includes both ends', () => {
  expect([inRange(1, 1, 3, 'n'), inRange(3, 1, 3, 'n')]).toEqual([1, 3]);
  expect(thrownBy(() => inRange(4, 1, 3, 'n')).message).toBe('n: expected 1 to 3, got 4');
  expect(() => inRange(0, 1, 3, 'n')).toThrow(RangeError);
});

describe('bytes', () => {
  test('are those of an array or of any view', () => {
    const whole = Uint8Array.of(1, 2, 3, 4);
    expect([...bytesOf(whole, 'bytes')]).toEqual([1, 2, 3, 4]);
    expect([...bytesOf(whole.subarray(1, 3), 'bytes')]).toEqual([2, 3]);
    expect([...bytesOf(wrong(new Uint16Array(whole.buffer, 2)), 'bytes')]).toEqual([3, 4]);
    expect([...bytesOf([0, 255], 'bytes')]).toEqual([0, 255]);
    expect(bytesOf([], 'bytes')).toHaveLength(0);
  });

  test.each([[[256]], [[-1]], [[1.5]], [['1']], [[NaN]], ['ab'], [5], [null], [undefined], [{}]])(
    'are not %p',
    (value) => {
      const error = thrownBy(() => bytesOf(wrong(value), 'bytes'));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/^bytes: expected a Uint8Array or an array of bytes, got /);
    },
  );
});

test('text is a string', () => {
  expect(text('', 'name')).toBe('');
  expect(thrownBy(() => text(wrong(5), 'name')).message).toBe('name: expected a string, got 5');
});
