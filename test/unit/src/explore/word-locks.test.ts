import { describe, expect, test } from '@jest/globals';
import {
  explore,
  replay,
  scenario,
  type Checkpoint,
  type ExploreOptions,
  type Failure,
  type JobReport,
} from '../../../../src/index.js';

/** Two CPUs that never wait for one another: the second waits until the first has ended. */
const oneByOne = scenario({
  name: 'two orders, one after the other',
  setup: (machine) => machine.words(3),
  cpus: {
    *first([a, b, done], cpu) {
      yield* cpu.lock(a!);
      yield* cpu.lock(b!);
      yield* cpu.unlock(b!);
      yield* cpu.unlock(a!);
      yield* cpu.store(done!, 1);
    },
    *second([a, b, done], cpu) {
      yield* cpu.waitWhile(done!, 0);
      yield* cpu.lock(b!);
      yield* cpu.lock(a!);
      yield* cpu.unlock(a!);
      yield* cpu.unlock(b!);
    },
  },
});

/** Each execution has one order only: that of whoever comes first to the word `turn`. */
const eitherOr = scenario({
  name: 'one order or the other',
  setup: (machine) => machine.words(3),
  cpus: {
    *ab([a, b, turn], cpu) {
      if ((yield* cpu.exchange(turn!, 1)) !== 0) return;
      yield* cpu.lock(a!);
      yield* cpu.lock(b!);
      yield* cpu.unlock(b!);
      yield* cpu.unlock(a!);
    },
    *ba([a, b, turn], cpu) {
      if ((yield* cpu.exchange(turn!, 1)) !== 0) return;
      yield* cpu.lock(b!);
      yield* cpu.lock(a!);
      yield* cpu.unlock(a!);
      yield* cpu.unlock(b!);
    },
  },
});

async function failureOf(options: ExploreOptions): Promise<Failure> {
  const { failure } = await explore(eitherOr, options);
  expect(failure?.kind).toBe('lock-order');
  return failure!;
}

describe('the order of locks on raw words', () => {
  test('is broken in an execution that cannot deadlock', async () => {
    const { failure } = await explore(oneByOne, { strategy: 'dpor' });
    expect(failure?.kind).toBe('lock-order');
    expect(failure?.error.message).toBe(
      'lock-order inversion of words[1], words[0]: ' +
        '"second" takes words[0] with words[1] held; "first" takes words[1] with words[0] held',
    );
    expect(failure?.earlier).toEqual([]);
    const [deciding, other] = [failure?.step, failure?.otherStep].map((at) => failure?.trace[at!]);
    expect([deciding?.name, deciding?.kind, deciding?.location]).toEqual([
      ...['second', 'lock', 'words[0]'],
    ]);
    expect([other?.name, other?.kind, other?.location]).toEqual(['first', 'lock', 'words[1]']);
    const again = await replay(oneByOne, failure!.schedule);
    expect(again.error?.message).toBe(failure?.error.message);
  });

  test('is kept by CPUs that agree on it, however many locks they hold', async () => {
    const program = scenario({
      name: 'one order',
      setup: (machine) => machine.words(3),
      cpus: {
        *one([a, b, c], cpu) {
          for (const word of [a!, b!, c!]) yield* cpu.lock(word);
          for (const word of [a!, c!, b!]) yield* cpu.unlock(word); // in any order
          yield* cpu.lock(a!);
          yield* cpu.unlock(a!);
        },
        *other([a, , c], cpu) {
          yield* cpu.lock(a!);
          yield* cpu.lock(c!);
          yield* cpu.unlock(c!);
          yield* cpu.unlock(a!);
        },
      },
    });
    const { failure, complete } = await explore(program, { strategy: 'dpor' });
    expect(failure).toBeUndefined();
    expect(complete).toBe(true);
  });

  test('does not care for a lock that another CPU has given back', async () => {
    const program = scenario({
      name: 'given back by another',
      setup: (machine) => machine.words(3),
      cpus: {
        *one([a, b, told], cpu) {
          yield* cpu.lock(a!);
          yield* cpu.store(told!, 1);
          yield* cpu.waitWhile(told!, 1);
          yield* cpu.lock(b!);
          yield* cpu.unlock(b!);
        },
        *other([a, b, told], cpu) {
          yield* cpu.waitWhile(told!, 0);
          yield* cpu.unlock(a!);
          yield* cpu.lock(b!);
          yield* cpu.lock(a!);
          yield* cpu.unlock(a!);
          yield* cpu.unlock(b!);
          yield* cpu.store(told!, 2);
        },
      },
    });
    expect((await explore(program, { strategy: 'dpor' })).failure).toBeUndefined();
  });

  test.each<ExploreOptions>([
    {},
    { strategy: 'dpor' },
    { strategy: 'source-dpor' },
    { strategy: 'dfs' },
    { strategy: 'random' },
    { mode: 'states' },
    { strategy: 'dpor', memoryModel: 'tso' },
    { strategy: 'dpor', shard: { index: 0, count: 1 }, onJob: () => undefined },
  ])('is broken by two executions together, with %j', async (options) => {
    const failure = await failureOf(options);
    expect(failure.error.message).toMatch(
      /^lock-order inversion of words.*, seen in different executions: .*held; .*, in another exec/,
    );
    expect(failure.earlier).toHaveLength(1);
    // Of the other execution only what one CPU does is needed, up to its second lock.
    expect(failure.earlier[0]!.map(({ kind }) => kind)).toEqual(['exchange', 'lock', 'lock']);
    const again = await replay(eitherOr, failure.schedule);
    expect(again.failure?.toJSON()).toEqual({
      ...failure.toJSON(),
      found: again.failure?.found,
    });
    expect(again.failure?.schedule).toBe(failure.schedule);
  });

  test('is drawn with both executions, and one token has both', async () => {
    const failure = await failureOf({ strategy: 'dpor' });
    expect(failure.format()).toMatch(
      /another execution:[^]*\* lock[^]*and then this one:[^]*\* lock/,
    );
    expect(failure.schedule).toMatch(/^mm1\.sc\.[^+]*\+[^+]*$/);
    const again = await replay(eitherOr, failure.schedule, { mode: 'anchored' });
    expect(again.error?.message).toBe(failure.error.message);
  });

  test('is remembered by a checkpoint: what is left shows it with what was done', async () => {
    let last: Checkpoint | undefined;
    const onCheckpoint = (made: Checkpoint) => (last = made);
    const jobs: (readonly number[])[] = [];
    const onJob = ({ agents }: JobReport) => void jobs.push(agents);
    const options = { strategy: 'dpor', stopOnFailure: false } as const;
    expect((await explore(eitherOr, { ...options, onCheckpoint, onJob })).failures).toBe(1);
    const [ab, ba] = [last!.orders![0]!, jobs.find((agents) => agents[0] === 1)!];
    expect(ab[0]).toBe(0);
    const left = { ...last!, failures: 0, jobs: [{ agents: ba, sleep: ba.map(() => []) }] };
    const resumed = async (resume: Checkpoint) =>
      (await explore(eitherOr, { resume })).failure?.kind;
    expect(await resumed({ ...left, failure: undefined, orders: [ab] })).toBe('lock-order');
    expect(await resumed({ ...left, failure: undefined, orders: [] })).toBeUndefined();
  });
});
