// The LRU batches and lists, page by page.
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  FOLIO_BATCH_SIZE,
  LRUVEC_BASE,
  PAGE_MAPPING_ANON,
  PG_ACTIVE,
  PG_LRU,
  PG_MLOCKED,
  PG_REFERENCED,
  PG_SWAPBACKED,
  PG_UNEVICTABLE,
  STRUCTS,
  VM_NR_ACTIVE_ANON,
  VM_NR_INACTIVE_ANON,
  VM_NR_INACTIVE_FILE,
  VM_NR_MLOCK,
  VM_NR_UNEVICTABLE,
} from '../../../../src/wasm/generated/layout.js';
import { TestMachine } from '../../../helpers/machine.js';

const machine = new TestMachine();
const { core } = machine;
const fields = STRUCTS.Page.fields;
const HEADS = LRUVEC_BASE + STRUCTS.Lruvec.fields.lists0.offset;

beforeEach(() => machine.boot({ cpus: 3 }));

/** An anonymous page, on no list yet. */
function newPage(): number {
  const page = core.allocPage();
  machine.u32[(page + fields.flags.offset) >>> 2] = PG_SWAPBACKED;
  machine.u32[(page + fields.mapping.offset) >>> 2] = PAGE_MAPPING_ANON;
  return page;
}

/** A page on the inactive list. */
function listedPage(): number {
  const page = newPage();
  core.folioAddLru(page);
  core.lruAddDrain();
  return page;
}

const refcount = (page: number) => machine.word(page + fields.refcount.offset);
const flags = (page: number) => machine.word(page + fields.flags.offset);
const has = (page: number, bits: number) => (flags(page) & bits) === bits;
const count = (item: number) => core.vmstatRead(item);

/** The pages of a list, first to last. */
function pagesOf(lru: number): number[] {
  const head = HEADS + lru * 8;
  const found: number[] = [];
  for (let at = machine.word(head); at !== head; at = machine.word(at)) {
    found.push(at - fields.lru.offset);
  }
  return found;
}

describe('a batch', () => {
  it('holds a reference to each page until it is drained', () => {
    const page = newPage();
    core.folioAddLru(page);
    expect([refcount(page), has(page, PG_LRU)]).toEqual([2, false]);
    expect(pagesOf(0)).toEqual([]);
    core.lruAddDrain();
    expect([refcount(page), has(page, PG_LRU)]).toEqual([1, true]);
    expect(pagesOf(0)).toEqual([page]);
    expect(count(VM_NR_INACTIVE_ANON)).toBe(1);
  });

  it('is flushed by the add that fills it, in the order of the adds', () => {
    const pages = Array.from({ length: FOLIO_BATCH_SIZE }, newPage);
    for (const page of pages.slice(0, -1)) core.folioAddLru(page);
    expect(pagesOf(0)).toEqual([]);
    core.folioAddLru(pages.at(-1) ?? 0);
    expect(pagesOf(0)).toEqual([...pages].reverse());
    expect(pages.map(refcount)).toEqual(pages.map(() => 1));
  });

  it('of another CPU is reached by a drain of all, and goes on behind it', () => {
    const other = machine.cpu(1);
    const [first, second] = [newPage(), newPage()];
    other.folioAddLru(first);
    core.lruAddDrain();
    expect(refcount(first)).toBe(2);
    core.lruAddDrainAll();
    expect(refcount(first)).toBe(1);
    other.folioAddLru(second);
    expect(refcount(second)).toBe(2);
    other.lruAddDrain();
    expect(pagesOf(0)).toEqual([second, first]);
  });

  it('keeps nothing while batches are off', () => {
    const [before, between, after] = [newPage(), newPage(), newPage()];
    const other = machine.cpu(2);
    other.folioAddLru(before);
    core.lruCacheDisable();
    other.folioAddLru(between);
    expect([before, between].map(refcount)).toEqual([1, 1]);
    core.lruCacheEnable();
    other.folioAddLru(after);
    expect(refcount(after)).toBe(2);
  });

  it('frees a page whose last reference it held', () => {
    const page = newPage();
    core.folioAddLru(page);
    core.putPage(page);
    expect(refcount(page)).toBe(1);
    core.lruAddDrainAll();
    expect([refcount(page), flags(page), count(VM_NR_INACTIVE_ANON)]).toEqual([0, 0, 0]);
    expect(pagesOf(0)).toEqual([]);
  });
});

