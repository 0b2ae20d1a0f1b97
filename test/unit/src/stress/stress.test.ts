// Scenarios on real threads: what is counted, what is found, and that nobody waits for ever.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ScenarioError, stress, type StressProgress } from '../../../../src/index.js';
import { MEM_MAP, PAGE_STRUCT_SIZE } from '../../../../src/wasm/generated/layout.js';
import { offsetOf } from '../../../../src/wasm/views.js';
import { rejectionOf } from '../support.js';
import { moduleOf, ONE_PAGE, scenarioOf, useModules } from './modules.js';

useModules();

const REFCOUNT = offsetOf('Page', 'refcount');

describe('raw words', () => {
  test('atomic additions all count, and outcomes are counted by round', async () => {
    const module = await scenarioOf(`
      setup: (machine) => machine.words(1, 40),
      cpus: {
        *a([x], cpu) { cpu.outcome((yield* cpu.fetchAdd(x, 1)) >= 40); },
        *b([x], cpu) { yield* cpu.fetchAdd(x, 1); },
      },
      check(machine, [x]) {
        if (machine.peek(x) !== 42) throw new Error('words hold ' + machine.peek(x));
      },`);
    const result = await stress(module, { rounds: 500, seconds: 60, seed: 3 });
    expect(result).toMatchObject({
      scenario: 'tried',
      threads: 2,
      rounds: 500,
      failures: 0,
      seed: 3,
    });
    expect([...result.outcomes]).toEqual([['true', 500]]);
    expect(result.failure).toBeUndefined();
  });

  test('an increment that is lost is found, with what each CPU did', async () => {
    const increment =
      '{ for (let i = 0; i < 5000; i++) yield* cpu.store(x, (yield* cpu.load(x)) + 1); }';
    const module = await scenarioOf(`
      setup: (machine) => machine.words(1),
      cpus: { *a([x], cpu) ${increment}, *b([x], cpu) ${increment} },
      check(machine, [x]) {
        if (machine.peek(x) !== 10000) throw new Error('only ' + machine.peek(x));
      },`);
    const { failure, failures, failuresBy } = await stress(module, { seconds: 30 });
    expect(failures).toBe(1);
    expect([...failuresBy.keys()]).toEqual(['check: only #']);
    expect(failure).toMatchObject({ kind: 'check', scenario: 'tried', seed: 1, cpu: undefined });
    expect(failure!.cpus.map(({ calls }) => calls.length)).toEqual([256, 256]);
    expect(failure!.cpus[0]!.calls[1]!.call).toMatch(/^store\(words\[0\], \d+\)$/);
    expect(failure!.format()).toMatch(/^CHECK in "tried": only \d+\nround \d+ of seed 1\n/);
    expect(JSON.parse(JSON.stringify(failure))).toMatchObject({ kind: 'check' });
  });

  test('locks exclude, and a wait ends when the word changes', async () => {
    const module = await scenarioOf(`
      setup: (machine) => machine.words(3),
      cpus: {
        *a([lock, x, flag], cpu) {
          yield* cpu.lock(lock);
          yield* cpu.storePlain(x, (yield* cpu.loadPlain(x)) + 1);
          yield* cpu.unlock(lock);
          yield* cpu.store(flag, 7);
        },
        *b([lock, x, flag], cpu) {
          cpu.outcome(yield* cpu.waitWhile(flag, 0));
          yield* cpu.lock(lock);
          yield* cpu.storePlain(x, (yield* cpu.loadPlain(x)) + 1);
          yield* cpu.unlock(lock);
          yield* cpu.fence();
          cpu.outcome(yield* cpu.compareExchange(flag, 7, 8));
          cpu.outcome(yield* cpu.exchange(flag, 9));
          yield* cpu.writeOnce(flag, 10);
          cpu.outcome(yield* cpu.readOnce(flag));
        },
      },
      check(machine, [, x]) { if (machine.peek(x) !== 2) throw new Error('not excluded'); },`);
    const { outcomes, failures } = await stress(module, { rounds: 100, seconds: 60 });
    expect([failures, ...outcomes.keys()]).toEqual([0, '7 7 8 10']);
  });
});

