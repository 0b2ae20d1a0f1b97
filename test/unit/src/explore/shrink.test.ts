// What is shrunk has as few switches as any interleaving that fails in this way: small random
// programs, of which all interleavings are run.
import { describe, expect, test } from '@jest/globals';
import { explore } from '../../../../src/explore/explore.js';
import { replay } from '../../../../src/explore/replay.js';
import { runAgain } from '../../../../src/explore/determinism.js';
import { DfsStrategy } from '../../../../src/explore/dfs.js';
import { Execution } from '../../../../src/explore/execution.js';
import { switchesOf } from '../../../../src/explore/made-schedule.js';
import { scenario, type Cpu, type Scenario } from '../../../../src/explore/scenario.js';
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
      // Only at the end of all: nothing of it can be left out.
      const isBroken = program.unfinished() === 0 && isBad(state);
      if (isBroken) throw new Error('a state that shall not be');
    },
  };
  const program: WordsProgram = new WordsProgram(scenario as Scenario, model);
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

describe('what a failure does not need', () => {
  function* increment(cpu: Cpu, word: number) {
    yield* cpu.store(word, (yield* cpu.load(word)) + 1);
  }
  const increments = scenario({
    name: 'two increments, and more',
    setup: (machine) => machine.words(2),
    cpus: {
      *idle([, y], cpu) {
        yield* cpu.fetchAdd(y!, 1);
      },
      *one([x, y], cpu) {
        yield* increment(cpu, x!);
        yield* cpu.fetchAdd(y!, 1);
      },
      *other([x], cpu) {
        yield* increment(cpu, x!);
      },
    },
    check(machine, [x]) {
      if (machine.peek(x!) !== 2) throw new Error(`x is ${machine.peek(x!)}`);
    },
  });

  test('is left out: whole CPUs, and operations at the end', async () => {
    const { failure } = await explore(increments, { strategy: 'dpor' });
    expect(failure!.endsEarly).toBe(true);
    // One of the two may lose its increment only if both make it.
    expect(failure!.trace.map(({ name }) => name).sort()).toEqual([
      ...['one', 'one', 'other', 'other'],
    ]);
    expect(failure!.trace.map(({ location }) => location)).not.toContain('words[1]');
    const again = await replay(increments, failure!.schedule);
    expect(again.trace).toEqual(failure!.trace);
    expect(again.failure?.schedule).toBe(failure!.schedule);
    const anchored = await replay(increments, failure!.schedule, { mode: 'anchored' });
    expect(anchored.error?.message).toBe('x is 1'); // it goes on to the end, and fails the same
  });

  test('is not what would make it fail by being left out', async () => {
    const releases = scenario({
      name: 'a count that is given back',
      setup: (machine) => machine.words(2),
      cpus: {
        *taker([count], cpu) {
          yield* cpu.fetchAdd(count!, 1);
          yield* cpu.fetchAdd(count!, -1);
        },
        *careless([count], cpu) {
          yield* cpu.store(count!, yield* cpu.load(count!));
        },
      },
      check(machine, [count]) {
        if (machine.peek(count!) !== 0) throw new Error('a count is left');
      },
    });
    const { failure } = await explore(releases, { strategy: 'dpor' });
    expect(failure!.endsEarly).toBe(false);
    expect(failure!.trace).toHaveLength(4);
  });
});
