import { describe, expect, test } from '@jest/globals';
import type { ContendRow } from '../../../../src/contend/types.js';
import { buildWarnings } from '../../../../src/contend/warnings.js';

const row = (cpuShare: number | undefined) => ({ cpuShare }) as ContendRow;

describe('warnings', () => {
  test('are none when every thread had a core, or nobody knows', () => {
    expect(buildWarnings([row(1), row(0.93), row(undefined)])).toEqual([]);
  });

  test('say how many cells were starved, and how badly', () => {
    const [warning] = buildWarnings([row(1), row(0.5), row(0.71), row(undefined)]);
    expect(warning).toMatch(/^In 2 of 3 cells .* \(down to 50 %\)/);
  });
});
