import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExploredMachine } from '../../../../../src/explore/core/explored-machine.js';
import {
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;

let explored: ExploredMachine;
let p: Process;
let addr: number;
beforeEach(async () => {
  explored = await ExploredMachine.boot({ memory: '1MiB', policy: { lruBatch: 'none' } }, 2);
  p = explored.machine.spawn();
  const flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
  addr = p.mmap(0, 2 * PAGE_SIZE, RW, flags, -1, 0);
  explored.keep();
});
afterEach(() => explored.close());

const hash = (): [number, number] => {
  const { high, low } = explored.hash();
  return [high, low];
};

/** The hash behind some calls, from the start on. */
function after(...calls: (() => unknown)[]): [number, number] {
  explored.reset();
  for (const call of calls) call();
  return hash();
}

describe('the hash of an explored machine', () => {
  it('is another one after each byte that is stored, and the same for equal memory', () => {
    const seen = new Set<string>([String(hash())]);
    for (let byte = 1; byte < 256; byte++) {
      p.store(addr + (byte % 2) * PAGE_SIZE, [byte]);
      seen.add(String(hash()));
    }
    expect(seen.size).toBe(256);
    const twice = (first: number) =>
      after(
        () => p.store(addr, [first]),
        hash,
        () => p.store(addr, [1]),
      );
    expect(twice(7)).toEqual(twice(8));
  });

  it('does not depend on when it was asked for', () => {
    const one = () => p.store(addr, [1]);
    const two = () => p.store(addr + PAGE_SIZE, [2]);
    const whole = after(one, two);
    expect(after(one, hash, two, hash)).toEqual(whole);
    expect(after(two, hash, one)).toEqual(whole);
  });

  it('tells lists of free pages, pins and sums of counters', () => {
    const start = after();
    const pin = () => p.pinUserPages(addr, 1, FOLL_WRITE);
    expect(after(pin)).not.toEqual(start);
    expect(after(() => p.munmap(addr, PAGE_SIZE))).not.toEqual(start);
    expect(after(() => pin().release())).not.toEqual(start); // nr_foll_pin_acquired
  });
});
