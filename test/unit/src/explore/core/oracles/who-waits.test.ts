import { describe, expect, it } from '@jest/globals';
import { noAccess } from '../../../../../../src/explore/core/access.js';
import { HeldLocks } from '../../../../../../src/explore/core/oracles/held-locks.js';
import { whoWaits } from '../../../../../../src/explore/core/oracles/who-waits.js';
import { explore, scenario, type Scenario } from '../../../../../../src/index.js';
import { PERCPU_BASE, SchedNote } from '../../../../../../src/wasm/generated/layout.js';
import { FakeContext } from './fake-context.js';

describe('a CPU that waits', () => {
  const context = new FakeContext();
  const held = new HeldLocks(context);
  const text = (address: number, equal: boolean) =>
    whoWaits(context, held, 0, { ...noAccess(), address, equal });

  it('waits for a lock, which somebody holds since a step, from a place', () => {
    context.now = 11;
    held.note(1, SchedNote.Acquire, 64);
    expect(text(64, true)).toBe(
      'waits for lock 64 (waiter file.ts:99), held by "b" since step 12 (function file.ts:11)',
    );
    held.note(0, SchedNote.Acquire, 64);
    expect(text(64, true)).toMatch(/held by itself since .* and by "b" since/);
    held.note(0, SchedNote.Release, 64);
    held.note(1, SchedNote.Release, 64);
    expect(text(64, true)).toBe('waits for lock 64 (waiter file.ts:99)');
  });

  it('waits for one that walks with interrupts off', () => {
    expect(text(PERCPU_BASE, false)).toBe(
      'waits until "a" turns interrupts on (waiter file.ts:99)',
    );
  });
});

describe('a deadlock on the core', () => {
  it('names the word, its struct and the function that waits', async () => {
    const reading = scenario({
      name: 'nobody writes into the pipe',
      machine: { memory: '256KiB', contents: 'none' },
      setup(machine) {
        const p = machine.spawn();
        const [output] = p.pipe();
        return { p, output };
      },
      cpus: {
        *reader({ p, output }, cpu) {
          yield* cpu.on(p).read(output, 1);
        },
        *other({ p }, cpu) {
          yield* cpu.on(p).mmap(0, 4096, 1, 0x22, -1, 0);
        },
      },
    }) as Scenario;
    const { failure } = await explore(reading, { maxExecutions: 50 });
    expect(failure?.kind).toBe('deadlock');
    expect(failure?.error.message).toMatch(/^deadlock: "reader" waits for pipe@\w+\.\w+ \(\w+ /);
  });
});
