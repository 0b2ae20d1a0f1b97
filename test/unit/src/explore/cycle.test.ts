import { describe, expect, it } from '@jest/globals';
import * as access from '../../../../src/explore/access.js';
import { findCycle } from '../../../../src/explore/cycle.js';
import { EventLog } from '../../../../src/explore/event-log.js';
import {
  attempt,
  explore,
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  replay,
  scenario,
  type Scenario,
} from '../../../../src/index.js';

/** A log in which each letter stands for an access of one CPU. */
function logOf(letters: string): EventLog {
  const log = new EventLog();
  for (const letter of letters) {
    const step = log.reserve();
    log.agent[step] = letter.charCodeAt(0) % 2;
    log.location[step] = letter.charCodeAt(0);
    log.touches[step] = access.TOUCHES_READ;
  }
  return log;
}

describe('the cycle at the end of a log', () => {
  it.each([
    ['xyababab', { start: 2, period: 2, end: 8 }],
    ['xyabababababa', { start: 2, period: 2, end: 8 }],
    ['aaaa', { start: 0, period: 1, end: 3 }],
    ['xabcabc', undefined],
    ['abababx', undefined],
    ['', undefined],
  ])('of %s', (letters, cycle) => {
    expect(findCycle(logOf(letters))).toEqual(cycle);
  });
});

describe('a livelock', () => {
  it('of two CPUs that go on for ever', async () => {
    const polite = scenario({
      name: 'after you',
      setup: (machine) => machine.words(2),
      cpus: {
        *one([a], cpu) {
          while (true) {
            yield* cpu.store(a!, 1);
            yield* cpu.store(a!, 0);
          }
        },
        *other([a, b], cpu) {
          while ((yield* cpu.load(a!)) !== 2) yield* cpu.store(b!, 1);
        },
      },
    }) as Scenario;
    const { failure } = await explore(polite, { maxExecutions: 100, maxSteps: 5000 });
    expect(failure?.kind).toBe('livelock');
    expect(failure?.error.message).toMatch(/^livelock: "one", "other" did not end within/);
    const again = await replay(polite, failure!.schedule);
    expect(again.error?.message).toBe(failure!.error.message);
  });

  it('is drawn and replayed by its cycle, and says what that is', async () => {
    const alone = scenario({
      name: 'nobody lets it in',
      setup: (machine) => machine.words(2),
      cpus: {
        *one([a], cpu) {
          while ((yield* cpu.compareExchange(a!, 1, 2)) !== 1) yield* cpu.fetchAdd(a!, 0);
        },
        *other([, b], cpu) {
          yield* cpu.store(b!, 1);
        },
      },
    }) as Scenario;
    for (const strategy of ['dpor', 'random'] as const) {
      const { failure } = await explore(alone, { strategy, maxSteps: 5000 });
      expect(failure?.error.message).toMatch(
        /^livelock: "one" did not end within \d+ steps; again and again: "one" \w+\(words\[0\]\), /,
      );
      expect(failure!.trace.length).toBeLessThan(20);
      expect(failure!.schedule.length).toBeLessThan(200);
      const again = await replay(alone, failure!.schedule);
      expect(again.error?.message).toBe(failure!.error.message);
    }
  });

  it('is none while the one that it waits for only had no turn', async () => {
    const retrying = scenario({
      name: 'a sealer that tries until the device is done',
      machine: {
        memory: '256KiB',
        contents: 'none',
        policy: { seal: 'refuse-if-counted', lruBatch: 'none' },
      },
      setup(machine) {
        const p = machine.spawn();
        const fd = p.memfdCreate('buf', MFD_ALLOW_SEALING);
        p.ftruncate(fd, PAGE_SIZE);
        const addr = p.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        const pages = p.pinUserPages(addr, 1, FOLL_WRITE);
        p.munmap(addr, PAGE_SIZE);
        return { p, fd, pages };
      },
      cpus: {
        *sealer({ p, fd }, cpu) {
          while (!(yield* attempt(cpu.on(p).fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))).ok);
        },
        *device({ pages }, cpu) {
          yield* cpu.on(pages).release();
        },
      },
    }) as Scenario;
    for (const strategy of ['dpor', 'pct', 'random'] as const) {
      const options = { strategy, maxExecutions: 20, maxSteps: 5000 } as const;
      const { failure, executions, cut } = await explore(retrying, options);
      expect(failure?.error.message).toBeUndefined();
      expect(executions + cut).toBeGreaterThan(0);
    }
  });
});
