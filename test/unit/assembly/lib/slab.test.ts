import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KMEM_BASE, STRUCTS } from '../../../../src/wasm/generated/layout.js';
import type { CoreExports } from '../../../helpers/core-exports.js';
import { startCpus, stopCpus } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';

const KPAGES = 3;
const PAGE = 4096;
/** Objects that a magazine holds at most; with that many it gives half of them back. */
const MAGAZINE_MAX = 32;

const machine = new TestMachine();
const { core } = machine;
const caches = [core.CACHE_FILE, core.CACHE_VMA, core.CACHE_INODE, core.CACHE_XA_NODE].map(
  (cache) => [core.objectSize(cache.value), cache.value] as const,
);

const objectIsZero = (object: number, size: number) =>
  machine.u8.subarray(object, object + size).every((byte) => byte === 0);
const magazine = (cpu: CoreExports, cache: number, field: 'count' | 'nrAllocs' | 'nrFrees') =>
  machine.word(cpu.magazineAddress(cache) + STRUCTS.Magazine.fields[field].offset);
const depotObjects = (cache: number) => {
  const depot = core.depotAddress(cache) + STRUCTS.Depot.fields.firstFree.offset;
  let count = 0;
  for (let at = machine.word(depot); at !== 0; at = machine.word(at)) count++;
  return count;
};

/** Takes objects until there are none left. */
function takeAll(cpu: CoreExports, cache: number): number[] {
  const objects: number[] = [];
  for (let at = cpu.cacheAlloc(cache); at !== 0; at = cpu.cacheAlloc(cache)) objects.push(at);
  return objects;
}

beforeEach(() => machine.boot({ kpages: KPAGES, cpus: 2 }));

describe.each(caches)('objects of %i bytes', (size, cache) => {
  const capacity = KPAGES * Math.floor(PAGE / size);

  test('lie apart from each other inside one page, and use up every page', () => {
    const objects = takeAll(core, cache).sort((a, b) => a - b);
    expect(objects).toHaveLength(capacity);
    for (const [i, object] of objects.entries()) {
      expect(object % 32).toBe(0);
      expect(((object - KMEM_BASE) % PAGE) + size).toBeLessThanOrEqual(PAGE);
      if (i > 0) expect(object - objects[i - 1]!).toBeGreaterThanOrEqual(size);
    }
  });

  test('come zeroed, whatever was written into them before', () => {
    for (const object of takeAll(core, cache)) {
      machine.u8.fill(0xff, object, object + size);
      core.cacheFree(cache, object);
    }
    const again = takeAll(core, cache);
    expect(again).toHaveLength(capacity);
    for (const object of again) expect(objectIsZero(object, size)).toBe(true);
  });

  test('are neither lost nor doubled by any sequence of allocations and frees', () => {
    const step = fc.record({ free: fc.boolean(), times: fc.integer({ min: 1, max: 20 }) });
    holds([fc.array(step, { maxLength: 30 })], 50, (steps) => {
      machine.boot({ kpages: KPAGES });
      const live = new Set<number>();
      for (const { free, times } of steps) {
        for (let i = 0; i < times; i++) {
          const [oldest] = live;
          if (free && oldest !== undefined) {
            core.cacheFree(cache, oldest);
            live.delete(oldest);
          } else if (!free) {
            const object = core.cacheAlloc(cache);
            expect(object === 0).toBe(live.size === capacity);
            expect(live.has(object)).toBe(false);
            if (object !== 0) live.add(object);
          }
        }
        const taken = magazine(core, cache, 'nrAllocs') - magazine(core, cache, 'nrFrees');
        expect(taken).toBe(live.size);
        expect(magazine(core, cache, 'count')).toBeLessThan(MAGAZINE_MAX);
      }
    });
  });
});

