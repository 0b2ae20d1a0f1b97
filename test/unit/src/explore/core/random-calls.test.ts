// Whatever CPUs call at once: nothing is used after it was freed, locks are taken in their order,
// nobody races for a plain field, nothing leaks, and every invariant of the machine holds.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explore } from '../../../../../src/index.js';
import { randomCalls, scenarioOf } from './random-calls.js';

/** MMEMU_SEED tries others, MMEMU_RUNS multiplies the number of scenarios. */
const SEED = Number(process.env['MMEMU_SEED'] ?? 2026);
const FACTOR = Number(process.env['MMEMU_RUNS'] ?? 1);
const SCENARIOS = 60 * FACTOR;
const EXECUTIONS = 20;
const TIMEOUT_MS = 180_000 * FACTOR;

describe(`random calls of several CPUs (MMEMU_SEED=${SEED})`, () => {
  it.each(['pct', 'random'] as const)(
    'break no promise of the machine, in schedules of %s',
    async (strategy) => {
      const property = fc.asyncProperty(randomCalls, fc.nat(), async (random, seed) => {
        const { failure } = await explore(scenarioOf(random), {
          ...{ strategy, seed, maxExecutions: EXECUTIONS, maxSteps: 50_000 },
        });
        expect(failure?.format()).toBeUndefined();
      });
      const limits = { interruptAfterTimeLimit: TIMEOUT_MS / 2, markInterruptAsFailure: false };
      await fc.assert(property, { seed: SEED, numRuns: SCENARIOS / 2, ...limits });
    },
    TIMEOUT_MS,
  );
});