describe('a machine', () => {
  test('every round begins with what setup has made, and handles of its own', async () => {
    const module = await scenarioOf(`${ONE_PAGE}
      cpus: {
        *a({ process, addr }, cpu) {
          const child = yield* cpu.on(process).fork();
          cpu.outcome(child.pid);
          cpu.outcome((yield* cpu.on(process).load(addr, 1))[0]);
          yield* child.exit();
        },
        *b({ process, addr }, cpu) {
          const pages = yield* cpu.on(process).pinUserPagesFast(addr, 1, mm.FOLL_WRITE);
          cpu.outcome((yield* pages.read(0, 1))[0]);
          yield* pages.release();
        },
      },
      check(machine, { process }) {
        if (machine.processes().length !== 1) throw new Error('a child is left');
        process.exit();
      },`);
    const { outcomes, failures, rounds } = await stress(module, { rounds: 50, seconds: 60 });
    expect({ failures, rounds, outcomes: [...outcomes] }).toEqual({
      failures: 0,
      rounds: 50,
      outcomes: [['2 1 1', 50]],
    });
  });

  test('check sees what CPUs have left in the context, whichever thread they are', async () => {
    const module = await scenarioOf(`${ONE_PAGE}
      cpus: {
        *a(context, cpu) { context.mine = yield* mm.attempt(cpu.on(context.process).close(9)); },
        *b(context, cpu) {
          const { process, addr } = context;
          context.pages = yield* cpu.on(process).pinUserPages(addr, 1, 0);
          context.gone = yield* cpu.on(process).getUserPages(addr, 1, 0);
          yield* context.gone.release();
          context.result = yield* mm.attempt(cpu.on(process).munmap(1, 4096));
          context.seen = { bytes: yield* cpu.on(process).load(addr, 2), many: [1, NaN, undefined] };
          yield* cpu.on(process).exit();
        },
      },
      check(machine, { process, pages, gone, mine, result, seen }) {
        const errors = [mine.error.code, result.error.code, result.error instanceof mm.MmError];
        const { pincount } = machine.page(pages.pfns[0]);
        const told = [errors, pincount, gone.released, seen.bytes.join(), seen.many];
        let exited = '';
        try { process.maps(); } catch (error) { exited = error.message; }
        throw new Error(JSON.stringify([...told, exited]));
      },`);
    const { failure } = await stress(module, { rounds: 1 });
    expect(failure!.kind).toBe('check');
    expect(JSON.parse(failure!.error.message)).toEqual([
      ['EBADF', 'EINVAL', true],
      1,
      true,
      '1,0',
      [1, null, null],
      'process 1 has exited',
    ]);
  });

  /** The index of a page's reference count in the machine's memory, as text. */
  const count = (pfn: string) => `(${MEM_MAP} + ${PAGE_STRUCT_SIZE} * ${pfn} + ${REFCOUNT}) >> 2`;

  test('a reference that nobody has is found behind the round', async () => {
    const module = await scenarioOf(`${ONE_PAGE}
      cpus: { *a() {}, *b() {} },
      check(machine, { process, addr }) {
        const [{ pfn }] = process.pagemap(addr, 1);
        machine.kernel.views.i32[${count('pfn')}] += 1;
      },`);
    const { failure } = await stress(module, { rounds: 1 });
    expect(failure).toMatchObject({ kind: 'invariant' });
    expect(failure!.error.message).toMatch(/^page \d+: reference count/);
  });

  test('a check of the core that fails is a panic; the next round is as good as any', async () => {
    const module = await scenarioOf(`${ONE_PAGE.replace('return {', 'return { machine,')}
      cpus: {
        *a({ process, addr }, cpu) { yield* cpu.on(process).load(addr, 1); },
        *b({ machine, process, addr }, cpu) {
          const words = machine.kernel.views.i32;
          for (let pfn = 0; pfn < 64; pfn++) Atomics.compareExchange(words, ${count('pfn')}, 0, 7);
          yield* cpu.on(process).fork();
          yield* cpu.on(process).store(addr, [3]);
        },
      },`);
    const { failure, failures } = await stress(module, { rounds: 3, stopOnFailure: false });
    expect(failures).toBe(3);
    expect(failure).toMatchObject({ kind: 'panic', cpu: 'b' });
    expect(failure!.error.message).toMatch(/panicked on CPU 1 at assembly\/mm\/page_alloc.ts:\d+/);
    expect(failure!.events.at(-1)).toMatchObject({ kind: 'fault' });
    expect(failure!.format()).toContain('last events in the core');
  });
});

