// Scenarios that do something else when they run again: said plainly, with the first difference.
import { describe, expect, test } from '@jest/globals';
import { explore, replay } from '../../../../src/index.js';
import { ScenarioError, scenario, type Cpu, type Word } from '../../../../src/explore/scenario.js';
import { MAP_ANONYMOUS, MAP_PRIVATE } from '../../../../src/constants.js';
import type { ScenarioMachine } from '../../../../src/explore/scenario.js';
import { gup, inc } from './programs.js';

const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

/** A scenario on two words; `program` and `check` know how often they were run. */
function fickle(
  program: (run: number, words: Word[], cpu: Cpu) => Generator<undefined, void, undefined>,
  check: (run: number, machine: ScenarioMachine) => void = () => undefined,
) {
  const runs = { program: 0, check: 0 };
  return scenario({
    name: 'fickle',
    setup: (machine) => machine.words(2),
    cpus: {
      *a(words: Word[], cpu: Cpu) {
        yield* program(runs.program++, words, cpu);
      },
      *b(words: Word[], cpu: Cpu) {
        yield* cpu.load(words[0]!);
      },
    },
    check: (machine) => check(runs.check++, machine),
  });
}

const again = (message: string) =>
  `scenario "fickle" is not deterministic: the same schedule ran differently; ${message}`;

describe('on raw words', () => {
  test.each([
    [
      'a failing one that accesses something else',
      fickle(function* (run, words, cpu) {
        yield* cpu.store(words[run % 2]!, 1);
        cpu.assert(false, 'never mind');
      }),
      'step 1 was store of words[0] by "a" (0 -> 1), then store of words[1] by "a" (0 -> 1)',
    ],
    [
      'one that breaks nothing',
      fickle(function* (run, words, cpu) {
        yield* cpu.store(words[1]!, run);
      }),
      'step 1 was store of words[1] by "a" (0 -> 0), then store of words[1] by "a" (0 -> 1)',
    ],
    [
      'one that stops earlier',
      fickle(function* (run, words, cpu) {
        yield* cpu.load(words[1]!);
        if (run === 0) yield* cpu.load(words[1]!);
      }),
      'step 2 was load of words[1] by "a" (0 -> 0), then load of words[0] by "b" (0 -> 0)',
    ],
    [
      'one that says something else',
      fickle(function* (run, words, cpu) {
        yield* cpu.load(words[1]!);
        cpu.outcome(run);
      }),
      'its outcome was "0", then "1"',
    ],
    [
      'a check that does',
      fickle(
        function* (_, words, cpu) {
          yield* cpu.load(words[1]!);
        },
        (run) => {
          if (run === 0) throw new Error('only once');
        },
      ),
      'it failed (only once), then kept every promise',
    ],
  ])('%s', async (_, wrong, message) => {
    const exploring = explore(wrong, { strategy: 'dpor' });
    await expect(exploring).rejects.toThrow(new ScenarioError(again(message)));
  });

  test('one that changes its mind late is noticed as well', async () => {
    const late = fickle(function* (run, words, cpu) {
      yield* cpu.store(words[0]!, 1);
      yield* cpu.store(words[run < 6 ? 0 : 1]!, 1);
    });
    const exploring = explore(late, { strategy: 'random', maxExecutions: 1000 });
    await expect(exploring).rejects.toThrow(/not deterministic.*step \d+ was .*words\[/);
  });
});

describe('on the real core', () => {
  const onCore = (isBroken: boolean) => {
    let runs = 0;
    return scenario({
      name: 'fickle',
      machine: { memory: '256KiB', contents: 'stamp' },
      setup(machine) {
        const process = machine.spawn();
        return { process, addr: process.mmap(0, 8192, 3, ANON, -1, 0) };
      },
      cpus: {
        *a({ process, addr }, cpu) {
          if (runs++ % 2 === 0) yield* cpu.on(process).store(addr, [1]);
          else yield* cpu.on(process).munmap(addr, 4096);
          cpu.assert(!isBroken, 'never mind');
        },
      },
    });
  };

  test.each([true, false])('a promise is broken: %p', async (isBroken) => {
    await expect(explore(onCore(isBroken))).rejects.toThrow(
      /^scenario "fickle" is not deterministic: .* step \d+ was \w+ of \S+ by "a" \(.*\), then /,
    );
  });
});

test('running twice leaves counts as they are', async () => {
  const { executions, steps, blocked } = await explore(inc(3), { strategy: 'source-dpor' });
  expect([executions, steps, blocked]).toEqual([36, 36 * 6, 0]);
  const { failure } = await explore(gup(1, { bug: true }));
  expect((await replay(gup(1, { bug: true }), failure!.schedule)).failure?.kind).toBe('assertion');
});
