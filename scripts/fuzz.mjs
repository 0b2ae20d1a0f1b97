/** Compares random sequences of calls with the kernel of this machine. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandLine, refuse } from './lib/usage.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];
const HELP = `npm run fuzz -- [options]

Compares random sequences of calls with the kernel of this machine, and prints the shortest one that
differs. Needs what npm run oracle needs: Linux on x86-64, a C compiler, root. Swaps, too, where the
kernel swaps to zram only (native/oracle/README.md).

  --runs N         so many sequences (default 1000); some 200 a second
  --seed N         the same sequences again
  --calls A,B      only these calls, and what they need: mremap,fork
  --record         also record the corpus for machines without root
  --help           this text

Exit status 1 on a difference, 2 on wrong usage. Progress goes to standard error.`;

function main() {
  const string = { type: 'string' };
  const { values: given, positionals } = commandLine(HELP, {
    ...{ runs: string, seed: string, calls: string },
    record: { type: 'boolean' },
  });
  if (positionals.length > 0) refuse(`fuzz: ${positionals[0]} is no option`);
  for (const name of ['runs', 'seed']) {
    const value = given[name];
    if (value !== undefined && !/^-?\d+$/.test(value)) {
      refuse(`fuzz: --${name}: ${value} is no number`);
    }
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
