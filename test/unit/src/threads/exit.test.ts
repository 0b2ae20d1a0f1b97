// A program that uses the library ends by itself: no thread and no timer keeps it alive.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const INDEX = new URL('../../../../dist/index.js', import.meta.url).href;
/** A program that hangs is killed; one that ends takes a fraction of this. */
const TIMEOUT_MS = 10_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mmemu-exit-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sourceOf = (program: string) =>
  `import { Machine } from ${JSON.stringify(INDEX)};\n${PREPARE}\n${program}`;

/** Runs a program in a Node of its own, and gives what it printed. */
async function run(program: string): Promise<string> {
  const file = join(folder, 'program.mjs');
  await writeFile(file, sourceOf(program));
  return output([file]);
}

async function output(args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(execPath, args, { timeout: TIMEOUT_MS });
  return stdout.trim();
}

/** A machine of three CPUs, and a loop that can be started on its workers. */
const PREPARE = `
const machine = await Machine.boot({ memory: '1MiB', cpus: 3, build: 'bench' });
const process_ = machine.spawn();
const addr = process_.mmap(0, 4096, 3, 0x22, -1, 0);
process_.store(addr, [1]);
const call = (cpu, name = 'pfnAt') => machine.kernel.call(cpu, name, process_.task, addr, 1);
const { views } = machine.kernel;
const start = async (...cpus) => {
  const loops = cpus.map((cpu) => call(cpu, 'pinLoop'));
  const outcomes = loops.map((loop) => loop.then(() => 'ended', (error) => error.constructor.name));
  while (Atomics.load(views.i32, views.machineWord('arrived')) < cpus.length) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  Atomics.store(views.i32, views.machineWord('startGate'), 1);
  Atomics.notify(views.i32, views.machineWord('startGate'));
  return { outcomes: Promise.all(outcomes) }; // not awaited here: the loops run
};
`;

describe('a program ends by itself', () => {
  test(
    'when its machine has threads that do nothing, and was never closed',
    async () => {
      expect(await run("await Promise.all([call(1), call(2)]); console.log('done')")).toBe('done');
    },
    TIMEOUT_MS + 1000,
  );

  test(
    'also when it was given on the command line',
    async () => {
      const program = sourceOf("await call(1); console.log('done')");
      expect(await output(['--input-type=module', '--eval', program])).toBe('done');
    },
    TIMEOUT_MS + 1000,
  );

  test(
    'when it was closed while loops ran',
    async () => {
      const program = `
      const { outcomes } = await start(1, 2);
      setTimeout(() => machine.close(), 50);
      console.log((await outcomes).join());`;
      expect(await run(program)).toBe('TypeError,TypeError');
    },
    TIMEOUT_MS + 1000,
  );

  test(
    'when a thread died while loops ran, and nobody closed the machine',
    async () => {
      const program = `
      const { outcomes } = await start(1, 2);
      setTimeout(() => machine.kernel.worker(1).terminate(), 50);
      console.log((await outcomes).join());`;
      expect(await run(program)).toBe('MachinePanicError,MachinePanicError');
    },
    TIMEOUT_MS + 1000,
  );

  test(
    'when a check failed on a thread',
    async () => {
      const program = `
      const { outcomes } = await start(1);
      setTimeout(() => {
        machine.kernel.call(2, 'noSuchExport').catch((error) => console.log(error.message));
      }, 50);
      console.log((await outcomes).join());`;
      const lines = (await run(program)).split('\n').sort();
      expect(lines).toEqual([
        'MachinePanicError',
        'the machine panicked on CPU 2: trap: the core has no export noSuchExport',
      ]);
    },
    TIMEOUT_MS + 1000,
  );

  test(
    'but not before a call that is under way has ended',
    async () => {
      const program = `
      const { outcomes } = await start(1);
      outcomes.then((all) => console.log(all.join()));
      setTimeout(() => Atomics.store(views.i32, views.machineWord('stop'), 1), 200).unref();`;
      // The timer alone would not keep the program alive: the loop does.
      expect(await run(program)).toBe('ended');
    },
    TIMEOUT_MS + 1000,
  );
});
