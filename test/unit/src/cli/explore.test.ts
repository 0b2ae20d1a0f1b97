// `mmemu explore` and `mmemu replay`, as processes: what they print, and their exit status.
import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = new URL('../../../../dist/', import.meta.url);
const main = fileURLToPath(new URL('cli/main.js', root));
const library = new URL('index.js', root).href;

const RACE = `
  import { scenario } from '${library}';
  export default scenario({
    name: 'two increments are two',
    setup: (machine) => machine.words(1),
    cpus: {
      *a([x], cpu) { yield* cpu.store(x, (yield* cpu.load(x)) + 1); },
      *b([x], cpu) { yield* cpu.store(x, (yield* cpu.load(x)) + 1); },
    },
    check(machine, [x]) {
      if (machine.peek(x) !== 2) throw new Error('an increment is lost');
    },
  });`;
const FINE = `
  import { scenario } from '${library}';
  const adder = function* ([x], cpu) {
    cpu.outcome(yield* cpu.fetchAdd(x, 1));
    cpu.outcome(yield* cpu.fetchAdd(x, 1));
  };
  export default scenario({
    name: 'adders',
    setup: (machine) => machine.words(1),
    cpus: { a: adder, b: adder, c: adder },
  });`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mmemu-explore-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(text: string, name = 'scenario.mjs'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Runs the command line. */
function mmemu(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [main, ...args], (error, out, err) => {
      done({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

interface Answer {
  executions: number;
  complete: boolean;
  outcomes: Record<string, number>;
  failure?: { schedule: string; trace: object[] };
}
const answer = (text: string) => JSON.parse(text) as Answer;

test('a scenario that keeps its promises: status 0, and what was seen', async () => {
  const file = await fileOf(FINE);
  const { status, out, err } = await mmemu('explore', file, '--strategy', 'dpor');
  expect([status, err]).toEqual([0, '']);
  expect(out).toContain('every promise was kept');
  expect(out).toContain('90 executions');
  expect(out).toContain('complete');
});

test('a broken promise: status 1, the interleaving, and a token that replays it', async () => {
  const file = await fileOf(RACE);
  const text = await mmemu('explore', file);
  expect(text.status).toBe(1);
  expect(text.out).toMatch(/CHECK in "two increments are two"[\s\S]*CPU0 a +CPU1 b/);
  expect((await mmemu('explore', file, '--full')).out).toContain('CPU0 a');
  const json = await mmemu('explore', file, '--json');
  expect(json.status).toBe(1);
  const { schedule, trace } = answer(json.out).failure!;
  const again = await mmemu('replay', file, schedule, '--json');
  expect(again.status).toBe(1);
  expect(answer(again.out).failure!.trace).toEqual(trace);
  const cut = await mmemu('replay', file, schedule.slice(0, -2));
  expect([cut.status, cut.out]).toEqual([2, '']);
  expect(cut.err).toContain('cut off or changed');
  const other = await mmemu('replay', await fileOf(FINE, 'other.mjs'), schedule);
  expect(other.status).toBe(2);
  expect(other.err).toContain('another scenario');
});

test('shards add up, and a checkpoint remembers', async () => {
  const file = await fileOf(FINE);
  let executions = 0;
  for (const shard of ['0/2', '1/2']) {
    const { out } = await mmemu('explore', file, '--shard', shard, '--strategy', 'dpor', '--json');
    executions += answer(out).executions;
  }
  expect(executions).toBe(90);
  const checkpoint = join(folder, 'checkpoint.json');
  const go = () => mmemu('explore', file, '--checkpoint', checkpoint, '--json');
  expect(answer((await go()).out)).toMatchObject({ executions: 90, complete: true });
  expect((JSON.parse(await readFile(checkpoint, 'utf8')) as { jobs: [] }).jobs).toEqual([]);
  expect(answer((await go()).out)).toMatchObject({ executions: 90, complete: true });
  await writeFile(checkpoint, 'no JSON');
  expect((await go()).status).toBe(2);
});

test('--json-lines prints a line a job, and the result last', async () => {
  const file = await fileOf(FINE);
  const { status, out, err } = await mmemu('explore', file, '--json-lines');
  expect([status, err]).toEqual([0, '']);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer & { job?: number });
  const result = lines.pop();
  expect(result).toMatchObject({ executions: 90, complete: true });
  expect(lines.map(({ job }) => job)).toEqual(lines.map((_, at) => at + 1));
  expect(lines.reduce((all, { executions }) => all + executions, 0)).toBe(90);
  expect((await mmemu('explore', file, '--json', '--json-lines')).status).toBe(2);
  const other = await mmemu('explore', file, '--json-lines', '--strategy', 'random');
  expect([other.status, other.out]).toEqual([2, '']);
});

// 11!/(2!^4 * 3!) interleavings of atomic additions, each another one: some seconds.
const MANY = `
  import { scenario } from '${library}';
  const adder = (n) => function* ([x], cpu) {
    for (let i = 0; i < n; i++) yield* cpu.fetchAdd(x, 1);
  };
  export default scenario({
    name: 'many adders',
    setup: (machine) => machine.words(1),
    cpus: { a: adder(2), b: adder(2), c: adder(2), d: adder(2), e: adder(3) },
  });`;

test('a run that is killed goes on: no line of a job is lost, and none counts twice', async () => {
  const file = await fileOf(MANY, 'many.mjs');
  const checkpoint = join(folder, 'killed.json');
  const args = ['explore', file, '--json-lines', '--checkpoint', checkpoint];
  const killed = await new Promise<string>((done) => {
    const child = execFile(process.execPath, [main, ...args], (_error, out) => done(out));
    const kill = () => void child.kill('SIGKILL');
    const look = setInterval(() => void access(checkpoint).then(kill, () => undefined), 10);
    child.on('exit', () => clearInterval(look));
  });
  const resumed = await mmemu(...args);
  const lines = (text: string) =>
    text
      .slice(0, text.lastIndexOf('\n'))
      .split('\n')
      .map((line) => JSON.parse(line) as Answer & { job: number; jobs: number; done: boolean });
  const after = lines(resumed.out);
  const result = after.pop()!;
  expect(result).toMatchObject({ executions: 415_800, complete: true });
  const last = new Map([...lines(killed), ...after].map((line) => [line.job, line]));
  expect(last.size).toBe(after[0]!.jobs);
  expect([...last.values()].reduce((all, line) => all + line.executions, 0)).toBe(415_800);
}, 60_000);

describe('a file that is wrong: status 2, its name and the fault', () => {
  test.each([
    ['has no default export', 'export const a = 1;', /no default export/],
    ['exports something else', 'export default 7;', /expected an object with name and cpus/],
    ['cannot be parsed', 'export default {', /SyntaxError/],
    [
      'throws in setup',
      FINE.replace('(machine) => machine.words(1)', '() => { throw new Error("no luck"); }'),
      /line \d+: Error: no luck\n$/,
    ],
    [
      'yields what is no operation',
      FINE.replace('yield* cpu.fetchAdd(x, 1)', 'yield 3'),
      /yields 3, which is no operation/,
    ],
    [
      'never ends',
      FINE.replace('function* ([x], cpu) {', 'function* () { for (;;);'),
      /never ends/,
    ],
  ])('%s', async (_, text, message) => {
    const file = await fileOf(text);
    const { status, out, err } = await mmemu('explore', file);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).toContain(file);
  });

  test('is missing', async () => {
    const { status, err } = await mmemu('explore', join(folder, 'none.mjs'));
    expect(status).toBe(2);
    expect(err).toMatch(/none\.mjs: no such file\n$/);
  });

  test('would be checkpointed where nothing can be written', async () => {
    const checkpoint = join(folder, 'no', 'folder');
    const { status, out, err } = await mmemu(
      ...['explore', await fileOf(FINE), '--json-lines', '--checkpoint', checkpoint],
    );
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(/^error: .*folder: ENOENT.*\n$/);
  });

  test.each([
    [['explore'], /missing required argument 'file'/],
    [['explore', 'a.mjs', '--shard', '2/2'], /from 0\/4 to 3\/4/],
    [['explore', 'a.mjs', '--strategy', 'luck'], /none of: dpor/],
    [['replay', 'a.mjs'], /missing required argument 'schedule'/],
  ])('wrong usage: %p', async (args, message) => {
    const { status, err } = await mmemu(...args);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });
});
