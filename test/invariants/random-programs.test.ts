import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { policies, type MachineOptions, type PinPolicy, type SealPolicy } from '../../src/index.js';
import { programs, type Call } from './calls.js';
import { ProgramWorld } from './program-world.js';

/** MMEMU_SEED repeats a run, MMEMU_RUNS multiplies the number of programs. */
const SEED = Number(process.env['MMEMU_SEED'] ?? Date.now() | 0);
const FACTOR = Number(process.env['MMEMU_RUNS'] ?? 1);
const RUNS = 12 * FACTOR;
const CALLS = 160;
/** A failure takes long to be shrunk. */
const TIMEOUT_MS = 120_000 * FACTOR;

const names = (axis: string) =>
  (policies().find((each) => each.axis === axis)?.values ?? []).map(({ name }) => name);

/** Every pair of policies that a machine can run with. */
const PAIRS = names('pin')
  .flatMap((pin) =>
    names('seal')
      .filter((seal) => !(pin === 'get-page' && seal === 'refuse-if-counted'))
      .map((seal) => ({ pin: pin as PinPolicy, seal: seal as SealPolicy })),
  )
  .map((pair, index) => ({ ...pair, seed: SEED + index }));

const machines: fc.Arbitrary<MachineOptions> = fc.record({
  memory: fc.constantFrom('8MiB', '5MiB', '512KiB', '64KiB'),
  contents: fc.constantFrom('none', 'stamp', 'full'),
  build: fc.constantFrom('release', 'debug'),
});

/** How often each kind of call has ended how, over all programs. */
const outcomes = new Map<string, number>();

/** What must have happened, or the programs prove little. */
const EXPECTED = [
  ...['spawn', 'exit', 'mmapAnon', 'mmapFile', 'mmapOver', 'munmap', 'mprotect', 'store', 'load'],
  ...['memfd', 'reopen', 'dup', 'close', 'ftruncate', 'fallocate', 'pwrite', 'pread', 'addSeals'],
  ...['gup', 'release', 'dma'],
]
  .map((call) => `${call} ok`)
  .concat(
    'addSeals EBUSY',

    'addSeals EPERM',
    'mmapFile EPERM',
    'store EFAULT',
    'gup EFAULT',
  );

async function runChecked(options: MachineOptions, program: readonly Call[]): Promise<void> {
  const world = await ProgramWorld.boot(options);
  try {
    for (const call of program) {
      world.run(call);
      const violations = world.machine.verify();
      if (violations.length === 0) continue;
      const messages = violations.map(({ message }) => message);
      throw new Error([`with MMEMU_SEED=${SEED}:`, ...messages].join('\n'));
    }
    world.end();
    expect(world.machine.verify()).toEqual([]);
    expect(world.machine.meminfo().MemFree).toBe(world.machine.meminfo().MemTotal);
    for (const [name, times] of world.outcomes) {
      outcomes.set(name, (outcomes.get(name) ?? 0) + times);
    }
  } finally {
    await world.machine.close();
  }
}

describe('a machine stays sound whatever a program does', () => {
  it.each(PAIRS)(
    'with pin: $pin, seal: $seal',
    async ({ seed, ...policy }) => {
      const property = fc.asyncProperty(machines, programs(CALLS), (options, program) =>
        runChecked({ ...options, policy }, program),
      );
      await fc.assert(property, { seed, numRuns: RUNS });
    },
    TIMEOUT_MS,
  );

  it('and the programs had an effect', () => {
    const made = [...outcomes.values()].reduce((sum, times) => sum + times, 0);
    expect(made).toBeGreaterThan(10_000);
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(EXPECTED));
    const short = ['store', 'load', 'gup', 'pwrite', 'fallocate'].map((call) => `${call} ENOMEM`);
    expect(short.some((name) => outcomes.has(name))).toBe(true);
  });
});
