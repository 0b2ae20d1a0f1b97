import { describe, expect, it } from '@jest/globals';
import { withSwitches } from '../../../../src/explore/fewer-switches.js';

const told = (switches: number, agents: readonly number[], meetings: readonly number[][]) =>
  [...withSwitches(switches, Uint8Array.from(agents), 2, meetings)].map((made) => made.join(''));

describe('schedules with fewer switches', () => {
  it('are, with one switch, one CPU after the other', () => {
    expect(told(1, [0, 1, 0, 1], [[], []])).toEqual(['0011', '1100']);
  });

  it('have a switch before each step that another CPU can notice', () => {
    expect(told(2, [0, 1, 0, 1, 0], [[1, 2], [1]])).toEqual(['01100', '00110', '10001']);
    expect(told(2, [0, 1, 0, 1, 0], [[], []])).toEqual([]);
  });

  it('let nobody go twice at one place', () => {
    const three = told(3, [0, 0, 0, 1, 1, 1], [[1, 2], [1]]);
    expect(three).toEqual(['010011', '001011', '101100', '100110']);
  });

  it('keep the order in which the stores of a CPU reach memory', () => {
    // Agent 2 is the store buffer of CPU 0.
    expect(told(1, [0, 1, 0, 2, 1, 2], [[], []])).toEqual(['002211', '110022']);
  });

  it('leave out a CPU that has made no step', () => {
    expect(told(0, [0, 0], [[], []])).toEqual(['00']);
  });
});
