import { describe, expect, it } from '@jest/globals';
import {
  attempt,
  explore,
  MADV_PAGEOUT,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  scenario,
  type Scenario,
} from '../../../../../src/index.js';

/** One page that is swapped out; what the two CPUs get that fault on it. */
const twoFaults = scenario({
  name: 'two faults on one swapped page',
  machine: {
    ...({ memory: '256KiB', swap: '64KiB', contents: 'stamp' } as const),
    policy: { lruBatch: 'none' },
  },
  setup(machine) {
    const p = machine.spawn();
    const prot = PROT_READ | PROT_WRITE;
    const addr = p.mmap(0, PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    p.store(addr, Uint8Array.of(1));
    p.madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    if (!p.pagemap(addr, 1)[0]!.swapped) throw new Error('the page is still in memory');
    return { p, addr };
  },
  cpus: {
    *reader({ p, addr }, cpu) {
      const read = yield* attempt(cpu.on(p).load(addr, 1));
      cpu.outcome(read.ok ? read.value[0] : read.error.code);
    },
    *writer({ p, addr }, cpu) {
      const written = yield* attempt(cpu.on(p).store(addr, Uint8Array.of(2)));
      cpu.outcome(written.ok ? 'written' : written.error.code);
    },
  },
}) as Scenario;

describe('two faults on one swapped page', () => {
  // Between the last user of a slot going and its entry being written, the slot names nothing: who
  // looks just then waits for the entry, and is not told that memory is exhausted.
  it('both end well in every interleaving: there is memory for both', async () => {
    const { failure, complete, outcomes } = await explore(twoFaults, { strategy: 'dpor' });
    expect(failure?.format()).toBeUndefined();
    expect(complete).toBe(true);
    expect([...outcomes.keys()].sort()).toEqual(['1 written', '2 written']);
  });
});
