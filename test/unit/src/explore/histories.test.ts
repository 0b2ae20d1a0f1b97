import { describe, expect, it } from '@jest/globals';
import { Histories } from '../../../../src/explore/histories.js';

/** Both halves of what a CPU remembers. */
function whole(histories: Histories, cpu: number): number[] {
  return [histories.half(cpu, 0), histories.half(cpu, 1)];
}

describe('what a CPU remembers', () => {
  it('is what it got, in order', () => {
    const histories = new Histories(3);
    histories.want(0);
    for (const value of [1, 2]) histories.add(0, value);
    for (const value of [2, 1]) histories.add(1, value);
    for (const value of [1, 2]) histories.add(2, value);
    expect(whole(histories, 0)).not.toEqual(whole(histories, 1));
    expect(whole(histories, 0)).toEqual(whole(histories, 2));
  });

  it('is what it says that it still knows, and nothing from before', () => {
    const histories = new Histories(2);
    histories.want(0);
    histories.add(0, 7);
    for (const cpu of [0, 1]) histories.remember(cpu, 'here', [1]);
    expect(whole(histories, 0)).toEqual(whole(histories, 1));
    histories.remember(0, 'there', [1]);
    expect(whole(histories, 0)).not.toEqual(whole(histories, 1));
  });

  it('is the same in the execution in which somebody asks first, and in the next one', () => {
    const histories = new Histories(1);
    const run = (isAsked: boolean): number[] => {
      histories.restart();
      histories.add(0, 1); // on the way to its first step
      histories.remember(0, 'here', [2]);
      histories.add(0, 3);
      histories.started();
      if (isAsked) histories.want(0);
      histories.add(0, 4);
      return whole(histories, 0);
    };
    const unasked = run(false);
    const asked = run(true);
    expect(run(false)).toEqual(asked);
    expect(unasked).not.toEqual(asked); // nothing is taken in behind the first step
    expect(() => new Histories(1).want(1)).toThrow('a hash begins at step 0');
  });
});