describe('magazines', () => {
  const cache = core.CACHE_VMA.value;
  const perSlab = PAGE / core.objectSize(cache);

  test('are filled 16 at a time, and touch the depot only when they run empty', () => {
    core.cacheAlloc(cache);
    expect(magazine(core, cache, 'count')).toBe(15);
    expect(depotObjects(cache)).toBe(perSlab - 16);
    for (let i = 0; i < 15; i++) core.cacheAlloc(cache);
    expect(magazine(core, cache, 'count')).toBe(0);
    expect(depotObjects(cache)).toBe(perSlab - 16);
  });

  test('give 16 back when they hold 32', () => {
    const objects = Array.from({ length: perSlab }, () => core.cacheAlloc(cache));
    for (const object of objects.slice(0, 31)) core.cacheFree(cache, object);
    expect(magazine(core, cache, 'count')).toBe(31);
    core.cacheFree(cache, objects[31]!);
    expect(magazine(core, cache, 'count')).toBe(16);
    expect(depotObjects(cache)).toBe(16);
  });

  test('belong to one CPU: what CPU 1 frees it hands out itself, last freed first', () => {
    const other = machine.cpu(1);
    const [first, second] = [core.cacheAlloc(cache), core.cacheAlloc(cache)];
    other.cacheFree(cache, first);
    other.cacheFree(cache, second);
    expect(magazine(core, cache, 'count')).toBe(14);
    expect(other.cacheAlloc(cache)).toBe(second);
    expect(other.cacheAlloc(cache)).toBe(first);
    const balance = [core, other].map(
      (cpu) => magazine(cpu, cache, 'nrAllocs') - magazine(cpu, cache, 'nrFrees'),
    );
    expect(balance).toEqual([2, 0]);
  });

  test('keep objects to themselves even when another CPU finds no more', () => {
    const other = machine.cpu(1);
    const taken = takeAll(core, cache);
    for (const object of taken.slice(0, 10)) other.cacheFree(cache, object);
    expect(core.cacheAlloc(cache)).toBe(0);
    expect(takeAll(other, cache)).toHaveLength(10);
  });
});

describe('the debug build stops the machine', () => {
  test('when an object goes back to another cache', () => {
    const object = core.cacheAlloc(core.CACHE_VMA.value);
    expect(() => core.cacheFree(core.CACHE_FILE.value, object)).toThrow(WebAssembly.RuntimeError);
    expect(machine.state('panicId')).toBe(123);
  });

  test('when what is freed is no object', () => {
    const page = core.allocKernelPage(core.KPAGE_DATA.value);
    expect(() => core.cacheFree(core.CACHE_FILE.value, page)).toThrow(WebAssembly.RuntimeError);
    expect(machine.state('panicId')).toBe(122);
  });
});

describe('four CPUs that free what the others have allocated', () => {
  const CPUS = 4;
  const MAILBOX = 64;
  const cache = core.CACHE_XA_NODE.value;
  const crowd = new TestMachine({ kpages: 64, cpus: CPUS + 1 });
  afterAll(stopCpus);

  test('never get an object that somebody has, or that is not zeroed, and lose none', async () => {
    const cpus = await startCpus(crowd, [1, 2, 3, 4]);
    const shared = crowd.arena(0, 0x1000);
    const owners = crowd.arena(0x1_0000, 64 * (PAGE / 32) * 4);
    const rounds = 500_000;
    const wrong = await Promise.all(
      cpus.map((cpu) => cpu.run('hammerObjects', shared, CPUS, rounds, owners, cache)),
    );
    expect(wrong).toEqual([0, 0, 0, 0]);

    const left = Array.from({ length: MAILBOX }, (_, i) => crowd.word(shared + 320 + i * 4));
    for (const object of left.filter((address) => address !== 0)) {
      expect(crowd.core.giveBack(owners, cache, object)).toBe(0);
    }
    const counts = await Promise.all(cpus.map((cpu) => cpu.run('magazineAddress', cache)));
    const idle = [...counts, crowd.core.magazineAddress(cache)]
      .map((address) => crowd.word(address + STRUCTS.Magazine.fields.count.offset))
      .reduce((sum, count) => sum + count, 0);
    const depot = crowd.core.depotAddress(cache);
    const slabs = crowd.word(depot + STRUCTS.Depot.fields.nrSlabs.offset);
    let inDepot = 0;
    for (let at = crowd.word(depot + 4); at !== 0; at = crowd.word(at)) inDepot++;
    expect(idle + inDepot).toBe(slabs * Math.floor(PAGE / core.objectSize(cache)));
  });
});
