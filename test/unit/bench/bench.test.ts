// Runs the whole benchmark for a moment: that everything in it runs, not how fast it is.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { FIGURES } from '../../../bench/figures.js';
import { buildNative, nativeAvailable } from '../../../bench/native.js';
import type { Report } from '../../../bench/report.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = `${ROOT}dist-bench/main.js`;
const TIMEOUT_MS = 120_000;

const execute = promisify(execFile);
const runNode = (args: string[], options: { cwd: string }) =>
  execute(process.execPath, args, { ...options, encoding: 'utf8' });

const bench = (...args: string[]) => runNode([MAIN, ...args], { cwd: ROOT });

beforeAll(async () => {
  await runNode(['scripts/build.mjs', '--bench'], { cwd: ROOT });
  if (nativeAvailable()) await buildNative();
}, TIMEOUT_MS);

describe('npm run bench', () => {
  test(
    'measures every figure, or says why not, in one JSON document',
    async () => {
      const { stdout } = await bench('--quick', '--json');
      const report = JSON.parse(stdout) as Report;
      expect(report.results.map(({ id }) => id)).toEqual(FIGURES.map(({ id }) => id));
      expect(report.interrupted).toBe(false);
      const missing = report.results.filter(({ value }) => value === undefined);
      expect(missing.filter(({ skipped }) => skipped === undefined)).toEqual([]);
      // These compare with nobody, so nothing can keep them from a value.
      const alone = /^boot\.|^explore\.|\.facade$|\.benchmark\./;
      const ours = report.results.filter(({ id }) => alone.test(id));
      expect(ours.filter(({ value }) => value === undefined)).toEqual([]);
      expect(report.host.load).toHaveLength(3);
    },
    TIMEOUT_MS,
  );

  test(
    'prints a table of the sections that are asked for',
    async () => {
      const { stdout } = await bench('--quick', '--only', 'boot');
      expect(stdout).toMatch(/load average/);
      expect(stdout).toMatch(/64 GiB, contents none, later +<= 250/);
      expect(stdout).toMatch(/8 targets: \d met, \d missed, 0 not measured/);
      expect(stdout).not.toMatch(/pincount/);
    },
    TIMEOUT_MS,
  );

  test(
    'prints what there is when it is interrupted',
    async () => {
      const child = spawn(process.execPath, [MAIN, '--json', '--only=boot', '--rounds=1000']);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      setTimeout(() => child.kill('SIGINT'), 1500);
      const [status] = (await once(child, 'close')) as [number];
      expect(status).toBe(130);
      expect(JSON.parse(output)).toMatchObject({ interrupted: true });
    },
    TIMEOUT_MS,
  );

  test('says what it can do, and what is wrong', async () => {
    expect((await bench('--help')).stdout).toMatch(/--only NAME/);
    await expect(bench('--only=speed')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/there is no "speed"/),
    });
  });
});