describe('what a CPU throws', () => {
  test.each([
    ["cpu.assert(false, 'no luck');", { kind: 'assertion', cpu: 'a' }, 'no luck'],
    ['yield* cpu.on(process).close(9);', { kind: 'exception', cpu: 'a' }, 'close(9): EBADF'],
  ])('%s', async (text, expected, message) => {
    const module = await scenarioOf(`${ONE_PAGE}
      cpus: {
        *a({ process }, cpu) { ${text} },
        *b({ process }, cpu) { yield* cpu.on(process).maps(); },
      },`);
    const { failure, failures, rounds } = await stress(module, { rounds: 3, stopOnFailure: false });
    expect([rounds, failures]).toEqual([3, 3]);
    expect(failure).toMatchObject(expected);
    expect(failure!.error.message).toContain(message);
    expect(failure!.cpus.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('whoever waits for it does not wait on', async () => {
    const module = await scenarioOf(`
      setup: (machine) => machine.words(1),
      cpus: {
        *a() { throw new Error('gone'); },
        *b([x], cpu) { yield* cpu.waitWhile(x, 0); },
      },`);
    const { failure, elapsed } = await stress(module, { patience: 60 });
    expect(failure).toMatchObject({ kind: 'exception', cpu: 'a' });
    expect(elapsed).toBeLessThan(30_000);
  });
});

describe('a round that does not end', () => {
  const STUCK = `
    setup: (machine) => machine.words(2),
    cpus: {
      *a([x, y], cpu) { yield* cpu.lock(x); yield* cpu.waitWhile(y, 0); },
      *b([x], cpu) { yield* cpu.fetchAdd(x, 0); },
    },`;

  test('is reported with what each CPU was doing', async () => {
    const { failure, rounds } = await stress(await scenarioOf(STUCK), { patience: 0.3 });
    expect(rounds).toBe(1);
    expect(failure).toMatchObject({ kind: 'hang', round: 1 });
    expect(failure!.error.message).toBe(
      'the round did not end within 0.3 s: "a" is in waitWhile of words[1]',
    );
  });

  test('in the core too, and others are tried afterwards', async () => {
    const withPipe = 'const [out] = process.pipe(); return { out,';
    const module = await scenarioOf(`${ONE_PAGE.replace('return {', withPipe)}
      cpus: {
        *a({ process, addr }, cpu) { yield* cpu.on(process).load(addr, 1); },
        *b({ process, out }, cpu) { yield* cpu.on(process).read(out, 1); },
      },`);
    const { failure, rounds, failures } = await stress(module, {
      ...{ rounds: 2, patience: 0.3, stopOnFailure: false },
    });
    expect([rounds, failures]).toEqual([2, 2]);
    expect(failure!.error.message).toContain('"b" is in read()');
  });

  test('but a CPU that runs on by itself is a mistake in the scenario', async () => {
    const module = await scenarioOf('cpus: { *a() { for (;;); }, *b() {} },');
    const error = await rejectionOf(stress(module, { patience: 0.3 }));
    expect(error).toBeInstanceOf(ScenarioError);
    expect(error).toMatchObject({
      message: 'it never ends: cpu "a" runs on without yielding an operation',
    });
  });
});

describe('a scenario that is wrong', () => {
  const cpus = 'cpus: { *a() {}, *b() {} }';
  test.each([
    ['has no default export', 'export const a = 1;', /no default export/],
    ['is something else', 'export default 7;', /expected an object with name and cpus/],
    ['is not JavaScript', 'export default {', /SyntaxError/],
    [
      'throws in setup',
      `export default { name: 'n', setup() { throw new Error('no luck') }, ${cpus} }`,
      /no luck/,
    ],
    [
      'has a slow setup',
      `export default { name: 'n', async setup() {}, ${cpus} }`,
      /returned a promise/,
    ],
    [
      'yields what is no operation',
      "export default { name: 'n', cpus: { *a() {}, *b() { yield 3; } } }",
      /cpus.b yields something/,
    ],
    [
      'has no generator',
      "export default { name: 'n', cpus: { *a() {}, b() {} } }",
      /cpus.b is no generator/,
    ],
    [
      'leaves a function',
      `export default {
        name: 'n', setup: () => ({}), cpus: { *a() {}, *b(c) { c.f = { g() {} }; } } }`,
      /cpu "b" leaves a function in context.f/,
    ],
    [
      'ends its thread',
      "export default { name: 'n', cpus: { *a() {}, *b() { process.exit(); } } }",
      /the thread of "b" has ended: it exited with code 0/,
    ],
    [
      'has a list for two CPUs',
      `export default {
        name: 'n', setup: () => ({ l: [] }),
        cpus: { *a(c) { c.l.push(1); }, *b(c) { c.l.push(2); } } }`,
      /"[ab]" and "[ab]" both change the list context.l/,
    ],
  ])('%s', async (_, text, message) => {
    const error = await rejectionOf(stress(await moduleOf(text)));
    expect(error).toBeInstanceOf(ScenarioError);
    expect(error.message).toMatch(message);
  });

  test.each([
    [{ rounds: 0 }, 'rounds'],
    [{ seconds: 0 }, 'seconds'],
    [{ seed: -1 }, 'seed'],
    [{ patience: NaN }, 'patience'],
  ])('options %p', async (options, name) => {
    const error = await rejectionOf(stress('file:///none.mjs', options));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(name);
  });
});

test('it can be ended early, and says how far it is', async () => {
  const module = await scenarioOf(`
    setup: (machine) => machine.words(1),
    cpus: { *a([x], cpu) { yield* cpu.load(x); }, *b([x], cpu) { yield* cpu.load(x); } },`);
  const stop = new AbortController();
  const seen: StressProgress[] = [];
  const onProgress = (progress: StressProgress) => {
    seen.push(progress);
    stop.abort();
  };
  const { rounds, failures } = await stress(module, {
    seconds: 60,
    signal: stop.signal,
    onProgress,
  });
  expect(failures).toBe(0);
  expect(rounds).toBeGreaterThanOrEqual(seen[0]!.rounds);
  expect(seen[0]!.rounds).toBeGreaterThan(0);
});

describe('each scenario of the package runs on threads', () => {
  const root = new URL('../../../../scenarios/', import.meta.url);
  const files = ['zoo', 'promises'].flatMap((folder) =>
    readdirSync(new URL(folder, root)).map((name) => `${folder}/${name}`),
  );
  test.each(files)('%s', async (file) => {
    const { rounds } = await stress(new URL(file, root), { rounds: 2, stopOnFailure: false });
    expect(rounds).toBe(2);
  });
});
