import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '../../../../src/cli/program.js';
import { buildReport } from '../../../../src/contend/report.js';
import { syntheticRaw } from '../contend/synthetic.js';
import { fakeWorld } from './fake-world.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mmemu-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

const contend = (...args: string[]) => ['contend', '--out', folder, ...args];

describe('mmemu', () => {
  test('prints its version', async () => {
    const world = fakeWorld();
    expect(await run(['--version'], world)).toBe(0);
    expect(world.out()).toBe('1.2.3\n');
  });

  test('prints help on standard output when asked', async () => {
    const world = fakeWorld();
    expect(await run(['--help'], world)).toBe(0);
    expect(world.out()).toMatch(/contend[\s\S]*policies/);
    expect(world.err()).toBe('');
  });

  test('prints help on standard error, as wrong usage, when given no command', async () => {
    const world = fakeWorld();
    expect(await run([], world)).toBe(2);
    expect(world.err()).toMatch(/contend[\s\S]*policies/);
    expect(world.out()).toBe('');
  });

  test.each([
    [['contemd'], /unknown command 'contemd'/],
    [['contend', '--threds', '1'], /unknown option '--threds'[\s\S]*--threads/],
    [['contend', 'extra'], /too many arguments/],
    [['contend', '--threads'], /argument missing/],
    [['policies', '--yaml'], /unknown option '--yaml'/],
  ])('refuses %p', async (args, message) => {
    const world = fakeWorld();
    expect(await run(args, world)).toBe(2);
    expect(world.err()).toMatch(message);
    expect(world.out()).toBe('');
    expect(world.calls).toEqual([]);
  });
});

