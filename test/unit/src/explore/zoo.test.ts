import { describe, expect, it } from '@jest/globals';
import { bugs, explore, replay, type Scenario } from '../../../../src/index.js';

const here = bugs().filter(({ scenario }) => scenario !== undefined);

/** Executions after which a bug must have been found: the probes, and a little of what follows. */
const FIND_WITHIN = 5000;
/** More than any of them needs to its end, and the time for it where others use the machine. */
const COMPLETE_WITHIN = 40_000;
const COMPLETE_MS = 300_000;

async function scenarioOf(file: string): Promise<Scenario> {
  const url = new URL(`../../../../${file}`, import.meta.url);
  return ((await import(url.href)) as { default: Scenario }).default;
}

/** Too many interleavings to see each, and few enough states. */
const BY_STATES = new Set(['shmem.fault_takes_i_rwsem']);

/** No interleaving breaks a promise, and all were seen. */
async function expectSound(scenario: Scenario, memoryModel: 'sc' | 'tso'): Promise<void> {
  const way = BY_STATES.has(scenario.name)
    ? ({ mode: 'states' } as const)
    : ({ strategy: 'dpor' } as const);
  const options = { ...way, memoryModel, maxExecutions: COMPLETE_WITHIN };
  const { failure, complete } = await explore(scenario, options);
  expect({ message: failure?.format(), complete }).toEqual({ message: undefined, complete: true });
}

describe.each(here)('the zoo: $name', ({ name, scenario: file, memoryModel: needed }) => {
  const memoryModel = needed ?? 'sc';
  it('is found, and found again from its token', async () => {
    const scenario = await scenarioOf(file!);
    expect(scenario.machine?.bugs).toEqual([name]);
    const { failure } = await explore(scenario, { memoryModel, maxExecutions: FIND_WITHIN });
    expect(failure?.error.message).toBeDefined();
    const again = await replay(scenario, failure!.schedule);
    expect(again.error?.message).toBe(failure!.error.message);
    expect(again.trace.map(({ site: _, ...step }) => step)).toEqual(
      failure!.trace.map(({ site: _, ...step }) => step),
    );
  });

  it(
    'is no bug of a machine without it, in any interleaving',
    async () => {
      const scenario = await scenarioOf(file!);
      const sound = { ...scenario, machine: { ...scenario.machine, bugs: [] } };
      await expectSound(sound, memoryModel);
    },
    COMPLETE_MS,
  );

  if (memoryModel === 'tso') {
    it('needs store buffers: without them it is never seen', async () => {
      await expectSound(await scenarioOf(file!), 'sc');
    });
  }
});

describe('the zoo of locks and plain fields', () => {
  const failureOf = async (name: string) => {
    const scenario = await scenarioOf(`scenarios/zoo/${name}.mjs`);
    return (await explore(scenario, { maxExecutions: FIND_WITHIN })).failure!;
  };

  it('has a deadlock, which names who waits for whom and since when', async () => {
    const { kind, error } = await failureOf('write.fault_under_page_lock');
    expect(kind).toBe('deadlock');
    expect(error.message).toMatch(
      /^deadlock: "writer" waits for page\[\d+\]\.flags \(.*\), held by itself since step \d+ \(/,
    );
  });

  it('has a data race on a field of a VMA', async () => {
    const { kind, error } = await failureOf('anon_vma.plain_check');
    expect(kind).toBe('data-race');
    expect(error.message).toMatch(/^data race on vma@\w+\.anon_vma: nothing orders the write by /);
  });

  it('has an inversion that leads to no deadlock in this scenario', async () => {
    const { kind, error, trace, cpuNames } = await failureOf('shmem.fault_takes_i_rwsem');
    expect(kind).toBe('lock-order');
    expect(error.message).toMatch(
      /inode.i_rwsem: "writer" takes two locks inode.i_rwsem in fault_in/,
    );
    expect(new Set(trace.map(({ name }) => name))).toEqual(new Set(cpuNames));
  });
});
