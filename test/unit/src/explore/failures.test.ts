// What a broken promise comes with: the oracle, the simplest interleaving, a token that replays it.
import { describe, expect, test } from '@jest/globals';
import { explore, type ExploreOptions } from '../../../../src/index.js';
import { replay } from '../../../../src/explore/replay.js';
import type { Failure } from '../../../../src/explore/failure.js';
import {
  scenario,
  ScenarioError,
  type CpuProgram,
  type Scenario,
} from '../../../../src/explore/scenario.js';
import { gup } from './programs.js';

const broken = gup(2, { bug: true });

async function failureOf<C>(given: Scenario<C>, options: ExploreOptions = {}): Promise<Failure> {
  const { failure, complete } = await explore(given, options);
  expect(complete).toBe(false);
  return failure!;
}

const twoLocks = scenario({
  name: 'two locks in two orders',
  setup: (machine) => machine.words(2),
  cpus: {
    *one([a, b], cpu) {
      yield* cpu.lock(a!);
      yield* cpu.lock(b!);
      yield* cpu.unlock(b!);
      yield* cpu.unlock(a!);
    },
    *other([a, b], cpu) {
      yield* cpu.lock(b!);
      yield* cpu.lock(a!);
      yield* cpu.unlock(a!);
      yield* cpu.unlock(b!);
    },
  },
});

const message = (fenced: boolean) =>
  scenario({
    name: `a plain message, ${fenced ? 'fenced' : 'not fenced'}`,
    setup: (machine) => machine.words(2),
    cpus: {
      *sender([data, flag], cpu) {
        yield* cpu.storePlain(data!, 42);
        if (fenced) yield* cpu.fence();
        yield* cpu.writeOnce(flag!, 1);
      },
      *receiver([data, flag], cpu) {
        if ((yield* cpu.readOnce(flag!)) === 0) return;
        if (fenced) yield* cpu.fence();
        cpu.outcome(yield* cpu.loadPlain(data!));
      },
    },
  });

describe('every strategy', () => {
  test.each([
    {},
    { strategy: 'dpor' },
    { strategy: 'source-dpor' },
    { strategy: 'dfs', preemptions: 2 },
    { strategy: 'pct' },
    { strategy: 'random', seed: 7 },
    { mode: 'states' },
  ] as ExploreOptions[])(
    '%j finds the page that was reused, with two switches',
    async (options) => {
      const failure = await failureOf(broken, options);
      expect(failure.kind).toBe('assertion');
      expect(failure.error.message).toMatch(/^the pinned page has owner [02], expected 1$/);
      expect(failure.found.switches).toBe(2);
      const again = await replay(broken, failure.schedule);
      expect(again.trace).toEqual(failure.trace);
      expect(again.error?.message).toBe(failure.error.message);
    },
  );
});

describe('the oracles', () => {
  test('a deadlock says who waits for whom', async () => {
    const failure = await failureOf(twoLocks);
    expect(failure.kind).toBe('deadlock');
    expect(failure.error.message).toContain(
      '"one" waits for the lock words[1], held by "other"; ' +
        '"other" waits for the lock words[0], held by "one"',
    );
    expect(failure.waiting.map(({ cpu }) => cpu)).toEqual([0, 1]);
    const drawn = failure
      .format()
      .split('\n')
      .filter((line) => line.includes('! waits for'));
    expect(drawn.map((line) => line.trim())).toEqual([
      '! waits for the lock words[1], held by "other"',
      '! waits for the lock words[0], held by "one"',
    ]);
    expect(failure.related).toEqual([1, 0]);
  });

  test.each(['sc', 'tso'] as const)(
    'a data race on plain accesses, under %s',
    async (memoryModel) => {
      for (const mode of ['schedules', 'states'] as const) {
        const failure = await failureOf(message(false), { memoryModel, mode });
        expect(failure.kind).toBe('data-race');
        expect(failure.error.message).toContain('words[0]');
      }
      const fenced = await explore(message(true), { memoryModel });
      expect(fenced).toMatchObject({ failure: undefined, complete: true });
      expect([...fenced.outcomes.keys()].sort()).toEqual(['', '42']);
    },
  );

  test('a CPU that never ends is a livelock', async () => {
    const endless = scenario({
      name: 'nobody writes',
      setup: (machine) => machine.words(2),
      cpus: {
        *waiter([x], cpu) {
          while ((yield* cpu.load(x!)) === 0);
        },
        *other([, y], cpu) {
          yield* cpu.store(y!, 1);
        },
      },
    });
    const failure = await failureOf(endless, { maxSteps: 500 });
    expect(failure.kind).toBe('livelock');
    expect(failure.error.message).toContain('again and again: "waiter" load(words[0])');
    expect((await replay(endless, failure.schedule)).failure?.kind).toBe('livelock');
  });

  test('the check of a scenario, and what a CPU throws', async () => {
    const wrong = scenario({
      name: 'two increments are two',
      setup: (machine) => machine.words(1),
      cpus: {
        *a([x], cpu) {
          yield* cpu.store(x!, (yield* cpu.load(x!)) + 1);
        },
        *b([x], cpu) {
          yield* cpu.store(x!, (yield* cpu.load(x!)) + 1);
        },
      },
      check(machine, [x]) {
        if (machine.peek(x!) !== 2) throw new Error(`x is ${machine.peek(x!)}`);
      },
    });
    const { failures, executions, failure } = await explore(wrong, {
      strategy: 'dpor',
      stopOnFailure: false,
    });
    expect({ failures, executions, kind: failure?.kind }).toEqual({
      failures: 2,
      executions: 4,
      kind: 'check',
    });
    const thrower = scenario({
      name: 'thrower',
      cpus: {
        *a() {
          throw new Error('out of patience');
        },
      },
    });
    const thrown = await failureOf(thrower);
    expect([thrown.kind, thrown.error.message]).toEqual(['exception', 'out of patience']);
  });
});

