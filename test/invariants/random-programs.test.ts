import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  policies,
  type Contents,
  type CowPolicy,
  type ForkPinnedPolicy,
  type LruBatchPolicy,
  type MachineOptions,
  type PinPolicy,
  type SealPolicy,
} from '../../src/index.js';
import type { CoreBuild } from '../../src/options.js';
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

const DEFAULT_COW: CowPolicy = 'anon-exclusive';

/** Machines, and the policies that any pair goes with. */
const machines = fc.record({
  memory: fc.constantFrom('8MiB', '5MiB', '512KiB', '64KiB'),
  contents: fc.constantFrom<Contents[]>('none', 'stamp', 'full'),
  swap: fc.constantFrom(0, '16KiB', '256KiB', '8MiB'),
  build: fc.constantFrom<CoreBuild[]>('release', 'debug'),
  policy: fc.record({
    lruBatch: fc.constantFrom(...(names('lruBatch') as LruBatchPolicy[])),
    // Mostly Linux's, with which verify expects most.
    cow: fc.constantFrom(DEFAULT_COW, ...(names('cow') as CowPolicy[])),
    forkPinned: fc.constantFrom<ForkPinnedPolicy[]>(
      'early-copy-child',
      'early-copy-child',
      'share',
    ),
  }),
});

/** How often each kind of call has ended how, over all programs. */
const outcomes = new Map<string, number>();

/** What must have happened, or the programs prove little: what is not rare in so many of them. */
const EXPECTED = [
  ...['spawn', 'fork', 'exit', 'mmapAnon', 'mmapFile', 'mremap', 'munmap', 'mprotect'],
  ...['store', 'load', 'memfd', 'close', 'ftruncate', 'fallocate', 'pwrite', 'pread'],
  ...['gup', 'release', 'reclaim', 'madvise', 'mlock', 'munlock', 'msync', 'mincore'],
  ...['open', 'pipe'],
]
  .map((call) => `${call} ok`)
  .concat('madvise EINVAL', 'store EFAULT', 'load EFAULT', 'gup EFAULT');

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
    // A page whose last user went while it had a place in swap keeps that; a full device is not
    // scanned (Linux: can_reclaim_anon_pages), so only swapoff is sure to find it.
    if (world.machine.meminfo().SwapTotal > 0) world.machine.swapoff();
    expect(world.machine.meminfo().MemFree).toBe(world.machine.meminfo().MemTotal);
    for (const [name, times] of world.outcomes) {
      outcomes.set(name, (outcomes.get(name) ?? 0) + times);
    }
  } finally {
    await world.machine.close();
  }
}

describe(`a machine stays sound whatever a program does (MMEMU_SEED=${SEED})`, () => {
  it.each(PAIRS)(
    'with pin: $pin, seal: $seal',
    async ({ seed, ...policy }) => {
      const property = fc.asyncProperty(machines, programs(CALLS), (options, program) =>
        runChecked({ ...options, policy: { ...options.policy, ...policy } }, program),
      );
      await fc.assert(property, { seed, numRuns: RUNS });
    },
    TIMEOUT_MS,
  );

  it('and the programs had an effect', () => {
    const made = [...outcomes.values()].reduce((sum, times) => sum + times, 0);
    expect(made).toBeGreaterThan(5_000);
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(EXPECTED));
    const short = ['store', 'load', 'gup', 'pwrite', 'fallocate'].map((call) => `${call} ENOMEM`);
    expect(short.some((name) => outcomes.has(name))).toBe(true);
  });
});
