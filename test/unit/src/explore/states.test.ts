import { expect, test } from '@jest/globals';
import { explore } from '../../../../src/explore/explore.js';
import { scenario, type Scenario } from '../../../../src/explore/scenario.js';

test('states differ by what CPUs leave in the context for the check', async () => {
  const leaving = scenario<{ x: number; seen: number }>({
    name: 'a reader that leaves what it saw',
    setup: (machine) => ({ x: machine.words(1)[0]!, seen: -1 }),
    cpus: {
      *reader(context, cpu) {
        context.seen = yield* cpu.load(context.x);
      },
      *writer({ x }, cpu) {
        yield* cpu.store(x, 1);
      },
    },
    check(_, { seen }) {
      if (seen === 0) throw new Error('the reader came first');
    },
  }) as Scenario;
  const all = await explore(leaving, { mode: 'states', stopOnFailure: false });
  expect([all.executions, all.failures]).toEqual([2, 1]);
});
