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

/** No interleaving breaks a promise, and all were seen. */
async function expectSound(scenario: Scenario, memoryModel: 'sc' | 'tso'): Promise<void> {
  const options = { strategy: 'dpor', memoryModel, maxExecutions: COMPLETE_WITHIN } as const;
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
