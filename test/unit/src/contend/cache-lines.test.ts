import { describe, expect, test } from '@jest/globals';
import {
  contendedLines,
  groupLines,
  isContended,
  pairFootprints,
  scopeOfLine,
} from '../../../../src/contend/cache-lines.js';
import type { FootprintLine } from '../../../../src/contend/types.js';
import { syntheticFootprints } from './synthetic.js';

const written = (line: string): FootprintLine => ({
  line,
  fields: ['x'],
  loads: 0,
  stores: 0,
  rmws: 1,
});

describe('cache lines', () => {
  test.each([
    ['page[17]', 'page'],
    ['address_space', 'file'],
    ['percpu[1]', 'cpu'],
    ['pte[511]', 'machine'],
  ] as const)('%s is shared by: %s', (line, scope) => {
    expect(scopeOfLine(written(line))).toBe(scope);
  });

  test('follow what the measurement says before what the name says', () => {
    expect(scopeOfLine({ ...written('page[0]'), scope: 'cpu' })).toBe('cpu');
  });

  test('are contended only when written, and only between those who share them', () => {
    expect(isContended(written('page[0]'), 'same-page')).toBe(true);
    expect(isContended(written('page[0]'), 'same-file')).toBe(false);
    expect(isContended(written('address_space'), 'same-file')).toBe(true);
    expect(isContended(written('address_space'), 'separate-files')).toBe(false);
    expect(isContended({ ...written('address_space'), rmws: 0, loads: 3 }, 'same-file')).toBe(
      false,
    );
    expect(isContended(written('percpu'), 'same-page')).toBe(false);
    expect(isContended(written('vmstat'), 'separate-files')).toBe(true);
  });

  test('count once when both pin and unpin write them', () => {
    const pair = pairFootprints(syntheticFootprints()).find(
      ({ policy, batch }) => policy === 'i-mmap-writable' && batch === 256,
    );
    expect(pair?.phases.map(({ phase }) => phase)).toEqual(['pin', 'unpin']);
    expect(contendedLines(pair!, 'same-page')).toHaveLength(257);
    expect(contendedLines(pair!, 'same-file')).toEqual(['address_space']);
  });

  test('of a batch that are used alike become one group', () => {
    const groups = groupLines([written('pte[0]'), written('page[0]'), written('page[1]')]);
    expect(groups.map(({ name, count }) => [name, count])).toEqual([
      ['pte[0]', 1],
      ['page', 2],
    ]);
  });
});
