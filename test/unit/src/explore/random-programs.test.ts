// Random small programs: what the reductions find is what all interleavings show.
import { describe, expect, test } from '@jest/globals';
import { explore } from '../../../../src/explore/explore.js';
import { bruteForce, randomProgram } from './random-program.js';

const PROGRAMS = 40;
const INTERLEAVINGS_MAX = 1000;

describe.each([
  ['sc', 4, false],
  ['sc', 3, true],
  ['tso', 3, false],
  ['tso', 2, true],
] as const)('under %s, up to %d operations, waiting: %p', (memoryModel, ops, waiting) => {
  const base = Math.floor(Math.random() * 1e6);
  test(`dpor, source-dpor and states agree with dfs (seeds from ${base})`, async () => {
    let compared = 0;
    for (let seed = base; seed < base + PROGRAMS; seed++) {
      const program = randomProgram(seed, ops, waiting);
      const truth = bruteForce(program, memoryModel, INTERLEAVINGS_MAX);
      if (truth === undefined) continue;
      compared++;
      for (const search of [
        { strategy: 'dpor' },
        { strategy: 'source-dpor' },
        { mode: 'states' },
      ] as const) {
        const options = { ...search, memoryModel, stopOnFailure: false };
        const result = await explore(program, options);
        const seen = { seed, search, outcomes: [...result.outcomes.keys()].sort() };
        expect(seen).toEqual({ seed, search, outcomes: truth.outcomes });
        expect({ seed, search, complete: result.complete }).toMatchObject({ complete: true });
        if ('mode' in search) continue;
        const counts = { classes: result.executions, deadlocks: result.failures };
        const { classes, deadlocks } = truth;
        expect({ seed, search, ...counts }).toEqual({ seed, search, classes, deadlocks });
        const isOptimal = search.strategy !== 'dpor' || result.blocked === 0;
        expect({ seed, isOptimal }).toEqual({ seed, isOptimal: true });
      }
    }
    expect(compared).toBeGreaterThan(PROGRAMS / 2);
  });
});
