import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CONTENTS_BASE,
  STRUCTS,
  VM_NR_FREE_PAGES,
  VM_PGALLOC_NORMAL,
  VM_PGFREE,
} from '../../../../src/wasm/generated/layout.js';
import { type Block, ORDERS, checkFrames } from '../../../helpers/buddy-view.js';
import { startCpus, stopCpus } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';

const CONTENTS_STAMP = 1;
const CONTENTS_FULL = 2;
const PAGE = 4096;
const page = STRUCTS.Page.fields;

const machine = new TestMachine();
const { core } = machine;
const refcountOf = (at: number) => (at + page.refcount.offset) >>> 2;
const mapcountOf = (at: number) => (at + page.mapcount.offset) >>> 2;

/** The blocks that were handed out, and what must be true of the next one. */
class Model {
  readonly live: Block[] = [];
  readonly frames: number;

  constructor(frames: number) {
    this.frames = frames;
    machine.boot({ frames });
  }

  alloc(order: number): boolean {
    const at = core.allocPages(order);
    if (at === 0) {
      this.#checkExhausted(order);
      return false;
    }
    const pfn = machine.pfn(at);
    assert.equal(pfn % 2 ** order, 0);
    assert.ok(pfn + 2 ** order <= this.frames);
    assert.equal(machine.i32[refcountOf(at)], 1);
    for (let i = pfn; i < pfn + 2 ** order; i++) {
      assert.equal(machine.i32[mapcountOf(machine.page(i))], -1);
      assert.equal(machine.word(machine.page(i) + page.flags.offset), 0);
      assert.equal(machine.word(machine.page(i) + page.mapping.offset), 0);
    }
    this.live.push({ pfn, order });
    return true;
  }

  free(index: number): void {
    const [block] = this.live.splice(index % this.live.length, 1);
    if (block === undefined) return;
    const at = machine.page(block.pfn);
    if (block.order === 0) core.putPage(at);
    else {
      Atomics.store(machine.i32, refcountOf(at), 0);
      core.freePages(at, block.order);
    }
  }

  check(): ReturnType<typeof checkFrames> {
    const used = this.live.reduce((sum, { order }) => sum + 2 ** order, 0);
    assert.equal(core.vmstatRead(VM_NR_FREE_PAGES), this.frames - used);
    return checkFrames(machine, this.live);
  }

  /** Exhausted means: nothing that is left could have been the block. */
  #checkExhausted(order: number): void {
    const { frontier, blocks, pcp } = this.check();
    assert.equal(frontier, this.frames);
    assert.deepEqual(pcp, []);
    assert.ok(blocks.every((block) => block.order < order));
  }
}

const order = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: ORDERS - 1 }) },
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ alloc: order }) },
  { weight: 1, arbitrary: fc.record({ allocMany: fc.integer({ min: 1, max: 300 }) }) },
  { weight: 4, arbitrary: fc.record({ free: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ freeMany: fc.integer({ min: 1, max: 300 }) }) },
  { weight: 1, arbitrary: fc.constant({ drain: true }) },
);

function apply(model: Model, each: typeof step extends fc.Arbitrary<infer T> ? T : never): void {
  if ('alloc' in each) model.alloc(each.alloc);
  else if ('free' in each) model.free(each.free);
  else if ('drain' in each) core.drainAllPages();
  else if ('allocMany' in each) {
    for (let i = 0; i < each.allocMany && model.alloc(0); i++);
  } else {
    for (let i = 0; i < each.freeMany; i++) model.free(i * 7);
  }
}

beforeEach(() => machine.boot({ frames: 4096 }));

afterEach(stopCpus);

