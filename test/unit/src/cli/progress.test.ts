import { describe, expect, test } from '@jest/globals';
import { createProgress, progressLine } from '../../../../src/cli/progress.js';
import { fakeWorld } from './fake-world.js';

describe('the progress bar', () => {
  test.each([
    [0, 48, 0, '[........................]   0 %  0/48 cells'],
    [12, 48, 7000, '[######..................]  25 %  12/48 cells  0:21 left'],
    [47, 48, 47_000, '[########################]  97 %  47/48 cells  0:01 left'],
    [1, 100, 1000, '[........................]   1 %  1/100 cells  1:39 left'],
    [0, 0, 0, '[........................]   0 %  0/0 cells'],
  ])('after %d of %d cells and %d ms', (done, total, elapsed, line) => {
    expect(progressLine(done, total, elapsed)).toBe(line);
  });

  test('is drawn over itself on a terminal and taken away at the end', () => {
    const world = fakeWorld({ isTTY: true });
    const progress = createProgress(world);
    progress.update(1, 2);
    progress.update(2, 2);
    progress.clear();
    const lines = world.err().split('\r\x1b[K');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('1/2 cells');
    expect(lines[3]).toBe('');
    expect(world.out()).toBe('');
  });

  test('does not exist elsewhere', () => {
    const world = fakeWorld();
    const progress = createProgress(world);
    progress.update(1, 2);
    progress.clear();
    expect(world.err()).toBe('');
  });
});
