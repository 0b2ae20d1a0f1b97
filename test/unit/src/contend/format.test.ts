import { describe, expect, test } from '@jest/globals';
import {
  formatEstimate,
  formatNanoseconds,
  formatNumber,
  formatRange,
} from '../../../../src/contend/format.js';

describe('numbers in reports', () => {
  test.each([
    [0, '0'],
    [7, '7'],
    [0.0123, '0.012'],
    [0.129, '0.13'],
    [1.234, '1.23'],
    [12.34, '12.3'],
    [123.4, '123'],
    [1234567.8, '1234568'],
    [NaN, '–'],
    [Infinity, '–'],
    [undefined, '–'],
  ])('%p reads %p', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test.each([
    [640, '640 ns'],
    [1280, '1.28 µs'],
    [20_500_000, '20.5 ms'],
    [3e9, '3 s'],
    [NaN, '–'],
  ])('%p ns read %p', (ns, text) => {
    expect(formatNanoseconds(ns)).toBe(text);
  });

  test('an interval is left out where it says nothing', () => {
    expect(formatRange(1.001, 1.002)).toBe('1.00');
    expect(formatEstimate({ median: 2e6, low: 1.5e6, high: 2.5e6 }, 1e6)).toBe('2 (1.50–2.50)');
    expect(formatEstimate({ median: 1, low: 1, high: 1 })).toBe('1');
    expect(formatEstimate(undefined)).toBe('–');
  });
});
