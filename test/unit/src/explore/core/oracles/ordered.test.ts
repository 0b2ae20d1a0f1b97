import { describe, expect, it } from '@jest/globals';
import * as access from '../../../../../../src/explore/access.js';
import { EventLog } from '../../../../../../src/explore/event-log.js';
import { HappensBefore } from '../../../../../../src/explore/happens-before.js';
import { Ordered } from '../../../../../../src/explore/core/oracles/ordered.js';
import { Prng } from '../../../../../../src/explore/prng.js';
import type { Program } from '../../../../../../src/explore/program.js';

type Step = readonly [cpu: number, location: number, mask: number, touches: number];
const { TOUCHES_READ: R, TOUCHES_WRITE: W } = access;

function logOf(steps: readonly Step[]): EventLog {
  const log = new EventLog();
  for (const [cpu, location, mask, touches] of steps) {
    const step = log.reserve();
    log.agent[step] = cpu;
    log.location[step] = location;
    log.mask[step] = mask;
    log.touches[step] = touches;
    log.link[step] = -1;
    log.kind[step] = touches === W ? access.STORE : access.LOAD;
  }
  return log;
}

const pair = { first: 0, second: 3 };

describe('two steps of different CPUs', () => {
  it('are in order if a chain of conflicts joins them', () => {
    const chain: Step[] = [
      [0, 1, 15, R],
      [0, 2, 15, W],
      [1, 2, 15, R],
      [1, 3, 15, W],
    ];
    expect(new Ordered(2).findUnordered(logOf(chain), [pair])).toBeUndefined();
  });

  it('are in none if only reads meet, or other bytes', () => {
    const reads: Step[] = [
      [0, 1, 15, R],
      [0, 2, 15, R],
      [1, 2, 15, R],
      [1, 3, 15, W],
    ];
    expect(new Ordered(2).findUnordered(logOf(reads), [pair])).toBe(pair);
    const halves: Step[] = [
      [0, 1, 15, R],
      [0, 2, 15, W],
      [1, 2, 0xf0, W],
      [1, 3, 15, W],
    ];
    expect(new Ordered(2).findUnordered(logOf(halves), [pair])).toBe(pair);
  });

  it('are in order as the clocks of the search have it, for random executions', () => {
    const seed = 20251121;
    const random = new Prng(seed);
    const below = (n: number) => random.below(n);
    const ordered = new Ordered(3);
    for (let round = 0; round < 200; round++) {
      const steps = Array.from({ length: 14 }, (): Step => {
        const mask = [15, 0xf0, 0xff][below(3)]!;
        return [below(3), below(3), mask, below(2) === 0 ? R : W];
      });
      const log = logOf(steps);
      const program = { log, agents: 3, cpuNames: ['a', 'b', 'c'] } as unknown as Program;
      const clocks = new HappensBefore(program);
      for (const _ of steps) clocks.append();
      for (let second = 1; second < steps.length; second++) {
        for (let first = 0; first < second; first++) {
          const found = ordered.findUnordered(log, [{ first, second }]);
          const isBefore = clocks.isBefore(first, second);
          expect({ seed, round, first, second, is: found === undefined }).toEqual({
            ...{ seed, round, first, second, is: isBefore },
          });
        }
      }
    }
  });
});
