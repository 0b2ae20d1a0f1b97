import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { violations } from '../../../scripts/lib/hygiene-rules.mjs';

test('the build for unit tests can be instantiated once per worker, as those it stands for', () => {
  const bytes = readFileSync(new URL('../../../build/testing.wasm', import.meta.url));
  expect(violations('debug', bytes)).toEqual([]);
});
