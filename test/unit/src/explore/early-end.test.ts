import { describe, expect, it } from '@jest/globals';
import { asIn, EarlyEnd, operationsOf } from '../../../../src/explore/early-end.js';
import { Execution } from '../../../../src/explore/execution.js';
import { scenario, type Scenario } from '../../../../src/explore/scenario.js';
import { WordsProgram, type MemoryModel } from '../../../../src/explore/words-program.js';

const stores = scenario({
  name: 'two CPUs with two stores each',
  setup: (machine) => machine.words(1),
  cpus: {
    *a([x], cpu) {
      yield* cpu.writeOnce(x!, 1);
      yield* cpu.writeOnce(x!, 2);
    },
    *b([x], cpu) {
      yield* cpu.writeOnce(x!, 3);
      yield* cpu.waitWhile(x!, 3);
    },
  },
}) as Scenario;

function run(
  agents: readonly number[],
  limits?: readonly number[],
  model: MemoryModel = 'sc',
): readonly [string, string] {
  const program = new WordsProgram(stores, model);
  const goesOn = limits === undefined ? asIn(agents) : operationsOf(program, limits);
  const strategy = new EarlyEnd(program, agents, goesOn);
  const end = strategy.endOf(new Execution(program, 100).run(strategy));
  return [[...program.log.agent.slice(0, program.log.length)].join(''), end];
}

describe('an execution that ends early', () => {
  it('is done when each CPU has made the steps that the schedule has for it', () => {
    expect(run([0, 1])).toEqual(['01', 'done']);
    expect(run([1])).toEqual(['1', 'done']);
    expect(run([])).toEqual(['', 'done']);
  });

  it('is done when each CPU has made so many operations, in the order of the schedule', () => {
    expect(run([1, 0, 0], [1, 1])).toEqual(['10', 'done']);
    expect(run([1, 1, 0, 0], [2, 0])).toEqual(['00', 'done']);
    expect(run([1, 0, 1, 0], [2, 2])).toEqual(['1010', 'done']);
  });

  it('is not done while somebody waits for a CPU that has stopped', () => {
    expect(run([1], [0, 2])).toEqual(['1', 'blocked']);
  });

  it('waits until stores have reached memory', () => {
    // The agents 2 and 3 are the store buffers.
    expect(run([0, 1], [1, 1], 'tso')).toEqual(['0123', 'done']);
  });
});
