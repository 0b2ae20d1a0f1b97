// What is shrunk has as few switches as any interleaving that fails in this way: small random
// programs, of which all interleavings are run.
import { describe, expect, test } from '@jest/globals';
import { runAgain } from '../../../../src/explore/determinism.js';
import { DfsStrategy } from '../../../../src/explore/dfs.js';
import { Execution } from '../../../../src/explore/execution.js';
import { switchesOf } from '../../../../src/explore/made-schedule.js';
import type { Scenario } from '../../../../src/explore/scenario.js';
import { shrink } from '../../../../src/explore/shrink.js';
import { WordsProgram, type MemoryModel } from '../../../../src/explore/words-program.js';
import { randomProgram } from './random-program.js';

const PROGRAMS = 25;
const INTERLEAVINGS_MAX = 4000;

/** An execution that ends in a state: the most and the fewest switches that lead there. */
interface Ending {
  readonly worst: Uint8Array;
  readonly fewest: number;
}

/** A program, and what its words are at the end of an execution. */
function watched(given: Scenario<number[]>, model: MemoryModel, isBad: (state: string) => boolean) {
  let state = '';
  const scenario: Scenario<number[]> = {
    ...given,
    check(machine, words) {
      state = words.map((word) => machine.peek(word)).join();
      if (isBad(state)) throw new Error('a state that shall not be');
    },
  };
  const program = new WordsProgram(scenario as Scenario, model);
  return { program, execution: new Execution(program, 1000), stateNow: () => state };
}

/** Every state that a program can end in; undefined if it has too many interleavings. */
function endingsOf(given: Scenario<number[]>, model: MemoryModel): Map<string, Ending> | undefined {
  const { program, execution, stateNow } = watched(given, model, () => false);
  const cpus = program.cpuNames.length;
  const strategy = new DfsStrategy(program.log, cpus, Infinity);
  const endings = new Map<string, Ending>();
  for (let n = 0; strategy.next(); n++) {
    if (n > INTERLEAVINGS_MAX) return undefined;
    if (execution.run(strategy) !== 'done') continue;
    program.check();
    const agents = program.log.agent.slice(0, program.log.length);
    const known = endings.get(stateNow());
    const switches = switchesOf(agents, cpus);
    const isWorse = known === undefined || switches > switchesOf(known.worst, cpus);
    endings.set(stateNow(), {
      worst: isWorse ? agents : known.worst,
      fewest: Math.min(switches, known?.fewest ?? Infinity),
    });
  }
  return endings;
}

describe.each(['sc', 'tso'] as const)('shrinking under %s', (model) => {
  const base = Math.floor(Math.random() * 1e6);
  test(`finds the fewest switches (seeds from ${base})`, () => {
    let compared = 0;
    for (let seed = base; seed < base + PROGRAMS; seed++) {
      const given = randomProgram(seed, model === 'sc' ? 4 : 3, false);
      for (const [bad, { worst, fewest }] of endingsOf(given, model) ?? []) {
        const { program, execution } = watched(given, model, (state) => state === bad);
        const verdict = runAgain(program, execution, worst)!;
        const { agents } = shrink(program, execution, verdict);
        const cpus = program.cpuNames.length;
        expect({ seed, bad, switches: switchesOf(agents, cpus) }).toEqual({
          ...{ seed, bad, switches: fewest },
        });
        expect(runAgain(program, execution, agents)?.key).toBe(verdict.key);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(PROGRAMS);
  });
});
