import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as mmemu from '../../src/index.js';

const exported = new Map<string, unknown>(Object.entries(mmemu));
const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/oracle/constants.json', import.meta.url), 'utf8'),
) as Record<string, number>;
const shared = Object.entries(recorded).filter(([name]) => exported.has(name));

describe("exported flags against the C headers' values", () => {
  it('the flags of mmap, memfd_create and the seals are exported', () => {
    const needed = ['PROT_READ', 'MAP_SHARED', 'MFD_ALLOW_SEALING', 'F_ADD_SEALS', 'F_SEAL_WRITE'];
    expect(shared.map(([name]) => name)).toEqual(expect.arrayContaining(needed));
  });

  it.each(shared)('%s is %d', (name, value) => {
    expect(exported.get(name)).toBe(value);
  });
});
