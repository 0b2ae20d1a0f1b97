import { describe, expect, it } from '@jest/globals';
import { ExploredMachine } from '../../../../../src/explore/core/explored-machine.js';
import {
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../../../src/index.js';
import { usedPages } from '../../../../../src/snapshot/regions.js';

const RW = PROT_READ | PROT_WRITE;
const PAGES = 8;

/** A generator of whole numbers below a bound that a seed determines. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Anything that writes: contents, tables, counts, slots of the swap device, whole pages. */
function change(explored: ExploredMachine, p: Process, addr: number, seed: number): void {
  const random = randomly(seed);
  const { machine } = explored;
  const at = () => addr + random(PAGES) * PAGE_SIZE;
  const steps: (() => unknown)[] = [
    () => p.store(at() + random(PAGE_SIZE), [random(256)]),
    () => p.fork().store(at(), [1]),
    () => machine.reclaim(4),
    () => p.load(at(), 2),
    () => p.madvise(at(), PAGE_SIZE, MADV_DONTNEED),
    () => p.mmap(0, 3 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
    () => p.ftruncate(p.memfdCreate('other', 0), PAGE_SIZE),
    () => machine.swapoff(),
  ];
  for (let n = 0; n < 12; n++) steps[random(steps.length)]?.();
}

describe('the memory of an explored machine', () => {
  it('is put back in all that the core has written, wherever that lies', async () => {
    const explored = await ExploredMachine.boot({ memory: '1MiB', swap: '1MiB' }, 1);
    const { machine } = explored;
    const { views, options } = machine.kernel;
    const p = machine.spawn();
    const addr = p.mmap(0, PAGES * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const heap = p.mmap(0, PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    p.store(addr, [1, 2, 3]);
    explored.keep();
    const before = new Map<number, Buffer>();
    for (const [first, behind] of usedPages(views, options)) {
      for (let page = first; page < behind; page++) before.set(page, bytesOf(views.u8, page));
    }
    const zeros = Buffer.alloc(PAGE_SIZE);
    for (let seed = 1; seed <= 40; seed++) {
      try {
        change(explored, p, seed % 2 === 0 ? addr : heap, seed);
      } catch (error) {
        expect(error).toMatchObject({ name: 'MmError' }); // not everything is always possible
      }
      const touched = usedPages(views, options);
      explored.reset();
      for (const [first, behind] of touched) {
        for (let page = first; page < behind; page++) {
          const isSame = bytesOf(views.u8, page).equals(before.get(page) ?? zeros);
          expect({ seed, page, isSame }).toEqual({ seed, page, isSame: true });
        }
      }
    }
    await explored.close();
  });
});

function bytesOf(memory: Uint8Array, page: number): Buffer {
  return Buffer.from(memory.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
}
