import { afterEach, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { scenarioUrl } from '../../../../src/cli/scenario-url.js';

const SHIPPED = 'scenarios/zoo/seal.false_busy.mjs';
const before = process.cwd();
const made: string[] = [];

function enterNewFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mmemu-'));
  made.push(folder);
  process.chdir(folder);
  return process.cwd();
}

afterEach(() => {
  process.chdir(before);
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

it('a scenario of the package is found from any folder', () => {
  enterNewFolder();
  const url = scenarioUrl(SHIPPED);
  expect(url.href).toBe(new URL(`../../../../${SHIPPED}`, import.meta.url).href);
});

it('a file of that path comes first, and another path is never the package', () => {
  const folder = enterNewFolder();
  mkdirSync(join(folder, 'scenarios/zoo'), { recursive: true });
  writeFileSync(join(folder, SHIPPED), '');
  expect(scenarioUrl(SHIPPED).href).toBe(pathToFileURL(join(folder, SHIPPED)).href);
  expect(() => scenarioUrl('package.json')).toThrow('package.json: no such file');
});