describe('the frames of a machine', () => {
  test('are neither lost nor handed out twice by any program, and join again at its end', () => {
    const frames = fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(1023, 1024, 2048));
    holds([frames, fc.array(step, { maxLength: 80, size: 'max' })], 60, (count, steps) => {
      const model = new Model(count);
      for (const [i, each] of steps.entries()) {
        apply(model, each);
        if (i % 8 === 0) model.check();
      }
      while (model.live.length > 0) model.free(0);
      core.drainAllPages();
      const { frontier, pcp, blocks } = model.check();
      assert.deepEqual(pcp, []);
      const whole = blocks.filter((block) => block.order === ORDERS - 1);
      assert.equal(whole.length, Math.floor(frontier / 1024), 'not joined into largest blocks');
    });
  });

  test.each([0, 1, 3, 10])('can all be had in blocks of order %i', (blockOrder) => {
    const model = new Model(2048);
    for (let i = 0; i < 2048 >> blockOrder; i++) expect(model.alloc(blockOrder)).toBe(true);
    expect(model.alloc(blockOrder)).toBe(false);
    expect(model.alloc(0)).toBe(false);
    model.free(0);
    expect(model.alloc(blockOrder)).toBe(true);
  });

  test('in the list of another CPU are drained before memory counts as exhausted', () => {
    machine.boot({ frames: 1024, cpus: 2 });
    const other = machine.cpu(1);
    other.putPage(other.allocPage());
    expect(core.allocPages(10)).toBe(machine.page(0));
  });

  test('come back by a CPU’s list, last freed first', () => {
    const [first, second] = [core.allocPage(), core.allocPage()];
    core.putPage(first);
    core.putPage(second);
    expect([core.allocPage(), core.allocPage()]).toEqual([second, first]);
  });

  test('that nobody had are not touched, though the machine has 64 GiB of them', () => {
    const before = process.memoryUsage().rss;
    const large = new TestMachine({ frames: 2 ** 24, kpages: 2 ** 17, contents: CONTENTS_STAMP });
    const last = large.core.allocZeroedPage();
    expect(large.pfn(last)).toBeLessThan(1024);
    large.core.putPage(last);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });
});

describe('the contents of a frame', () => {
  const contentsOf = (at: number) => {
    const start = CONTENTS_BASE + machine.pfn(at) * PAGE;
    return machine.u8.subarray(start, start + PAGE);
  };

  test('are zeroed when asked for, stale otherwise', () => {
    machine.boot({ frames: 64, contents: CONTENTS_FULL });
    const at = core.allocPage();
    contentsOf(at).fill(0xaa);
    core.putPage(at);
    expect(core.allocPage()).toBe(at);
    expect(contentsOf(at).every((byte) => byte === 0xaa)).toBe(true);
    core.putPage(at);
    expect(core.allocZeroedPage()).toBe(at);
    expect(contentsOf(at).every((byte) => byte === 0)).toBe(true);
  });

  test('of its neighbours stay as they are', () => {
    machine.boot({ frames: 64, contents: CONTENTS_FULL });
    const pages = Array.from({ length: 3 }, () => core.allocPage()).sort((a, b) => a - b);
    for (const at of pages) contentsOf(at).fill(0xaa);
    core.putPage(pages[1]!);
    expect(core.allocZeroedPage()).toBe(pages[1]);
    expect(contentsOf(pages[0]!).every((byte) => byte === 0xaa)).toBe(true);
    expect(contentsOf(pages[2]!).every((byte) => byte === 0xaa)).toBe(true);
  });
});

describe('counters', () => {
  test.each([0, 3])('count pages, not blocks, of order %i', (blockOrder) => {
    const model = new Model(4096);
    for (let i = 0; i < 5; i++) model.alloc(blockOrder);
    expect(core.vmstatRead(VM_PGALLOC_NORMAL)).toBe(5 * 2 ** blockOrder);
    for (let i = 0; i < 2; i++) model.free(0);
    expect(core.vmstatRead(VM_PGFREE)).toBe(2 * 2 ** blockOrder);
  });
});