test('a spin loop is cut, and said not to be complete', async () => {
  const spin = scenario({
    name: 'spin',
    setup: (machine) => machine.words(1),
    cpus: {
      *waiter([x], cpu) {
        while ((yield* cpu.load(x!)) === 0);
      },
      *writer([x], cpu) {
        yield* cpu.store(x!, 1);
      },
    },
  });
  const result = await explore(spin, { strategy: 'dpor' });
  expect(result.failure).toBeUndefined();
  expect(result.complete).toBe(false);
  expect(result.cut).toBeGreaterThan(0);
});

test('a failure is drawn in columns, with values, switches and arrows', async () => {
  const failure = await failureOf(broken, { strategy: 'dpor' });
  const text = failure.format();
  expect(text).toMatch(/CPU0 unmap +CPU1 pin0 +CPU2 pin1/);
  expect(text).toMatch(/exchange\(words\[0\]\) 1 -> 0 +programs\.ts:\d+/);
  expect(text).toContain('switch 2');
  expect(text).toMatch(/\* load\(words\[2\]\) = \d <- step \d+ \(CPU0\)/);
  expect(text).toContain(failure.schedule);
  const events = (failure.toChromeTrace() as { traceEvents: unknown[] }).traceEvents;
  expect(events.length).toBeGreaterThan(failure.trace.length);
  expect(JSON.parse(JSON.stringify(failure))).toMatchObject({ kind: 'assertion' });
});

test('a failure is exported as a litmus test of the kernel', async () => {
  const { failure } = await explore(
    scenario({
      name: 'store buffering!',
      setup: (machine) => machine.words(3),
      cpus: {
        *a([x, y], cpu) {
          yield* cpu.writeOnce(x!, 1);
          yield* cpu.fence();
          cpu.outcome(yield* cpu.readOnce(y!));
        },
        *b([x, y, z], cpu) {
          yield* cpu.writeOnce(y!, 1);
          const seen = yield* cpu.readOnce(x!);
          yield* cpu.compareExchange(z!, 0, 7);
          cpu.assert(seen === 1, 'x is not there');
        },
      },
    }),
    { strategy: 'dpor' },
  );
  expect(failure!.toLitmus()).toBe(`C store-buffering

{
\tw0=0;
\tw1=0;
\tw2=0;
}

P0(int *w0, int *w1, int *w2)
{
}

P1(int *w0, int *w1, int *w2)
{
\tWRITE_ONCE(*w1, 1);
\tint r0 = READ_ONCE(*w0);
\tint r1 = cmpxchg(w2, 0, 7);
}

exists (1:r0=0 /\\ 1:r1=0)
`);
});

describe('a token', () => {
  test('is one short printable line', async () => {
    const { schedule } = await failureOf(broken);
    expect(schedule).toMatch(/^mm1\.sc\.[\w.,-]+$/);
    expect(schedule.length).toBeLessThan(120);
  });

  test('that is cut, changed or something else is refused', async () => {
    const { schedule } = await failureOf(broken);
    await expect(replay(broken, schedule.slice(0, -1))).rejects.toThrow(/cut off or changed/);
    await expect(replay(broken, schedule.replace('x', 'x1'))).rejects.toThrow(/cut off/);
    await expect(replay(broken, 'once upon a time')).rejects.toThrow(/not a schedule/);
    await expect(replay(broken, undefined as never)).rejects.toThrow(ScenarioError);
  });

  test('of another scenario or another build is refused', async () => {
    const { schedule } = await failureOf(broken);
    await expect(replay(gup(1), schedule)).rejects.toThrow(/of another scenario/);
    const { cpus } = broken;
    const changed = { ...broken, cpus: { ...cpus, pin1: cpus['unmap']! } };
    await expect(replay(changed, schedule)).rejects.toThrow(/of another build/);
  });

  test('is followed as well as it can be when the scenario has changed', async () => {
    const { schedule } = await failureOf(broken, { strategy: 'dpor' });
    const fixed = { ...gup(2), name: broken.name };
    const result = await replay(fixed, schedule, { mode: 'anchored' });
    expect(result.failure).toBeUndefined();
    expect(result.format()).toContain('no promise was broken');
  });
});

describe('a scenario that is wrong', () => {
  const define = (body: CpuProgram<number[]>) =>
    scenario({ name: 'wrong', setup: (machine) => machine.words(1), cpus: { a: body } });

  test.each<[string, RegExp, Scenario<number[]>]>([
    [
      'yields what is no operation',
      /cpus\.a yields 5, which is no operation/,
      define(function* () {
        yield 5 as never;
      }),
    ],
    [
      'has a CPU that is no generator',
      /cpus\.a is no generator function/,
      define((() => undefined) as never),
    ],
    [
      'forgets yield*',
      /cpu\.store\(\) was called without yield\*/,

      define(function* ([x], cpu) {
        cpu.store(x!, 1);
      }),
    ],
  ])('%s', async (_, message, wrong) => {
    await expect(explore(wrong)).rejects.toThrow(message);
    await expect(explore(wrong)).rejects.toThrow(ScenarioError);
  });

  test('throws in setup', async () => {
    const wrong = scenario({
      name: 'wrong',
      setup() {
        throw new Error('no memory');
      },
      cpus: { *a() {} },
    });
    await expect(explore(wrong)).rejects.toThrow('no memory');
  });
});
