// `mmemu stress` as a process: what it prints, and its exit status.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { scenarioOf, useModules } from '../stress/modules.js';

const main = fileURLToPath(new URL('../../../../dist/cli/main.js', import.meta.url));

useModules();

/** Runs the command line; `interrupt` presses Ctrl-C after so many milliseconds. */
function mmemu(args: readonly string[], interrupt?: number) {
  return new Promise<{ status: number | null; out: string; err: string }>((done) => {
    const child = spawn(process.execPath, [main, ...args]);
    const text = { out: '', err: '' };
    child.stdout.on('data', (data) => (text.out += String(data)));
    child.stderr.on('data', (data) => (text.err += String(data)));
    if (interrupt !== undefined) setTimeout(() => child.kill('SIGINT'), interrupt);
    child.on('close', (status) => done({ status, ...text }));
  });
}

const adders = async () =>
  fileURLToPath(
    await scenarioOf(`
      setup: (machine) => machine.words(1),
      cpus: {
        *a([x], cpu) { cpu.outcome(yield* cpu.fetchAdd(x, 1)); console.log('heard by nobody'); },
        *b([x], cpu) { cpu.outcome(yield* cpu.fetchAdd(x, 1)); },
      },`),
  );

test('promises that are kept: status 0, rounds and outcomes', async () => {
  const { status, out, err } = await mmemu(['stress', await adders(), '--rounds', '50']);
  expect([status, err]).toEqual([0, '']);
  expect(out).toContain('"tried": no promise was broken in what was seen\n50 rounds on 2 threads');
  expect(out).toMatch(/outcomes\n +\d+ {2}(0 1|1 0)\n/);
});

test('a broken promise: status 1; --json prints one document', async () => {
  const file = fileURLToPath(
    await scenarioOf("cpus: { *a(_, cpu) { cpu.assert(false, 'no luck'); }, *b() {} },"),
  );
  const text = await mmemu(['stress', file]);
  expect(text.status).toBe(1);
  expect(text.out).toContain('ASSERTION in "tried": no luck\nround 1 of seed 1, shown by "a"');
  const json = await mmemu(['stress', file, '--json', '--all', '--rounds', '4', '--seed', '9']);
  expect(json.status).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    ...{ scenario: 'tried', rounds: 4, failures: 4, seed: 9 },
    failuresBy: { 'assertion: no luck': 4 },
    failure: { kind: 'assertion', cpu: 'a', error: { message: 'no luck' } },
  });
});

test('Ctrl-C reports what there is: status 130', async () => {
  const { status, out } = await mmemu(['stress', await adders(), '--seconds', '100'], 2500);
  expect(status).toBe(130);
  expect(out).toMatch(/\d+ rounds on 2 threads/);
});

test.each([
  [['stress'], /missing required argument 'file'/],
  [['stress', 'none.mjs'], /none\.mjs: no such file/],
  [['stress', 'a.mjs', '--rounds', '0'], /not a whole number from 1/],
  [['stress', 'a.mjs', '--seconds', 'soon'], /not a number above 0/],
])('wrong usage is status 2: %p', async (args, message) => {
  const { status, out, err } = await mmemu(args);
  expect([status, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});
