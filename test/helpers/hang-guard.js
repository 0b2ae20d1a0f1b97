// Ends a test that never comes back. Most tests here run in the thread that would have to notice
// that time is up: when the core loops or waits for ever, jest's own timeouts never fire, and a
// whole run stands still without a word. So each test file has a thread beside it that looks
// whether the file's own thread still turns, says which test it was in, and kills the process.
import { clearInterval, setInterval } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, expect } from '@jest/globals';

/** No test keeps its thread for so long, on the slowest machine. */
const LIMIT_S = Number(process.env['MMEMU_HANG_LIMIT_S'] ?? 400);
const NAME_BYTES = 1024;

const shared = new SharedArrayBuffer(4 + NAME_BYTES);
const beats = new Int32Array(shared, 0, 1);
const name = new Uint8Array(shared, 4);

const GUARD = `
  const { workerData: { shared, limit, file } } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  const beats = new Int32Array(shared, 0, 1);
  let last = -1, since = Date.now();
  setInterval(() => {
    const now = Atomics.load(beats, 0);
    if (now !== last) { last = now; since = Date.now(); return; }
    if (Date.now() - since < limit * 1000) return;
    const bytes = new Uint8Array(shared, 4).slice();
    const test = new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
    writeSync(2, '\\n' + file + ': no sign of life for ' + limit + ' s, in: ' + test + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 1000);
`;

const file = expect.getState().testPath;
const workerData = { shared, limit: LIMIT_S, file };
const guard = new Worker(GUARD, { eval: true, workerData, execArgv: [] });
guard.unref();
const beating = setInterval(() => Atomics.add(beats, 0, 1), 500);
beating.unref();

beforeEach(() => {
  const text = new TextEncoder().encode(expect.getState().currentTestName ?? '');
  name.fill(0).set(text.subarray(0, NAME_BYTES - 1));
});

afterAll(async () => {
  clearInterval(beating);
  await guard.terminate();
});
