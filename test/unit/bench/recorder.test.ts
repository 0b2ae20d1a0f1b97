import { describe, expect, test } from '@jest/globals';
import { FIGURES } from '../../../bench/figures.js';
import { Recorder, verdictOf, type Result } from '../../../bench/recorder.js';

const find = (results: readonly Result[], id: string): Result => {
  const result = results.find((one) => one.id === id);
  if (result === undefined) throw new Error(`no result ${id}`);
  return result;
};

describe('a recorder', () => {
  test('gives the median of the rounds and judges by it', () => {
    const recorder = new Recorder();
    for (const value of [0.9, 0.8, 0.75]) recorder.add('pins.1-thread', value);
    for (const value of [1.2, 1.7, 1.1]) recorder.add('pins.scaling', value);
    const results = recorder.results(['pins']);
    expect(find(results, 'pins.1-thread')).toMatchObject({
      samples: 3,
      value: { median: 0.8, low: 0.75, high: 0.9 },
      verdict: 'met',
      close: false,
    });
    expect(find(results, 'pins.scaling')).toMatchObject({ verdict: 'missed', close: true });
  });

  test('judges nothing without a target', () => {
    const recorder = new Recorder();
    recorder.add('pins.ns.core', 35);
    expect(find(recorder.results(['pins']), 'pins.ns.core')).toMatchObject({
      verdict: 'none',
      close: false,
    });
  });

  test('says why a figure has no value, and no more than it knows', () => {
    const recorder = new Recorder();
    recorder.skip('faults.fresh', 'memfd_create: not permitted');
    recorder.add('faults.cached.none', undefined);
    const results = recorder.results(['faults']);
    expect(find(results, 'faults.fresh.none')).toMatchObject({
      samples: 0,
      verdict: 'none',
      skipped: 'memfd_create: not permitted',
    });
    expect(find(results, 'faults.cached.none').skipped).toMatch(/no round/);
  });

  test('gives the figures of the sections that were asked for only', () => {
    const sections = new Set(new Recorder().results(['calls', 'boot']).map((one) => one.section));
    expect([...sections]).toEqual(['calls', 'boot']);
  });

  test('refuses a figure that does not exist, and a value that is none', () => {
    const recorder = new Recorder();
    expect(() => recorder.add('pins.unheard-of', 1)).toThrow(/no figure "pins.unheard-of"/);
    expect(() => recorder.add('pins.ns.core', NaN)).toThrow(/NaN is no measurement/);
  });

  test('counts runs and those that were void', () => {
    const recorder = new Recorder();
    for (const isVoid of [true, false, false]) recorder.countRun(isVoid);
    expect(recorder.voids).toEqual({ runs: 3, void: 1 });
  });
});

describe('a target', () => {
  test.each([
    [0.7, { atLeast: 0.7 }, 'met'],
    [0.69, { atLeast: 0.7 }, 'missed'],
    [15, { atMost: 15 }, 'met'],
    [15.1, { atMost: 15 }, 'missed'],
    [2.9, { atLeast: 3, atMost: 15 }, 'missed'],
    [8, { atLeast: 3, atMost: 15 }, 'met'],
    [16, { atLeast: 3, atMost: 15 }, 'missed'],
    [1, undefined, 'none'],
  ] as const)('%s against %j is %s', (value, target, verdict) => {
    expect(verdictOf(value, target)).toBe(verdict);
  });

  test('stands in the catalogue with an id of its own', () => {
    const ids = FIGURES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(FIGURES.every(({ id, section }) => id.startsWith(`${section}.`))).toBe(true);
  });
});
