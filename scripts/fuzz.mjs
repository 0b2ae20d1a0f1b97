/**
 * Compares random sequences of calls with the kernel of this machine.
 *
 *   npm run fuzz -- --runs 20000               so many sequences (default 1000)
 *   npm run fuzz -- --seed 7                   the same sequences again
 *   npm run fuzz -- --calls mremap,fork        only these calls, and what they need
 *   npm run fuzz -- --record                   also record the corpus for machines without root
 *
 * Progress goes to standard error. Exit status 1 and the shortest sequence on a difference, 2 on
 * wrong usage. Needs what `npm run oracle` needs.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];

function options() {
  const string = { type: 'string' };
  const record = { type: 'boolean' };
  const { values } = parseArgs({ options: { runs: string, seed: string, calls: string, record } });
  for (const name of ['runs', 'seed']) {
    const value = values[name];
    if (value !== undefined && !/^-?\d+$/.test(value)) throw new Error(`--${name}: not a number`);
  }
  return values;
}

function main() {
  let given;
  try {
    given = options();
  } catch (error) {
    console.error(error.message);
    return 2;
  }
  const env = {
    ...process.env,
    MMEMU_FUZZ_RUNS: given.runs ?? '1000',
    MMEMU_FUZZ_CALLS: given.calls ?? '',
    ...(given.record ? { MMEMU_FUZZ_RECORD: '1' } : {}),
    ...(given.seed === undefined ? {} : { MMEMU_SEED: given.seed }),
  };
  const jest = [...JEST, 'node_modules/jest/bin/jest.js', 'test/differential'];
  const { status } = spawnSync('node', jest, { cwd: ROOT, env, stdio: 'inherit' });
  return status === 0 ? 0 : 1;
}

process.exitCode = main();
