import { describe, expect, it } from '@jest/globals';
import { resultText } from '../../../../src/cli/scenario-text.js';
import type { ExploreResult } from '../../../../src/index.js';

const seen: ExploreResult = {
  ...{ scenario: 'a scenario', executions: 7, blocked: 1, steps: 1000, complete: true },
  ...{ outcomes: new Map<string, number>(), failure: undefined, failures: 0, cut: 0 },
  ...{ states: undefined, transitions: undefined, elapsed: 1500 },
  phases: [
    { strategy: 'pct 2', executions: 100, blocked: 0 },
    { strategy: 'pct 3', executions: 90, blocked: 2 },
    { strategy: 'dpor', executions: 7, blocked: 1 },
  ],
};

describe('the result of an exploration as text', () => {
  it('counts the executions of all phases, and those of each', () => {
    expect(resultText(seen)).toContain(
      '197 executions (pct 2: 100, pct 3: 90, dpor: 7); 3 begun in vain; 1000 steps in 1.5 s',
    );
  });

  it('says whether promises were kept', () => {
    expect(resultText(seen)).toContain('"a scenario": every promise was kept');
    expect(resultText({ ...seen, complete: false })).toContain('not complete');
    expect(resultText({ ...seen, failures: 2 })).toContain('a promise was broken in 2 executions');
  });
});
