import { describe, expect, it } from '@jest/globals';
import type { MadeSchedule } from '../../../../src/explore/made-schedule.js';
import { KINDS, withLongerTurn } from '../../../../src/explore/simpler-schedules.js';

const CPUS = 2;

function made(agents: readonly number[], more: Partial<MadeSchedule> = {}): MadeSchedule {
  const links = new Int32Array(agents.length).fill(-1);
  return { agents: Uint8Array.from(agents), links, dependent: 0, meetings: [[], []], ...more };
}

const told = (schedules: Iterable<Uint8Array>) => [...schedules].map((one) => one.join(''));
const all = (given: MadeSchedule) => KINDS.flatMap((kind) => told(kind(given, CPUS)));

describe('simpler schedules', () => {
  it('are those without a CPU, without a block, and with blocks joined or moved', () => {
    const tried = all(made([0, 0, 1, 0]));
    for (const one of ['1', '000', '10', '001', '0001', '1000']) expect(tried).toContain(one);
  });

  it('are those without a step, and with a switch a step earlier or later', () => {
    const tried = all(made([0, 0, 1, 1]));
    for (const one of ['011', '001', '0101']) expect(tried).toContain(one);
  });

  it('have stores that reach memory at once', () => {
    // Agent 2 is the store buffer of CPU 0; its flush is late.
    const late = made([0, 0, 1, 2], { links: Int32Array.of(3, -1, -1, 0) });
    expect(all(late)).toContain('0201');
  });

  it('have turns that end before an access which others can notice, the last one first', () => {
    const given = made([0, 1, 0, 0, 0], { meetings: [[1, 2, 3], []] });
    expect(told(withLongerTurn(given, CPUS, 0))).toEqual(['00010', '00100']);
    expect(told(withLongerTurn(given, CPUS, 1))).toEqual([]);
    expect(told(withLongerTurn(given, CPUS, 9))).toEqual([]);
  });

  it('are none of an execution without steps', () => {
    expect(all(made([])).filter((one) => one !== '')).toEqual([]);
  });
});
