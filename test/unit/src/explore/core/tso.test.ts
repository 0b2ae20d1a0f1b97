// The memory model tso on the real core.
import { describe, expect, it, test } from '@jest/globals';
import { explore, F_GETFD, replay, scenario, type Scenario } from '../../../../../src/index.js';

/** Each CPU writes its word, perhaps makes a system call, and reads the other's. */
function storeBuffering(call: boolean): Scenario {
  return scenario({
    name: call ? 'SB with a system call between' : 'SB',
    machine: { memory: '256KiB', contents: 'none' },
    setup(machine) {
      const p = machine.spawn();
      const fds = [p.memfdCreate('a', 0), p.memfdCreate('b', 0)] as const;
      return { words: machine.words(2), p, fds };
    },
    cpus: {
      *a({ words: [x, y], p, fds }, cpu) {
        yield* cpu.writeOnce(x!, 1);
        if (call) yield* cpu.on(p).fcntl(fds[0], F_GETFD);
        cpu.outcome(yield* cpu.readOnce(y!));
      },
      *b({ words: [x, y], p, fds }, cpu) {
        yield* cpu.writeOnce(y!, 1);
        if (call) yield* cpu.on(p).fcntl(fds[1], F_GETFD);
        cpu.outcome(yield* cpu.readOnce(x!));
      },
    },
  }) as Scenario;
}

/** One CPU stores to two words; the other reads them the other way round, a call between. */
const messagePassing: Scenario = scenario({
  name: 'MP with a system call between',
  machine: { memory: '256KiB', contents: 'none' },
  setup(machine) {
    const p = machine.spawn();
    return { words: machine.words(2), p, fd: p.memfdCreate('a', 0) };
  },
  cpus: {
    *writer({ words: [x, y] }, cpu) {
      yield* cpu.writeOnce(x!, 1);
      yield* cpu.writeOnce(y!, 1);
    },
    *reader({ words: [x, y], p, fd }, cpu) {
      cpu.outcome(yield* cpu.readOnce(y!));
      yield* cpu.on(p).fcntl(fd, F_GETFD);
      cpu.outcome(yield* cpu.readOnce(x!));
    },
  },
}) as Scenario;

describe.each(['dpor', 'source-dpor'] as const)('tso on the core, by %s', (strategy) => {
  const outcomes = async (one: Scenario, memoryModel: 'sc' | 'tso') => {
    const result = await explore(one, { strategy, memoryModel });
    expect(result).toMatchObject({ complete: true, failure: undefined, blocked: 0 });
    return [...result.outcomes.keys()].sort();
  };
  const strong = ['0 1', '1 0', '1 1'];

  test('a store waits in the buffer while its CPU reads on', async () => {
    expect(await outcomes(storeBuffering(false), 'sc')).toEqual(strong);
    expect(await outcomes(storeBuffering(false), 'tso')).toEqual(['0 0', ...strong]);
  });

  test('but not across a system call that takes a reference: words and core share it', async () => {
    expect(await outcomes(storeBuffering(true), 'tso')).toEqual(strong);
  });

  test('stores leave it in their order', async () => {
    expect(await outcomes(messagePassing, 'tso')).toEqual(['0 0', '0 1', '1 1']);
  });
});

test('states differ by what is in the buffers', async () => {
  const { outcomes, complete } = await explore(storeBuffering(false), {
    mode: 'states',
    memoryModel: 'tso',
  });
  expect({ outcomes: [...outcomes.keys()].sort(), complete }).toEqual({
    outcomes: ['0 0', '0 1', '1 0', '1 1'],
    complete: true,
  });
});

describe('page tables under tso', () => {
  it('are not freed while their unlinking waits in a buffer', async () => {
    const url = new URL('../../../../../scenarios/zoo/ptfree.unsynchronised.mjs', import.meta.url);
    const { default: walking } = (await import(url.href)) as { default: Scenario };
    // Without the barrier of `synchronize` a walker uses a table that is free.
    const sound = { ...walking, machine: { ...walking.machine, bugs: [] } };
    const { failure, complete } = await explore(sound, { strategy: 'dpor', memoryModel: 'tso' });
    expect({ failure: failure?.format(), complete }).toEqual({
      failure: undefined,
      complete: true,
    });
  });
});

describe('a failure under tso', () => {
  const broken: Scenario = scenario({
    name: 'nobody reads two zeros',
    machine: { memory: '256KiB', contents: 'none' },
    setup: (machine) => ({ words: machine.words(2), seen: [1, 1] }),
    cpus: {
      *a({ words: [x, y], seen }, cpu) {
        yield* cpu.writeOnce(x!, 1);
        seen[0] = yield* cpu.readOnce(y!);
      },
      *b({ words: [x, y], seen }, cpu) {
        yield* cpu.writeOnce(y!, 1);
        seen[1] = yield* cpu.readOnce(x!);
      },
    },
    check(_, { seen }) {
      if (seen[0] === 0 && seen[1] === 0) throw new Error('both have read 0');
    },
  }) as Scenario;

  it('shows what was delayed, and until when, and is replayed', async () => {
    for (const strategy of ['random', 'pct', 'dfs', 'dpor'] as const) {
      const { failure } = await explore(broken, { strategy, memoryModel: 'tso' });
      expect(failure?.error.message).toBe('both have read 0');
      expect(failure?.format()).toMatch(/writeOnce\(words\[\d\], 1\) delayed/);
      expect(failure?.format()).toMatch(/\(store of step \d reaches words\[\d\]\) 0 -> 1/);
      const again = await replay(broken, failure!.schedule);
      expect(again.error?.message).toBe('both have read 0');
    }
  });

  it('is told with as few stores in buffers as it needs', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const settings = { strategy: 'random', memoryModel: 'tso', seed } as const;
      const { failure } = await explore(broken, settings);
      const text = failure?.format() ?? '';
      expect({ seed, late: text.match(/delayed/g)?.length }).toEqual({ seed, late: 1 });
      expect(text).toMatch(/writeOnce\(words\[\d\]\) 0 -> 1/); // the other is one step
      expect({ seed, switches: failure?.found.switches }).toEqual({ seed, switches: 2 });
    }
  });

  it('is none under sc', async () => {
    const { failure, complete } = await explore(broken, { strategy: 'dpor' });
    expect({ failure, complete }).toEqual({ failure: undefined, complete: true });
  });
});
