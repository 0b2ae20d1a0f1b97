import { describe, expect, it } from '@jest/globals';
import { rowsOf, type Drawn, type Row } from '../../../../src/explore/trace-rows.js';
import type { TraceStep } from '../../../../src/explore/trace.js';

/** A step as far as it matters here; its number is its place. */
type Sketch = Partial<Omit<TraceStep, 'step'>> & { readonly cpu: number };

const own = (cpu: number, times: number): Sketch[] =>
  Array.from({ length: times }, (_, at) => ({ cpu, location: `own[${cpu}][${at}]` }));

function drawn(steps: readonly Sketch[], more: Partial<Drawn> = {}): Drawn {
  const trace = steps.map((one, step): TraceStep => {
    return { step, name: 'cpu', kind: 'load', before: 0, after: 0, ...one };
  });
  const where = {
    cpu: -1,
    step: -1,
    otherStep: -1,
    related: [],
    waiting: [],
    calls: [],
    endsEarly: false,
  };
  const error = new Error('broken');
  return { trace, cpuNames: ['a', 'b'], error, ...where, isFull: false, ...more };
}

/** Steps as numbers, folds as `<how many>`, calls as their text. */
const told = (rows: readonly Row[]) =>
  rows.map((row) => {
    if (row.kind === 'step') return row.step.step;
    return row.kind === 'fold' ? `<${row.steps.length}>` : row.text;
  });

describe('the rows of a failure', () => {
  const long = [...own(0, 50), ...own(1, 50)];

  it('are all steps of a short execution, and of a long one if that is wanted', () => {
    expect(rowsOf(drawn(own(0, 40)))).toHaveLength(40);
    expect(rowsOf(drawn(long, { isFull: true }))).toHaveLength(100);
  });

  it('begin and end each turn of a CPU with an access, and count those between', () => {
    expect(told(rowsOf(drawn(long)))).toEqual([0, '<48>', 49, 50, '<48>', 99]);
  });

  it('keep what decides, what belongs to that, and who else has written there', () => {
    const steps = long.map((one, at) => {
      return at === 10 || at === 60 ? { ...one, location: 'x', after: 1 } : one;
    });
    const deciding = { step: 60, otherStep: 20, related: [30] };
    const rows = told(rowsOf(drawn(steps, deciding)));
    for (const step of [10, 20, 30, 60]) expect(rows).toContain(step);
    expect(rows).not.toContain(11);
  });

  it('keep what depends on another CPU, and what it depends on', () => {
    const steps = [...long];
    steps[70] = { cpu: 1, location: 'x', dependsOn: [25] };
    expect(told(rowsOf(drawn(steps)))).toEqual([
      0,
      '<24>',
      25,
      '<23>',
      49,
      50,
      '<19>',
      70,
      '<28>',
      99,
    ]);
  });

  it('do not repeat a look that finds the same, but every change', () => {
    const steps = [...long];
    for (const at of [70, 72, 74]) steps[at] = { cpu: 1, location: 'x', dependsOn: [25] };
    steps[76] = { cpu: 1, location: 'x', dependsOn: [25], before: 0, after: 1 };
    const rows = told(rowsOf(drawn(steps)));
    expect(rows).toContain(70);
    expect(rows).toContain(76);
    for (const again of [72, 74]) expect(rows).not.toContain(again);
  });

  it('show a store that waited beside what reaches memory later', () => {
    const steps = [...long];
    steps[5] = { cpu: 0, kind: 'writeOnce', location: 'x', link: 90 };
    steps[90] = { cpu: 0, kind: 'flush', location: 'x', link: 5, dependsOn: [60] };
    const rows = told(rowsOf(drawn(steps)));
    for (const step of [5, 60, 90]) expect(rows).toContain(step);
  });

  it('are never a fold of one', () => {
    const steps = [...long];
    for (const at of [3, 5]) steps[at] = { cpu: 0, location: 'x', dependsOn: [60 + at] };
    expect(told(rowsOf(drawn(steps))).slice(0, 5)).toEqual([0, '<2>', 3, 4, 5]);
  });

  it('say where calls begin and end, and what they gave', () => {
    const call = (cpu: number, name: string, start: number, end?: number) => {
      const result = end === undefined ? undefined : '0';
      return { cpu, name, call: `${name}(1)`, result, start, end };
    };
    const calls = [
      call(0, 'mmap', 0, 3),
      call(1, 'read', 0, 7),
      call(0, 'getpid', 3, 3),
      call(0, 'munmap', 3),
    ];
    const steps = [...own(0, 5), ...own(1, 2), ...own(0, 1)];
    expect(told(rowsOf(drawn(steps, { calls })))).toEqual([
      ...['mmap(1)', 0, 1, 2, 'mmap returns 0', 'getpid(1) = 0', 'munmap(1)', 3, 4],
      ...['read(1)', 5, 6, 'read returns 0', 7],
    ]);
  });

  it('say what is left out, where the failure needs no more', () => {
    const open = { name: 'munmap', call: 'munmap(1)', result: undefined, end: undefined };
    const calls = [{ ...open, cpu: 0, start: 2 }];
    const steps = own(0, 2);
    expect(told(rowsOf(drawn(steps, { calls })))).toEqual([0, 1, 'munmap(1)']);
    const early = rowsOf(drawn(steps, { calls, endsEarly: true }));
    expect(told(early)).toEqual([0, 1, 'left out: munmap(1) ...']);
  });
});
