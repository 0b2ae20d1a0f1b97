import { describe, expect, it } from '@jest/globals';
import { wideValue } from '../../../../../src/explore/core/wide-value.js';

describe('a value of 64 bits as a number', () => {
  it('is itself as long as its top bit is clear', () => {
    expect(wideValue(7, 0)).toBe(7);
    expect(wideValue(0xffff_ffff, 1)).toBe(2 ** 33 - 1);
  });

  it('is negative, without the top bit, for an entry that nothing may be executed from', () => {
    expect(wideValue(0x867, 0x8000_0000)).toBe(-0x867);
    expect(wideValue(0x867, 0x8000_0001)).toBe(-(2 ** 32 + 0x867));
  });

  it.each([-1, -2, -1000])('is %d for a counter that was lowered from 0', (value) => {
    const words = new Int32Array(new BigInt64Array([BigInt(value)]).buffer);
    expect(wideValue(words[0]! >>> 0, words[1]!)).toBe(value);
    expect(wideValue(words[0]! >>> 0, words[1]! >>> 0)).toBe(value);
  });
});
