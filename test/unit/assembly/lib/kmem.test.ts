import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  STRUCTS,
} from '../../../../src/wasm/generated/layout.js';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';

const KPAGES = 8;
const PAGE = 4096;

const machine = new TestMachine();
const { core } = machine;
const DATA = core.KPAGE_DATA.value;
const nrUsed = () => machine.word(core.kmemAddress() + STRUCTS.Kmem.fields.nrUsed.offset);
const kindOf = (page: number) => {
  const desc = KDESC_BASE + ((page - KMEM_BASE) / PAGE) * KDESC_SIZE;
  return machine.word(desc + STRUCTS.Kdesc.fields.kind.offset);
};
const isZero = (page: number) => machine.u8.subarray(page, page + PAGE).every((byte) => byte === 0);

beforeEach(() => machine.boot({ kpages: KPAGES }));

describe('kernel pages', () => {
  test('are handed out once each, aligned, zeroed, of the kind asked for, until all are', () => {
    const kind = core.KPAGE_PGTABLE.value;
    const pages = Array.from({ length: KPAGES }, () => core.allocKernelPage(kind));
    expect(new Set(pages).size).toBe(KPAGES);
    for (const page of pages) {
      expect(page % PAGE).toBe(KMEM_BASE % PAGE);
      expect(page).toBeGreaterThanOrEqual(KMEM_BASE);
      expect(page).toBeLessThan(KMEM_BASE + KPAGES * PAGE);
      expect(kindOf(page)).toBe(kind);
      expect(isZero(page)).toBe(true);
    }
    expect(core.allocKernelPage(DATA)).toBe(0);
    expect(nrUsed()).toBe(KPAGES);
  });

  test('behind those that were ever used stay untouched', () => {
    const page = core.allocKernelPage(DATA);
    core.freeKernelPage(page);
    expect(core.allocKernelPage(DATA)).toBe(page);
    const frontier = machine.word(core.kmemAddress() + STRUCTS.Kmem.fields.frontier.offset);
    expect(frontier).toBe(1);
  });

  test('are neither lost nor doubled by any sequence of allocations and frees', () => {
    holds([fc.array(fc.integer({ min: -1, max: KPAGES - 1 }), { maxLength: 60 })], 100, (steps) => {
      machine.boot({ kpages: KPAGES });
      const live: number[] = [];
      for (const step of steps) {
        if (step >= 0 && live.length > 0) {
          const [page] = live.splice(step % live.length, 1) as [number];
          core.clearKernelPage(page);
          core.freeKernelPage(page);
        } else {
          const page = core.allocKernelPage(DATA);
          expect(page === 0).toBe(live.length === KPAGES);
          if (page === 0) continue;
          expect(live).not.toContain(page);
          expect(isZero(page)).toBe(true);
          machine.u8.fill(0xff, page, page + PAGE);
          live.push(page);
        }
        expect(nrUsed()).toBe(live.length);
      }
    });
  });

  test('freed twice stop the machine (debug build)', () => {
    const page = core.allocKernelPage(DATA);
    core.freeKernelPage(page);
    expect(() => core.freeKernelPage(page)).toThrow(WebAssembly.RuntimeError);
    expect(machine.state('panicId')).toBe(111);
  });
});
