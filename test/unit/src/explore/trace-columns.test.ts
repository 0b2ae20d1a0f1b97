import { describe, expect, it } from '@jest/globals';
import { columnsOf } from '../../../../src/explore/trace-columns.js';
import type { Drawn } from '../../../../src/explore/trace-rows.js';
import type { TraceStep } from '../../../../src/explore/trace.js';

function drawn(locations: readonly (readonly [number, string])[]): Drawn {
  const trace = locations.map(([cpu, location], step): TraceStep => {
    return { step, cpu, name: 'x', kind: 'load', location, result: 1, site: `f f.ts:${step}` };
  });
  const where = {
    cpu: 1,
    step: -1,
    otherStep: -1,
    related: [],
    waiting: [],
    calls: [],
    endsEarly: false,
  };
  return { trace, cpuNames: ['a', 'b'], error: new Error('broken'), ...where, isFull: false };
}

describe('columns', () => {
  it('stand side by side where there is room', () => {
    const given = drawn([
      [0, 'x'],
      [1, 'y'],
    ]);
    expect(columnsOf(given)).toEqual([
      ' step  CPU0 a            CPU1 b',
      '    1    load(x) = 1                       f f.ts:0',
      `       ${'-'.repeat(34)} switch 1`,
      '    2                      load(y) = 1     f f.ts:1',
      '                         ! broken',
    ]);
  });

  it('reach into each other where there is none: every row has text of one CPU', () => {
    const name = 'a_structure.with_a_long_name_and_a_field_with_another'.repeat(2);
    const lines = columnsOf(
      drawn([
        [0, name],
        [1, name],
      ]),
    );
    expect(lines[1]).toMatch(/^ {4}1 {4}load\(a_str/);
    expect(lines[3]).toMatch(/^ {4}2 {22}load\(a_str/);
    expect(lines[1]!.indexOf('f f.ts')).toBe(lines[3]!.indexOf('f f.ts'));
  });

  it('have no switch to a call behind the last access', () => {
    const open = { name: 'read', call: 'read()', result: undefined, start: 9, end: undefined };
    const given = { ...drawn([[0, 'x']]), endsEarly: true, calls: [{ ...open, cpu: 1 }] };
    const text = columnsOf(given).join('\n');
    expect(text).toContain('left out: read() ...');
    expect(text).not.toContain('switch');
  });

  it('name what a row stands for', () => {
    const many = Array.from({ length: 50 }, (_, at) => [0, `own[${at}]`] as const);
    expect(columnsOf(drawn(many)).join('\n')).toMatch(/\n {9}\.\.\. 48 accesses of its own: f\n/);
  });

  it('leave out the middle of what is still too long', () => {
    const turns = Array.from({ length: 600 }, (_, at) => [at % 2, `own[${at}]`] as const);
    const text = columnsOf(drawn(turns)).join('\n');
    expect(text).toContain('... 200 rows ...');
    expect(text).toContain('switch 599');
    const full = columnsOf({ ...drawn(turns), isFull: true });
    expect(full.join('\n')).not.toContain(' rows ...');
  });
});
