import { describe, expect, test } from '@jest/globals';
import { Recorder } from '../../../bench/recorder.js';
import { heading, renderTables, type Report } from '../../../bench/report.js';
import type { Settings } from '../../../bench/section.js';

const SETTINGS: Settings = { rounds: 2, seconds: 0.1, quick: false, sections: ['calls', 'boot'] };

function reportOf(recorder: Recorder, changes: Partial<Report> = {}): Report {
  return {
    startedAt: '2026-01-02T03:04:05.678Z',
    host: {
      cpu: 'a processor',
      cores: 2,
      node: '20.19.0',
      v8: '11.3',
      platform: 'linux-x64',
      kernel: '6.18',
      load: [1.5, 0.25, 0],
    },
    settings: SETTINGS,
    interrupted: false,
    voids: recorder.voids,
    results: recorder.results(SETTINGS.sections),
    ...changes,
  };
}

const lineWith = (text: string, part: string): string =>
  text.split('\n').find((line) => line.includes(part)) ?? '';

describe('the printed result', () => {
  test('says misses as plainly as hits, with the interval and the target', () => {
    const recorder = new Recorder();
    for (const value of [24, 25, 26]) recorder.add('calls.get-seals', value);
    for (const value of [3, 4, 5]) recorder.add('boot.256MiB.cold', value);
    for (const value of [14, 14.5, 16]) recorder.add('calls.munmap', value);
    const text = renderTables(reportOf(recorder));
    expect(lineWith(text, 'F_GET_SEALS): above')).toMatch(/<= 15 +25 \(24–26\) ns +missed$/);
    expect(lineWith(text, '256 MiB, first')).toMatch(/<= 20 +4 \(3–5\) ms +met$/);
    expect(lineWith(text, 'munmap of nothing: above')).toMatch(/met, .*interval/);
    expect(text).toMatch(/10 targets: 2 met, 1 missed, 7 not measured/);
  });

  test('says what is missing and why', () => {
    const recorder = new Recorder();
    recorder.skip('calls.', 'a reason');
    const text = renderTables(reportOf(recorder, { interrupted: true }));
    expect(lineWith(text, 'process.load')).toMatch(/not measured +a reason$/);
    expect(text).toMatch(/interrupted/);
  });

  test('says how many runs were void', () => {
    const recorder = new Recorder();
    recorder.countRun(true);
    recorder.countRun(false);
    expect(renderTables(reportOf(recorder))).toMatch(/1 of 2 runs of threads were void/);
  });

  test('begins with the machine and how busy it is', () => {
    expect(heading(reportOf(new Recorder()))).toMatch(
      /a processor, 2 cores.*\nload average 1.50 0/,
    );
  });
});
