// What CPUs leave in their contexts, from thread to thread.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Machine, MmError, PageRefs, PinnedPages, Process } from '../../../../src/index.js';
import { onCpu } from '../../../../src/explore/core/on-cpu.js';
import {
  applyChanges,
  changesBetween,
  checkChanges,
  describe as described,
  pathText,
} from '../../../../src/stress/carry.js';
import { thrownBy } from '../support.js';

const never = () => {
  throw new Error('nobody asked for a call');
};

/** Carries what one context has become to another one that was equal. */
function carry(before: object, after: object, into: object): void {
  const text = JSON.stringify(changesBetween(described(before), described(after)));
  applyChanges(into, JSON.parse(text) as ReturnType<typeof changesBetween>, undefined, never);
}

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
    fc.uint8Array({ maxLength: 5 }),
    fc.constantFrom(null, undefined, -0),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 2 }).map((all) => new Map(all)),
    fc.array(fc.string(), { maxLength: 2 }).map((all) => new Set(all)),
  ),
})).value;
const contexts = fc.dictionary(fc.constantFrom('a', 'b', 'is', 'fields'), values, {
  noNullPrototype: true,
});

test('whatever a context becomes, the other thread has the same', () => {
  fc.assert(
    fc.property(fc.clone(contexts, 2), contexts, ([before, into], after) => {
      carry(before, after, into);
      expect(into).toEqual(after);
      expect(changesBetween(described(after), described(into))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a change names the innermost place', () => {
  const changes = changesBetween(
    described({ a: { b: [1, { c: 2 }] }, gone: 1 }),
    described({ a: { b: [1, { c: 3 }] }, made: 0 }),
  );
  expect(changes.map(({ path }) => pathText(path))).toEqual([
    'context.a.b[1].c',
    'context.gone',
    'context.made',
  ]);
});

test('handles travel as numbers, and one that is gone stays the same object', async () => {
  const machine = await Machine.boot({ memory: '256KiB', contents: 'stamp' });
  const { kernel } = machine;
  const process = machine.spawn();
  const addr = process.mmap(0, 4096, 3, 0x22, -1, 0);
  const pins = process.pinUserPages(addr, 1, 0);
  const refs = process.getUserPages(addr, 1, 0);
  const child = process.fork();
  const twin = () => ({
    child: new Process(kernel, child.number),
    old: new PinnedPages(kernel, pins.vector),
  });
  const [mine, other] = [twin(), twin()] as Record<string, unknown>[];
  const before = described(mine);
  Object.assign(mine!, { refs: onCpu(refs, never), again: process });
  child.exit();
  (mine!['child'] as Process).forget();
  (mine!['old'] as PinnedPages).release();
  const [oldChild, oldPins] = [other!['child'], other!['old']];
  applyChanges(other, changesBetween(before, described(mine)), kernel, never);
  expect(other!['child']).toBe(oldChild);
  expect(thrownBy(() => (oldChild as Process).maps())).toMatchObject({
    message: `process ${child.pid} has exited`,
  });
  expect(other!['old']).toBe(oldPins);
  expect((oldPins as PinnedPages).released).toBe(true);
  expect((other!['again'] as Process).pid).toBe(process.pid);
  expect((other!['refs'] as PageRefs).pfns).toEqual(refs.pfns);
  await machine.close();
});

test('errors keep what they are', () => {
  const error = new MmError({ call: 'close(9)', syscall: 'close', errno: -9 });
  const into: { error?: unknown } = {};
  carry({}, { error }, into);
  expect(into.error).toBeInstanceOf(MmError);
  expect(into.error).toMatchObject({ code: 'EBADF', message: error.message, syscall: 'close' });
});

test.each([
  [{ f: () => 1 }, 'a function in context.f'],
  [{ inner: { many: [new WeakMap()] } }, 'a value of WeakMap in context.inner'],
  [{ s: Symbol('s') }, 'a symbol in context.s'],
])('what cannot be carried is refused: %p', (after, what) => {
  const changes = changesBetween(described({}), described(after));
  expect(thrownBy(() => checkChanges('a', changes))).toMatchObject({
    name: 'ScenarioError',
    message: expect.stringContaining(`cpu "a" leaves ${what}`),
  });
});

test('but it may be there, if nobody has changed it', () => {
  const context = { f: () => 1, n: 1 };
  const before = described(context);
  context.n = 2;
  expect(changesBetween(before, described(context))).toEqual([{ path: ['n'], value: 2 }]);
});
