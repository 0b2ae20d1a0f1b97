// What orders the doings of CPUs: clocks, by hand.
import { beforeEach, describe, expect, it } from '@jest/globals';
import * as sync from '../../../../src/explore/synchronisation.js';

const { ACQUIRES, RELEASES, SEES, SHOWS, HANDS_ON, SHARES, FENCES, READ_FENCES } = sync;
const RMW = ACQUIRES | RELEASES | HANDS_ON;
const FLAG = 7;

let clocks: sync.Synchronisation;
beforeEach(() => {
  clocks = new sync.Synchronisation(3);
});

/** A CPU makes an access at a time: a read learns, then a write shows. */
function access(cpu: number, order: number, now: number, location = FLAG): void {
  clocks.before(cpu, order, location, now);
  if ((order & (RELEASES | SHOWS)) === 0) return;
  clocks.put(location, order, clocks.shown(cpu, order, now));
}

/** Whether a CPU knows what another did up to a time. */
const knows = (cpu: number, other: number, time: number) => clocks.clocks[cpu]![other]! >= time;

describe('what another CPU did is behind', () => {
  it('a load that acquires what a store has released', () => {
    access(0, RELEASES, 5);
    access(1, ACQUIRES, 6);
    expect([knows(1, 0, 5), knows(1, 0, 6), knows(2, 0, 1)]).toEqual([true, false, false]);
  });

  it('nobody who reads it without order, until there is a fence', () => {
    access(0, RELEASES, 5);
    access(1, SEES, 6);
    expect(knows(1, 0, 5)).toBe(false);
    access(1, READ_FENCES, 7, -1);
    expect(knows(1, 0, 5)).toBe(true);
  });

  it('a relaxed store only as far as the last fence before it', () => {
    access(0, FENCES, 3, -1);
    access(0, SHOWS, 5);
    access(1, ACQUIRES, 6);
    expect([knows(1, 0, 3), knows(1, 0, 4)]).toEqual([true, false]);
  });

  it('who has learnt it from a third', () => {
    access(0, RELEASES, 2);
    access(1, RMW, 3);
    access(2, ACQUIRES, 4);
    expect([knows(2, 0, 2), knows(2, 1, 3)]).toEqual([true, true]);
  });

  it('nobody, once a plain store has hidden what was released', () => {
    access(0, RELEASES, 2);
    clocks.put(FLAG, 0, clocks.shown(1, 0, 3));
    access(2, ACQUIRES, 4);
    expect(knows(2, 0, 2)).toBe(false);
  });

  it('everybody, after the execution in which it happened', () => {
    access(0, RELEASES, 5);
    clocks.restart(9);
    expect([knows(1, 0, 9), knows(1, 0, 10)]).toEqual([true, false]);
    access(1, ACQUIRES, 12); // what was released is of another execution
    expect(knows(1, 0, 10)).toBe(false);
  });
});

describe('a relaxed read-modify-write', () => {
  it('hands on what it found, and adds nothing of its own', () => {
    access(0, RELEASES, 2);
    access(1, SEES | SHOWS | HANDS_ON, 3);
    access(2, ACQUIRES, 4);
    expect([knows(2, 0, 2), knows(2, 1, 1)]).toEqual([true, false]);
  });
});

describe('a lock for reading', () => {
  it('orders its holders against a writer, and not against each other', () => {
    access(0, RMW | SHARES, 2); // down_read, up_read
    access(1, RMW | SHARES, 3);
    expect(knows(1, 0, 1)).toBe(false);
    access(2, RMW, 4); // down_write
    expect([knows(2, 0, 2), knows(2, 1, 3)]).toEqual([true, true]);
    access(2, RELEASES | HANDS_ON, 5);
    access(0, RMW | SHARES, 6);
    expect(knows(0, 2, 5)).toBe(true);
  });
});
