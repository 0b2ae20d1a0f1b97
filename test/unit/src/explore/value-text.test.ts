import { describe, expect, it } from '@jest/globals';
import { changeText, valueText } from '../../../../src/explore/value-text.js';

/** What the core's entries look like to the explorer: negative where execution is forbidden. */
const READ_ONLY = -(7 * 4096 + 0x25);
const WRITABLE = -(7 * 4096 + 0x67);

describe('values of a failure', () => {
  it('are pages and rights in an entry of a page table', () => {
    expect(valueText('mm[1].pte[0x7000]', WRITABLE)).toBe('pfn 7 rw accessed dirty');
    expect(valueText('pte@41008000[510]', WRITABLE)).toBe('pfn 7 rw accessed dirty');
    expect(valueText('mm[1].pte[0x7000]', READ_ONLY)).toBe('pfn 7 accessed');
    expect(changeText('mm[1].pte[0x7000]', WRITABLE, 0)).toBe('pfn 7 rw accessed dirty -> none');
    expect(valueText('mm[2].pte[0x3000]', 2 * 2 ** 14)).toBe('swap slot 2');
    expect(valueText('mm[2].pte[0x3000]', 2 * 2 ** 14 + 8)).toBe('swap slot 2 exclusive');
  });

  it('are names in the flags of a page, and of a change what has changed', () => {
    expect(valueText('page[0].flags', 1 + 16)).toBe('locked|dirty');
    expect(valueText('page[0].flags', 0)).toBe('0');
    expect(changeText('page[0].flags', 1 + 16, 4 + 16)).toBe('+referenced -locked');
    expect(changeText('page[0].flags', 1, 1)).toBe('locked, as before');
  });

  it('are tables in an entry of an upper level', () => {
    expect(valueText('mm[1].pmd[0x200000]', 0x4100_8067)).toBe('table@41008000');
    expect(valueText('mm[1].pgd[0x0]', 0)).toBe('none');
  });

  it('are numbers elsewhere, large ones in hexadecimal', () => {
    expect(changeText('page[0]._refcount', 1, 1025)).toBe('1 -> 1025');
    expect(valueText('mm[1].pgd', 0x4100_8000)).toBe('0x41008000');
    expect(valueText('page[0]._mapcount', -0x1100_0000)).toBe('-0x11000000');
    expect(valueText(undefined, undefined)).toBe('');
    expect(valueText('words[0]', NaN)).toBe('');
  });
});
