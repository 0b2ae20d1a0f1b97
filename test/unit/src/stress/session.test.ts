// The caller's side of the threads.
import { expect, test } from '@jest/globals';
import { ScenarioError } from '../../../../src/index.js';
import { Session } from '../../../../src/stress/session.js';
import { rejectionOf } from '../support.js';
import { moduleOf, useModules } from './modules.js';

useModules();

/** A session of one round. */
const session = async (text: string) =>
  new Session(
    {
      module: (await moduleOf(text)).href,
      ...{ seed: 1, stopOnFailure: true, from: 1, rounds: 1, milliseconds: Infinity },
    },
    { loading: 700, round: 5000 },
    () => undefined,
  );

test.each([
  ['the file', 'for (;;);'],
  ['setup', "export default { name: 'n', setup() { for (;;); }, cpus: { *a() {} } };"],
])('%s that never ends is a mistake in the scenario', async (_, text) => {
  const error = await rejectionOf((await session(text)).run(undefined));
  expect(error).toBeInstanceOf(ScenarioError);
  expect(error).toMatchObject({ message: 'it never ends: the file or setup runs on' });
});

test('whoever has given up before it starts gets nothing', async () => {
  const waiting = await session('await new Promise(() => setTimeout(() => {}, 1e6));');
  const end = await waiting.run(AbortSignal.abort());
  expect(end).toMatchObject({ counts: { rounds: 0 }, booted: undefined, hang: undefined });
});
