// How the threads of a run work together; here one thread plays all of them.
import { expect, test } from '@jest/globals';
import {
  Control,
  END,
  RUN_ROUND,
  STOP_ASKED,
  STOP_HUNG,
  STOPPED,
} from '../../../../src/stress/control.js';
import { deedText, ENDED, callNumber, WORD } from '../../../../src/stress/deeds.js';
import { LOCK } from '../../../../src/explore/access.js';
import { thrownBy } from '../support.js';

const both = () => {
  const first = Control.create(2, 0);
  return [first, new Control(first.buffer, 2, 0)] as const;
};

test('a command is heard once, with its round', () => {
  const [first, second] = both();
  const { signal } = second;
  first.command(RUN_ROUND, 7);
  expect([second.awaitCommand(signal), second.round]).toEqual([RUN_ROUND, 7]);
  const next = second.signal;
  first.command(END, 7);
  expect(second.awaitCommand(next)).toBe(END);
});

test('the gate opens for the last, and for all when the round is decided', () => {
  const [first, second] = both();
  first.command(RUN_ROUND, 1);
  first.abandon();
  second.meet();
  expect(second.isAbandoned).toBe(true);
  first.command(RUN_ROUND, 2);
  expect(second.isAbandoned).toBe(false);
  first.stop(STOP_ASKED);
  expect(thrownBy(() => first.meet())).toBe(STOPPED); // the other one never came
  second.meet();
});

test('whoever waits ends when all shall stop; the first reason stays', () => {
  const [first, second] = both();
  first.stop(STOP_HUNG);
  first.stop(STOP_ASKED);
  expect(second.stopReason).toBe(STOP_HUNG);
  for (const wait of [
    () => second.awaitDone(1),
    () => second.awaitReady(1),
    () => second.awaitCommand(second.signal),
  ]) {
    expect(thrownBy(wait)).toBe(STOPPED);
  }
});

test('a sleep ends early when nobody else runs', () => {
  const [first, second] = both();
  second.done();
  const started = performance.now();
  first.sleep(60_000);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test('reports come as they were left; one that is too long does not', () => {
  const [first, second] = both();
  expect(first.reportOf(1)).toBeUndefined();
  const report = { text: 'ünï\u0000', many: [1, null] };
  expect(second.report(1, report)).toBe(true);
  expect(first.reportOf(1)).toEqual(report);
  expect(first.reportOf(0)).toBeUndefined();
  expect(second.report(1, { text: 'x'.repeat(1 << 18) })).toBe(false);
  expect(first.reportOf(1)).toBeUndefined();
});

test('what a CPU does can be seen, and that it goes on', () => {
  const [first, second] = both();
  const deed = () => {
    const { what, where } = first.deedOf(1);
    return deedText(what, where);
  };
  expect(deed()).toBe('between rounds');
  second.doing(1, WORD + LOCK, 5);
  expect(deed()).toBe('in lock of words[5]');
  const before = first.deedOf(1).count;
  second.doing(1, callNumber('munmap'));
  expect(deed()).toBe('in munmap()');
  expect(first.deedOf(1).count).toBe(before + 1);
  second.doing(1, callNumber('no such call'));
  expect(deed()).toBe('in a call');
  second.doing(1, ENDED);
  expect(deed()).toBe('at its end');
});