describe('references', () => {
  test('are taken only of a page that has one', () => {
    const at = core.allocPage();
    expect(core.tryGetPage(at)).toBe(1);
    expect(core.tryAddPageRefs(at, 1024)).toBe(1);
    expect(machine.i32[refcountOf(at)]).toBe(1026);
    Atomics.store(machine.i32, refcountOf(at), 1);
    core.putPage(at);
    expect(core.tryGetPage(at)).toBe(0);
    expect(core.tryAddPageRefs(at, 5)).toBe(0);
    expect(machine.i32[refcountOf(at)]).toBe(0);
  });

  test('are refused once so many are held that the count has become negative', () => {
    const at = core.allocPage();
    Atomics.store(machine.i32, refcountOf(at), 0x7fff_ffff);
    expect(core.tryGetPage(at)).toBe(1);
    expect(core.tryGetPage(at)).toBe(0);
  });

  test('the last one frees the page, those before do not', () => {
    const at = core.allocPage();
    core.getPage(at);
    core.putPage(at);
    expect(core.vmstatRead(VM_PGFREE)).toBe(0);
    core.putPage(at);
    expect(core.vmstatRead(VM_PGFREE)).toBe(1);
  });
});

describe('the machine stops', () => {
  const stops = (act: () => void, id: number) => {
    expect(act).toThrow(WebAssembly.RuntimeError);
    expect(machine.state('panicId')).toBe(id);
  };
  const drop = (at: number) => Atomics.store(machine.i32, refcountOf(at), 0);

  test('when a page is freed that somebody refers to', () => {
    const at = core.allocPage();
    stops(() => core.freePage(at), 132);
  });

  test('when a block is freed that somebody refers to', () => {
    const at = core.allocPages(4);
    stops(() => core.freePages(at, 4), 132);
  });

  test('when a page is freed that is mapped', () => {
    const at = core.allocPage();
    drop(at);
    Atomics.store(machine.i32, mapcountOf(at), 0);
    stops(() => core.freePage(at), 133);
  });

  test('when a block is freed twice', () => {
    const at = core.allocPages(4);
    drop(at);
    core.freePages(at, 4);
    stops(() => core.freePages(at, 4), 133);
  });

  test('when a free page is handed out that somebody refers to', () => {
    const at = core.allocPage();
    core.putPage(at);
    Atomics.store(machine.i32, refcountOf(at), 1);
    stops(() => core.allocPage(), 131);
  });

  test('when a page is freed twice', () => {
    const at = core.allocPage();
    drop(at);
    core.freePage(at);
    stops(() => core.freePage(at), 133);
  });

  test('when a page is freed twice, and has joined a block in between', () => {
    const at = core.allocPage();
    drop(at);
    core.freePage(at);
    core.drainAllPages();
    stops(() => core.freePage(at), 133);
  });

  test('when a reference is dropped that nobody has (debug build)', () => {
    const at = core.allocPage();
    core.putPage(at);
    stops(() => core.putPage(at), 134);
  });
});

describe('CPUs that free what others have allocated', () => {
  const MAILBOX = 64;

  test.each([
    [2, 10],
    [4, 5],
  ])('%i of them, orders up to %i: nothing is lost or handed out twice', async (n, maxOrder) => {
    const frames = 16384;
    const crowd = new TestMachine({ frames, cpus: n + 1 });
    const cpus = await startCpus(
      crowd,
      Array.from({ length: n }, (_, i) => i + 1),
    );
    const shared = crowd.arena(0, 0x1000);
    const owners = crowd.arena(0x1_0000, frames * 4);
    const wrong = await Promise.all(
      cpus.map((cpu) => cpu.run('hammerPages', shared, n, 600_000, owners, maxOrder)),
    );
    expect(wrong).toEqual(cpus.map(() => 0));

    for (let slot = 0; slot < MAILBOX; slot++) {
      expect(crowd.core.takeBack(owners, crowd.word(shared + 320 + slot * 4))).toBe(0);
    }
    expect(crowd.core.vmstatRead(VM_NR_FREE_PAGES)).toBe(frames);
    crowd.core.drainAllPages();
    const { frontier, blocks } = checkFrames(crowd, []);
    expect(blocks).toHaveLength(frontier / 1024);
  });
});
