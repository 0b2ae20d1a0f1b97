// Litmus tests: exactly the outcomes that each memory model allows.
import { describe, expect, test } from '@jest/globals';
import { explore } from '../../../../src/explore/explore.js';
import { scenario, type Cpu, type Scenario } from '../../../../src/explore/scenario.js';

type Words = [x: number, y: number];
type Body = (words: Words, cpu: Cpu) => Generator<undefined, void, undefined>;

/** CPUs that record what they read; `final` adds the words at the end. */
function litmus(name: string, bodies: readonly Body[], final = false): Scenario<Words> {
  const cpus = bodies.map((body, i) => [`p${i}`, body] as const);
  const memory = function* ([x, y]: Words, cpu: Cpu) {
    for (let i = 0; i < bodies.length; i++) yield* cpu.waitWhile(y + 1 + i, 0);
    cpu.outcome(`x=${yield* cpu.load(x)}`);
    cpu.outcome(`y=${yield* cpu.load(y)}`);
  };
  const ending = cpus.map(([cpuName, body], i): [string, Body] => [
    cpuName,
    function* (words: Words, cpu: Cpu) {
      yield* body(words, cpu);
      // A sequentially consistent store: everything before it has reached memory.
      yield* cpu.store(words[1] + 1 + i, 1);
    },
  ]);
  return scenario<Words>({
    name,
    setup: (machine) => machine.words(2 + (final ? bodies.length : 0)) as Words,
    cpus: Object.fromEntries<Body>(final ? [...ending, ['memory', memory]] : cpus),
  });
}

const write =
  (at: 0 | 1, value: number): Body =>
  (words, cpu) =>
    only(cpu.writeOnce(words[at], value));
const read = (at: 0 | 1): Body =>
  function* (words, cpu) {
    cpu.outcome(yield* cpu.readOnce(words[at]));
  };
const fence: Body = (_, cpu) => only(cpu.fence());

function* only(operation: Iterable<undefined, unknown>): Generator<undefined, void, undefined> {
  yield* operation;
}

const seq = (...parts: Body[]): Body =>
  function* (words, cpu) {
    for (const part of parts) yield* part(words, cpu);
  };

/** Pairs of values without the listed ones. */
const allBut = (...missing: string[]) =>
  ['0 0', '0 1', '1 0', '1 1'].filter((outcome) => !missing.includes(outcome));

const x = 0;
const y = 1;

const SB = [seq(write(x, 1), read(y)), seq(write(y, 1), read(x))];
const SB_FENCED = [seq(write(x, 1), fence, read(y)), seq(write(y, 1), fence, read(x))];
const MP = [seq(write(x, 1), write(y, 1)), seq(read(y), read(x))];
const MP_FENCED = [seq(write(x, 1), fence, write(y, 1)), seq(read(y), fence, read(x))];
const LB = [seq(read(x), write(y, 1)), seq(read(y), write(x, 1))];
const LB_FENCED = [seq(read(x), fence, write(y, 1)), seq(read(y), fence, write(x, 1))];
const R = [seq(write(x, 1), write(y, 1)), seq(write(y, 2), read(x))];
const R_FENCED = [seq(write(x, 1), fence, write(y, 1)), seq(write(y, 2), fence, read(x))];
const S = [seq(write(x, 2), write(y, 1)), seq(read(y), write(x, 1))];
const S_FENCED = [seq(write(x, 2), fence, write(y, 1)), seq(read(y), fence, write(x, 1))];
const TWO_TWO = [seq(write(x, 1), write(y, 2)), seq(write(y, 1), write(x, 2))];
const TWO_TWO_FENCED = [seq(write(x, 1), fence, write(y, 2)), seq(write(y, 1), fence, write(x, 2))];
const IRIW = [write(x, 1), write(y, 1), seq(read(x), read(y)), seq(read(y), read(x))];
const IRIW_FENCED = [
  write(x, 1),
  write(y, 1),
  seq(read(x), fence, read(y)),
  seq(read(y), fence, read(x)),
];

const R_SC = ['0 x=1 y=1', '1 x=1 y=1', '1 x=1 y=2'];
const R_TSO = ['0 x=1 y=1', '0 x=1 y=2', '1 x=1 y=1', '1 x=1 y=2'];
const S_ALL = ['0 x=1 y=1', '0 x=2 y=1', '1 x=1 y=1'];
const W_ALL = ['x=1 y=2', 'x=2 y=1', 'x=2 y=2'];
const IRIW_ALL = Array.from({ length: 16 }, (_, i) =>
  [...i.toString(2).padStart(4, '0')].join(' '),
).filter((outcome) => outcome !== '1 0 1 0');

describe.each(['dpor', 'source-dpor', 'states'] as const)('by %s', (how) => {
  const outcomes = async (test: Scenario<Words>, memoryModel: 'sc' | 'tso') => {
    const search = how === 'states' ? { mode: how } : { strategy: how };
    const result = await explore(test, { ...search, memoryModel });
    expect(result.complete).toBe(true);
    expect(result.failure).toBeUndefined();
    return [...result.outcomes.keys()].sort();
  };

  test.each([
    ['SB', SB, allBut('0 0'), allBut()],
    ['SB with fences', SB_FENCED, allBut('0 0'), allBut('0 0')],
    ['MP', MP, allBut('1 0'), allBut('1 0')],
    ['MP with fences', MP_FENCED, allBut('1 0'), allBut('1 0')],
    ['LB', LB, allBut('1 1'), allBut('1 1')],
    ['LB with fences', LB_FENCED, allBut('1 1'), allBut('1 1')],
    ['IRIW', IRIW, IRIW_ALL, IRIW_ALL],
    ['IRIW with fences', IRIW_FENCED, IRIW_ALL, IRIW_ALL],
  ])('%s', async (name, bodies, sc, tso) => {
    expect(await outcomes(litmus(name, bodies), 'sc')).toEqual(sc);
    expect(await outcomes(litmus(name, bodies), 'tso')).toEqual(tso);
  });

  test.each([
    ['R', R, R_SC, R_TSO],
    ['R with fences', R_FENCED, R_SC, R_SC],
    ['S', S, S_ALL, S_ALL],
    ['S with fences', S_FENCED, S_ALL, S_ALL],
    ['2+2W', TWO_TWO, W_ALL, W_ALL],
    ['2+2W with fences', TWO_TWO_FENCED, W_ALL, W_ALL],
  ])('%s, with what memory has at the end', async (name, bodies, sc, tso) => {
    expect(await outcomes(litmus(name, bodies, true), 'sc')).toEqual(sc);
    expect(await outcomes(litmus(name, bodies, true), 'tso')).toEqual(tso);
  });
});
