import { describe, expect, it } from '@jest/globals';
import * as access from '../../../../src/explore/access.js';
import { EventLog } from '../../../../src/explore/event-log.js';
import {
  blocksOf,
  lateFlushes,
  madeIn,
  runsOf,
  scheduleOf,
  switchesOf,
} from '../../../../src/explore/made-schedule.js';

const [X, Y] = [0, 1];
const [READ, WRITE] = [access.TOUCHES_READ, access.TOUCHES_WRITE];

/** A log of steps: agent, what it does to memory, location, kind. */
function logOf(...steps: readonly (readonly [number, number, number, number?])[]): EventLog {
  const log = new EventLog();
  for (const [agent, touches, location, kind = access.LOAD] of steps) {
    const step = log.reserve();
    log.agent[step] = agent;
    log.touches[step] = touches;
    log.location[step] = location;
    log.mask[step] = 0xff;
    log.kind[step] = kind;
    log.link[step] = -1;
  }
  return log;
}

describe('a schedule', () => {
  const agents = Uint8Array.of(0, 0, 2, 1, 3, 0);

  it('has a switch where another CPU goes on, and none where its store buffer does', () => {
    expect(switchesOf(agents, 2)).toBe(2);
    expect(switchesOf(agents, 4)).toBe(4);
    expect(switchesOf([], 2)).toBe(0);
  });

  it('is made of blocks, and blocks make it', () => {
    const blocks = blocksOf(agents, 2);
    expect(blocks.map(({ cpu, agents: of }) => [cpu, ...of])).toEqual([
      [0, 0, 0, 2],
      [1, 1, 3],
      [0, 0],
    ]);
    expect(scheduleOf(blocks)).toEqual(agents);
    expect(blocksOf(new Uint8Array(0), 2)).toEqual([]);
  });

  it('has runs, of CPUs and of buffers', () => {
    expect(runsOf(agents).map(({ agent, count }) => `${agent}x${count}`)).toEqual([
      ...['0x2', '2x1', '1x1', '3x1', '0x1'],
    ]);
  });

  it('knows stores that reach memory late', () => {
    const made = madeIn(logOf([0, WRITE, X], [2, WRITE, X], [0, WRITE, Y], [1, READ, Y]), 2);
    const links = Int32Array.of(1, 0, -1, -1);
    expect(lateFlushes({ ...made, links }, 2)).toEqual([]);
    const late = Uint8Array.of(0, 0, 1, 2);
    expect(lateFlushes({ ...made, agents: late, links: Int32Array.of(3, -1, -1, 0) }, 2)).toEqual([
      3,
    ]);
  });

  it('knows the steps of each CPU that another one can notice', () => {
    const log = logOf([0, READ, X], [0, READ, Y], [1, READ, X], [1, WRITE, Y], [0, WRITE, 2]);
    const { meetings, dependent } = madeIn(log, 2);
    expect(meetings).toEqual([[1], [1]]);
    expect(dependent).toBe(1);
  });

  it('takes a compare-and-swap that failed for one that may succeed elsewhere', () => {
    const failed = [0, READ, X, access.COMPARE_EXCHANGE] as const;
    expect(madeIn(logOf(failed, [1, READ, X]), 2).meetings).toEqual([[0], [0]]);
  });
});
