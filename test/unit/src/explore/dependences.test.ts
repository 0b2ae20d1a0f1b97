import { describe, expect, it } from '@jest/globals';
import * as access from '../../../../src/explore/access.js';
import { Dependences } from '../../../../src/explore/dependences.js';
import { EventLog } from '../../../../src/explore/event-log.js';

const [READ, WRITE] = [access.TOUCHES_READ, access.TOUCHES_WRITE];
const [X, Y] = [0, 1];
const [ALL, LOW, HIGH] = [0xff, 0x0f, 0xf0];

/** What each step depends on: CPU, what it does to memory, location, and the part of it. */
function dependsOn(...steps: readonly (readonly [number, number, number, number?])[]): number[][] {
  const log = new EventLog();
  for (const [agent, touches, location, mask = ALL] of steps) {
    const step = log.reserve();
    log.agent[step] = agent;
    log.touches[step] = touches;
    log.location[step] = location;
    log.mask[step] = mask;
  }
  const before = new Dependences(log, 2);
  return steps.map((_, step) => before.take(step));
}

describe('a step depends', () => {
  it('on the write of another CPU that it reads, and not on its own', () => {
    expect(dependsOn([0, WRITE, X], [1, READ, X], [0, READ, X])).toEqual([[], [0], []]);
    expect(dependsOn([0, WRITE, X], [1, READ, Y])).toEqual([[], []]);
  });

  it('on those who read before it writes, of each CPU the last', () => {
    const steps = [[1, READ, X] as const, [1, READ, X] as const, [0, WRITE, X] as const];
    expect(dependsOn(...steps)).toEqual([[], [], [1]]);
  });

  it('on the last write only, which stands for those before it', () => {
    expect(dependsOn([0, WRITE, X], [0, WRITE, X], [1, WRITE, X])).toEqual([[], [], [1]]);
    expect(dependsOn([1, READ, X], [0, WRITE, X], [0, WRITE, X])).toEqual([[], [0], []]);
  });

  it('by the parts that both are about', () => {
    expect(dependsOn([0, WRITE, X, LOW], [1, READ, X, HIGH])).toEqual([[], []]);
    const steps = [[0, WRITE, X, LOW] as const, [0, WRITE, X, HIGH] as const];
    expect(dependsOn(...steps, [1, READ, X])).toEqual([[], [], [0, 1]]);
    expect(dependsOn(...steps, [1, READ, X, LOW])).toEqual([[], [], [0]]);
  });

  it('on what a store buffer has written for its CPU', () => {
    // Agents 2 and 3 are the buffers of the CPUs 0 and 1.
    expect(dependsOn([2, WRITE, X], [0, READ, X], [1, READ, X])).toEqual([[], [], [0]]);
  });

  it('on nothing, if it is a fence', () => {
    expect(dependsOn([0, WRITE, X], [1, access.TOUCHES_NOTHING, -1])).toEqual([[], []]);
  });
});