describe('mmemu contend', () => {
  test('passes on only what was given: the defaults are those of contend()', async () => {
    const world = fakeWorld();
    expect(await run(contend(), world)).toBe(0);
    expect(Object.keys(world.calls[0]!).sort()).toEqual(['onProgress', 'signal']);
  });

  test('passes on every option', async () => {
    const world = fakeWorld();
    const args = [
      ...['--policies', 'pincount, get-page', '--threads', '1,2,2', '--sharing', 'same-file'],
      ...['--batch', '1,256', '--seconds', '0.5', '--rounds', '3', '--seed', '0'],
    ];
    expect(await run(contend(...args), world)).toBe(0);
    expect(world.calls[0]).toMatchObject({
      policies: ['pincount', 'get-page'],
      threads: [1, 2],
      sharing: ['same-file'],
      batch: [1, 256],
      seconds: 0.5,
      rounds: 3,
      seed: 0,
    });
  });

  test.each([
    ['--policies', 'pincuont', "'pincuont' is none of: get-page, pincount"],
    ['--policies', '', 'Give a list'],
    ['--sharing', 'page', "'page' is none of: same-page, same-file, separate-files"],
    ['--threads', '0', "'0' is not a whole number from 1 to 63"],
    ['--threads', '1,,2', 'Give a list'],
    ['--threads', '2x', "'2x' is not a whole number"],
    ['--batch', '1.5', "'1.5' is not a whole number"],
    ['--batch', '-1', 'argument missing|not a whole number'],
    ['--seconds', '0', "'0' is not a number above 0"],
    ['--seconds', 'NaN', "'NaN' is not a number above 0"],
    ['--seconds', '1e9', "'1e9' is not a number above 0"],
    ['--rounds', '0', "'0' is not a whole number from 1"],
    ['--seed', '4294967296', 'is not a whole number from 0 to 4294967295'],
  ])('refuses %s %p before it measures', async (option, value, message) => {
    const world = fakeWorld();
    expect(await run(contend(option, value), world)).toBe(2);
    expect(world.err()).toMatch(new RegExp(message));
    expect(world.calls).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('prints tables and sentences and writes three files', async () => {
    const world = fakeWorld();
    expect(await run(contend(), world)).toBe(0);
    expect(world.out()).toContain('One file, a page of its own for each thread, 256 pages a call');
    expect(world.out()).toContain(
      'i-mmap-writable: on one file with 2 threads a pin costs 7.60 times',
    );
    expect(world.out()).toContain('Balanced: 123456 pins taken, 123456 released');
    expect((await readdir(folder)).sort()).toEqual(['report.csv', 'report.html', 'report.json']);
    const json = await readFile(join(folder, 'report.json'), 'utf8');
    expect((JSON.parse(json) as { rows: unknown[] }).rows).toHaveLength(48);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  test('makes the folder that --out names before it measures, or says why not', async () => {
    const deep = join(folder, 'a', 'b');
    expect(await run(['contend', '--out', deep], fakeWorld())).toBe(0);
    expect(await readdir(deep)).toHaveLength(3);
    await writeFile(join(folder, 'file'), '');
    const world = fakeWorld();
    expect(await run(['contend', '--out', join(folder, 'file')], world)).toBe(2);
    expect(world.err()).toContain('--out');
    expect(world.calls).toEqual([]);
  });

  test('prints one JSON document and nothing else with --json', async () => {
    const world = fakeWorld();
    expect(await run(contend('--json'), world)).toBe(0);
    const report = await buildReport(syntheticRaw());
    expect(JSON.parse(world.out())).toEqual(JSON.parse(JSON.stringify(report)));
    expect(world.err()).toBe('');
    expect(await readdir(folder)).toHaveLength(3);
  });

  test('ends with 1 when the counts do not balance', async () => {
    const balance = { ...syntheticRaw().balance, violations: ['page 3 is mapped but free'] };
    const world = fakeWorld({ raw: { balance } });
    expect(await run(contend(), world)).toBe(1);
    expect(world.out()).toMatch(/NOT BALANCED[\s\S]*page 3 is mapped but free/);
  });

  test('ends with 1 and the error when the machine fails', async () => {
    const world = fakeWorld({ contend: () => Promise.reject(new Error('BUG at mm/gup.ts:12')) });
    expect(await run(contend(), world)).toBe(1);
    expect(world.err()).toContain('BUG at mm/gup.ts:12');
  });

  test('ends with 2 when contend() refuses a value, with its words', async () => {
    const refusal = new RangeError('threads: 63 is more than the 2 cores of this machine');
    const world = fakeWorld({ contend: () => Promise.reject(refusal) });
    expect(await run(contend('--threads', '63'), world)).toBe(2);
    expect(world.err()).toBe('error: threads: 63 is more than the 2 cores of this machine\n');
  });
});

describe('Ctrl-C', () => {
  test('ends the measurement, which is reported all the same', async () => {
    const world = fakeWorld({
      contend: ({ signal }) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => {
            resolve(buildReport(syntheticRaw({ interrupted: true })));
          });
        }),
    });
    const status = run(contend(), world);
    while (!world.interrupt()) await new Promise(setImmediate);
    expect(await status).toBe(130);
    expect(world.out()).toContain('Interrupted');
    expect(await readdir(folder)).toHaveLength(3);
    // Nobody listens any more: the next one would end the process.
    expect(world.interrupt()).toBe(false);
  });

  test('before anything was measured writes nothing', async () => {
    const world = fakeWorld({
      contend: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reject(new DOMException('stopped', 'AbortError'));
          });
        }),
    });
    const status = run(contend(), world);
    while (!world.interrupt()) await new Promise(setImmediate);
    expect(await status).toBe(130);
    expect(world.err()).toContain('before anything was measured');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('mmemu policies', () => {
  test('lists axes, values, defaults, descriptions and sources', async () => {
    const world = fakeWorld();
    expect(await run(['policies'], world)).toBe(0);
    expect(world.out()).toMatch(/^pin\n {4}get-page {7}A plain reference\.\n +source: mm\/gup\.c/);
    expect(world.out()).toContain('  * pincount');
  });

  test('prints one JSON document with --json', async () => {
    const world = fakeWorld();
    expect(await run(['policies', '--json'], world)).toBe(0);
    expect(JSON.parse(world.out())).toEqual(world.policies());
  });
});

describe('mmemu bugs', () => {
  test('lists every bug with its source, and what finds it or is missing', async () => {
    const world = fakeWorld();
    expect(await run(['bugs'], world)).toBe(0);
    const finds = 'find it: mmemu explore scenarios/zoo/cow.mapcount_only.mjs';
    expect(world.out()).toMatch(/^cow\.mapcount_only\n {2}\S[^\n]*\n {2}source: CVE-2020-29374/m);
    expect(world.out()).toContain(finds);
    expect(world.out()).toContain('share.no_barrier.mjs --memory-model tso\n');
    expect(world.out()).toMatch(/^reclaim\.dirty_before_ref\n[^\n]*\n[^\n]*\n {2}later: /m);
  });

  test('prints the same as one JSON document', async () => {
    const world = fakeWorld();
    expect(await run(['bugs', '--json'], world)).toBe(0);
    const list = JSON.parse(world.out()) as { name: string; command?: string }[];
    expect(list.map(({ name }) => name)).toEqual(world.bugs().map(({ name }) => name));
    expect(list[0]?.command).toMatch(/^mmemu explore scenarios/);
  });
});