describe('a page on a list', () => {
  it('leaves it with its last reference', () => {
    const page = listedPage();
    core.putPage(page);
    expect([refcount(page), flags(page), pagesOf(0)]).toEqual([0, 0, []]);
  });

  it('becomes active when it is used twice', () => {
    const page = listedPage();
    core.markPageAccessed(page);
    expect(has(page, PG_REFERENCED)).toBe(true);
    core.markPageAccessed(page);
    expect([has(page, PG_REFERENCED), refcount(page)]).toEqual([false, 2]);
    core.lruAddDrain();
    expect([has(page, PG_ACTIVE), pagesOf(1), pagesOf(0)]).toEqual([true, [page], []]);
    expect([count(VM_NR_ACTIVE_ANON), count(VM_NR_INACTIVE_ANON)]).toEqual([1, 0]);
    core.deactivatePage(page);
    core.lruAddDrain();
    expect([has(page, PG_ACTIVE), pagesOf(0)]).toEqual([false, [page]]);
  });

  it('comes active out of a batch in which it was used twice', () => {
    const page = newPage();
    core.folioAddLru(page);
    core.markPageAccessed(page);
    core.markPageAccessed(page);
    core.lruAddDrain();
    expect(pagesOf(1)).toEqual([page]);
  });

  it('can be isolated once, and put back', () => {
    const page = listedPage();
    expect([core.folioIsolateLru(page), core.folioIsolateLru(page)]).toEqual([1, 0]);
    expect([refcount(page), has(page, PG_LRU), pagesOf(0)]).toEqual([2, false, []]);
    core.folioPutbackLru(page);
    core.lruAddDrain();
    expect([refcount(page), pagesOf(0)]).toEqual([1, [page]]);
    const waits = newPage();
    core.folioAddLru(waits);
    expect(core.folioIsolateLru(waits)).toBe(0);
  });

  it('moves to the list of files when it is lazily freed', () => {
    const page = listedPage();
    core.lazyfreePage(page);
    core.lruAddDrain();
    expect([has(page, PG_SWAPBACKED), pagesOf(2), pagesOf(0)]).toEqual([false, [page], []]);
    expect(count(VM_NR_INACTIVE_FILE)).toBe(1);
  });

  it('goes last when it was written', () => {
    const [old, written] = [listedPage(), listedPage()];
    expect(pagesOf(0)).toEqual([written, old]);
    core.rotateReclaimable(written);
    core.lruAddDrain();
    expect(pagesOf(0)).toEqual([old, written]);
  });
});

describe('a locked page', () => {
  const state = (page: number) => ({
    unevictable: has(page, PG_UNEVICTABLE),
    mlocked: has(page, PG_MLOCKED),
    counts: [VM_NR_MLOCK, VM_NR_UNEVICTABLE, VM_NR_INACTIVE_ANON].map(count),
  });
  const locked = { unevictable: true, mlocked: true, counts: [1, 1, 0] };
  const free = { unevictable: false, mlocked: false, counts: [0, 0, 1] };

  it('is unevictable until as many VMAs unlock it as have locked it', () => {
    const page = listedPage();
    for (let vma = 0; vma < 2; vma++) {
      core.mlockPage(page);
      core.lruAddDrain();
    }
    expect([state(page), pagesOf(0)]).toEqual([locked, []]);
    core.munlockPage(page);
    core.lruAddDrain();
    expect(state(page)).toEqual(locked);
    core.munlockPage(page);
    core.lruAddDrain();
    expect([state(page), pagesOf(0)]).toEqual([free, [page]]);
  });

  it('may be locked before it is on any list, and unlocked before it gets there', () => {
    const [stays, leaves] = [newPage(), newPage()];
    core.mlockNewPage(stays);
    core.lruAddDrain();
    expect(state(stays)).toEqual(locked);
    core.mlockNewPage(leaves);
    core.munlockPage(leaves);
    core.lruAddDrain();
    expect(has(leaves, PG_MLOCKED)).toBe(false);
    expect(pagesOf(0)).toEqual([leaves]);
  });

  it('that is freed is counted no more', () => {
    const page = listedPage();
    core.mlockPage(page);
    core.lruAddDrain();
    core.putPage(page);
    expect([VM_NR_MLOCK, VM_NR_UNEVICTABLE].map(count)).toEqual([0, 0]);
  });
});
