import { beforeEach, describe, expect, it } from '@jest/globals';
import { CoreProgram } from '../../../../../../src/explore/core/core-program.js';
import { HeldLocks } from '../../../../../../src/explore/core/oracles/held-locks.js';
import { LockOrder } from '../../../../../../src/explore/core/oracles/lock-order.js';
import { Execution } from '../../../../../../src/explore/execution.js';
import { GivenSchedule } from '../../../../../../src/explore/replay-strategy.js';
import { judge } from '../../../../../../src/explore/verdict.js';
import { attempt, explore, replay, scenario, type Scenario } from '../../../../../../src/index.js';
import { SchedNote } from '../../../../../../src/wasm/generated/layout.js';
import { FakeContext } from './fake-context.js';

const { Acquire, TryAcquire, Release } = SchedNote;

let context: FakeContext;
let held: HeldLocks;
let order: LockOrder;
beforeEach(() => {
  context = new FakeContext();
  held = new HeldLocks(context);
  order = new LockOrder(context, held);
});

function note(cpu: number, kind: number, lock: number, subclass = 0): void {
  context.now++;
  order.note(cpu, kind, lock, subclass);
  held.note(cpu, kind, lock);
}

/** A CPU takes locks in this order, and gives them back. */
function takes(cpu: number, ...locks: readonly number[]): void {
  for (const lock of locks) note(cpu, Acquire, lock);
  for (const lock of [...locks].reverse()) note(cpu, Release, lock);
}

function begin(): void {
  order.begin();
  held.begin();
}

describe('the order of locks', () => {
  it('is broken by two CPUs that never met, and both are named with their functions', () => {
    takes(0, 64, 128);
    takes(1, 128, 64);
    expect(order.end()?.kind).toBe('lock-order');
    expect(order.end()?.message).toBe(
      'lock-order inversion of lock 128, lock 64: ' +
        '"b" takes lock 64 with lock 128 held in function file.ts:6; ' +
        '"a" takes lock 128 with lock 64 held in function file.ts:2',
    );
  });

  it('is broken by a circle of three', () => {
    takes(0, 64, 128);
    takes(0, 128, 192);
    takes(1, 192, 64);
    expect(order.end()?.message).toMatch(/inversion of lock 192, lock 64, lock 128: /);
  });

  it('is kept over executions, and the failure says that they are different ones', () => {
    takes(0, 64, 128);
    begin();
    expect(order.end()).toBeUndefined();
    takes(1, 128, 64);
    expect(order.end()?.message).toMatch(/lock 64, seen in different executions: "b" .*; "a"/);
    begin();
    expect(order.end()).toBeUndefined();
    takes(1, 128, 64); // found again, as long as the exploration lasts
    expect(order.end()?.kind).toBe('lock-order');
  });

  it('does not come from a lock that was only tried for', () => {
    takes(0, 64, 128);
    note(1, Acquire, 128);
    note(1, TryAcquire, 64);
    expect(order.end()).toBeUndefined();
    note(1, Acquire, 192); // but whoever has it that way holds it
    takes(0, 192, 64);
    expect(order.end()?.kind).toBe('lock-order');
  });

  it('needs a subclass for two locks of one class', () => {
    const [first, second] = [0x0100_0000, 0x0100_0040]; // of two struct pages: page locks
    note(0, Acquire, first);
    note(0, Acquire, second, 1);
    note(0, Release, second);
    expect(order.end()).toBeUndefined();
    note(0, Acquire, second);
    expect(order.end()?.message).toMatch(/takes two locks page lock.*nothing says in which order/);
  });
});

describe('the order of locks of the core', () => {
  it('is one order, whatever processes do to one another', async () => {
    const busy = scenario({
      name: 'fork, mremap, truncate and reclaim',
      machine: { memory: '256KiB', swap: '64KiB', contents: 'none' },
      setup(machine) {
        const p = machine.spawn();
        const fd = p.memfdCreate('f', 0);
        p.ftruncate(fd, 8192);
        const shared = p.mmap(0, 8192, 3, 1, fd, 0);
        const own = p.mmap(0, 8192, 3, 0x22, -1, 0);
        p.store(shared, Uint8Array.of(1));
        p.store(own, Uint8Array.of(1));
        return { p, fd, own };
      },
      cpus: {
        *forker({ p, own }, cpu) {
          const child = yield* cpu.on(p).fork();
          yield* attempt(cpu.on(child).store(own, Uint8Array.of(2))); // perhaps moved away
          yield* cpu.on(child).exit();
        },
        *other({ p, fd, own }, cpu) {
          yield* cpu.on(p).madvise(own, 8192, 21); // MADV_PAGEOUT
          yield* cpu.on(p).mremap(own, 8192, 16384, 1);
          yield* cpu.on(p).ftruncate(fd, 0);
        },
      },
    }) as Scenario;
    const options = { strategy: 'random', maxExecutions: 100 } as const;
    const { failure, executions } = await explore(busy, options);
    expect(failure?.error.message).toBeUndefined();
    expect(executions).toBe(100);
  });
});

describe('the order of words that are locks, beside a machine', () => {
  /** Each execution has one order only: that of whoever comes first to the word `turn`. */
  const eitherOr = scenario({
    name: 'one order or the other, beside a machine',
    machine: { memory: '256KiB', contents: 'none' },
    setup(machine) {
      const p = machine.spawn();
      const [a, b, turn] = machine.words(3);
      return { p, a: a!, b: b!, turn: turn! };
    },
    cpus: {
      *ab({ p, a, b, turn }, cpu) {
        if ((yield* cpu.exchange(turn, 1)) !== 0) return;
        yield* cpu.lock(a);
        yield* cpu.on(p).brk(0); // takes mmap_lock
        yield* cpu.lock(b);
        yield* cpu.unlock(b);
        yield* cpu.unlock(a);
      },
      *ba({ a, b, turn }, cpu) {
        if ((yield* cpu.exchange(turn, 1)) !== 0) return;
        yield* cpu.lock(b);
        yield* cpu.lock(a);
        yield* cpu.unlock(a);
        yield* cpu.unlock(b);
      },
    },
  }) as Scenario;

  it.each(['dpor', 'dfs', 'random'] as const)(
    'is broken by two executions, with %s',
    async (how) => {
      const { failure } = await explore(eitherOr, { strategy: how });
      expect(failure?.error.message).toMatch(
        /^lock-order inversion of words.*, seen in different executions: .*; .*, in another exec/,
      );
      const again = await replay(eitherOr, failure!.schedule);
      expect(again.error?.message).toBe(failure!.error.message);
      expect(again.failure?.earlier).toEqual(failure!.earlier);
      expect(again.trace).toEqual(failure!.trace);
    },
  );

  it('needs the first execution of the token: without it nothing is wrong', async () => {
    const { failure } = await explore(eitherOr, { strategy: 'dpor' });
    const agents = failure!.schedule.split('.')[5]!.split('+')[1]!;
    const program = await CoreProgram.create(eitherOr, 'sc');
    const order = agents.split(',').flatMap((run) => {
      const [, agent, count] = /^(\d+)x(\d+)/.exec(run)!;
      return new Array<number>(Number(count)).fill(Number(agent));
    });
    const end = new Execution(program, 1e5).run(new GivenSchedule(program.log, order, false));
    expect(judge(program, end)).toBeUndefined();
    await program.close();
  });
});
