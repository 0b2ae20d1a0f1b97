import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ExploredMachine } from '../../../../../src/explore/core/explored-machine.js';
import { InvariantViolation, SoundEnds } from '../../../../../src/explore/core/sound-ends.js';
import { EventLog } from '../../../../../src/explore/event-log.js';

let explored: ExploredMachine;
let ends: SoundEnds;
beforeEach(async () => {
  explored = await ExploredMachine.boot({ memory: '256KiB', contents: 'none' }, 2);
  explored.machine.spawn();
  explored.keep();
  ends = new SoundEnds(explored);
});
afterEach(() => explored.close());

/** Steps of these agents, with a value behind each. */
function logOf(...steps: readonly (readonly [agent: number, after: number])[]): EventLog {
  const log = new EventLog();
  for (const [agent, after] of steps) {
    const step = log.reserve();
    log.agent[step] = agent;
    log.location[step] = 7;
    log.after[step] = after;
  }
  return log;
}

test('an end is looked at once for each state, and found again by what led there', () => {
  const hash = jest.spyOn(explored, 'hash');
  const verify = jest.spyOn(explored.machine, 'verify');
  const looks = (log: EventLog): [number, boolean] => {
    hash.mockClear();
    verify.mockClear();
    ends.check(log);
    return [hash.mock.calls.length, verify.mock.calls.length > 0];
  };
  expect(looks(logOf([0, 1], [1, 2]))).toEqual([1, true]);
  expect(looks(logOf([0, 1], [1, 2]))).toEqual([0, false]); // the same execution
  expect(looks(logOf([1, 1], [0, 2]))).toEqual([1, false]); // another one, to the same state
  expect(looks(logOf([0, 1], [1, 3]))).toEqual([1, false]);
  explored.machine.spawn();
  expect(looks(logOf([0, 1], [1, 4]))).toEqual([1, true]); // to another one
});

test('an end that is not sound is never taken for one that is', () => {
  const violation = { invariant: 'sums', message: 'the sums are wrong' };
  jest.spyOn(explored.machine, 'verify').mockReturnValue([violation] as never);
  for (let time = 0; time < 2; time++) {
    expect(() => ends.check(logOf([0, 1]))).toThrow(InvariantViolation);
  }
});
