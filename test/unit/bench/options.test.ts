import { describe, expect, test } from '@jest/globals';
import { SECTION_NAMES } from '../../../bench/figures.js';
import { parseOptions } from '../../../bench/options.js';

describe('the options of the benchmark', () => {
  test('are all sections in nine rounds unless something else is asked for', () => {
    expect(parseOptions([])).toEqual({
      settings: { rounds: 9, seconds: 0.1, quick: false, sections: SECTION_NAMES },
      json: false,
      help: false,
    });
  });

  test('name sections, which run in their own order', () => {
    const { settings } = parseOptions(['--only', 'boot', '--only=pins', '--rounds=3']);
    expect(settings).toMatchObject({ sections: ['pins', 'boot'], rounds: 3 });
  });

  test('can ask for one short round, and for more rounds of it', () => {
    expect(parseOptions(['--quick']).settings).toMatchObject({ rounds: 1, quick: true });
    expect(parseOptions(['--quick', '--rounds', '4', '--seconds', '.5']).settings).toMatchObject({
      rounds: 4,
      seconds: 0.5,
    });
  });

  test.each([
    [
      ['--only', 'boots'],
      /--only: there is no "boots"; there are pins, calls, faults, processes, vmas, boot, explore/,
    ],
    [['--rounds', '0'], /--rounds: .* up to 1000, got "0"/],
    [['--rounds', '1.5'], /--rounds: 1.5 is no whole number/],
    [['--seconds', '1e9'], /--seconds: .* got "1e9"/],
    [['--fast'], /--fast/],
    [['pins'], /pins/],
  ])('refuse %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
