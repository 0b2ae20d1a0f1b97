// The swap cache: one page a slot, and who may take it out.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PG_DIRTY, PG_SWAPCACHE, STRUCTS } from '../../../../src/wasm/generated/layout.js';
import { ARENA, TestMachine } from '../../../helpers/machine.js';

const machine = new TestMachine();
const { core } = machine;
const fields = STRUCTS.Page.fields;
const SLOT = 1;
/** In the count of a slot: the cache has a page. */
const HAS_CACHE = 0x8000_0000;
const [ADDED, EXISTS, NO_ENTRY] = [0, 1, 2];

const refcount = (page: number) => machine.word(page + fields.refcount.offset);
const flags = (page: number) => machine.word(page + fields.flags.offset);
const setEntries = (count: number) => (machine.u32[(ARENA + SLOT * 16 + 4) >>> 2] = count);

beforeEach(() => {
  machine.boot({});
  expect(core.swapActivate(ARENA, 4)).toBe(0);
});

/** A locked page with slot 1. */
function cachedPage(): number {
  const page = core.allocPage();
  core.lockPage(page);
  expect(core.addToSwap(page)).toBe(1);
  return page;
}

function makeClean(page: number): void {
  const word = (page + fields.flags.offset) >>> 2;
  machine.u32[word] = machine.u32[word]! & ~PG_DIRTY;
}

describe('a page in the swap cache', () => {
  it('is dirty, has one more reference, and is found by its slot', () => {
    const page = cachedPage();
    expect(flags(page) & (PG_SWAPCACHE | PG_DIRTY)).toBe(PG_SWAPCACHE | PG_DIRTY);
    expect(refcount(page)).toBe(2);
    expect(core.swapCacheGet(SLOT)).toBe(page);
    expect(refcount(page)).toBe(3);
    expect(core.swapCacheGet(2)).toBe(0);
  });

  it('keeps others from its slot', () => {
    cachedPage();
    expect(core.addToSwapCache(core.allocPage(), SLOT)).toBe(EXISTS);
  });

  it('gives a slot back that no entry names, and no other', () => {
    const page = cachedPage();
    setEntries(HAS_CACHE + 1);
    expect(core.folioFreeSwap(page)).toBe(0);
    setEntries(HAS_CACHE);
    expect(core.folioFreeSwap(page)).toBe(1);
    expect(refcount(page)).toBe(1);
    expect(core.swapCacheGet(SLOT)).toBe(0);
  });
});

describe('reclaim takes out', () => {
  it('a page that is clean, and that nobody else refers to', () => {
    const page = cachedPage();
    makeClean(page);
    setEntries(HAS_CACHE + 1);
    expect(core.removeMapping(page)).toBe(1);
    expect([refcount(page), flags(page) & PG_SWAPCACHE]).toEqual([0, 0]);
    expect(core.swapCount(SLOT)).toBe(1);
  });

  it('no dirty page, whose count is as before', () => {
    const page = cachedPage();
    expect(core.removeMapping(page)).toBe(0);
    expect(refcount(page)).toBe(2);
    expect(core.swapCacheGet(SLOT)).toBe(page);
  });

  it('no page that somebody has found', () => {
    const page = cachedPage();
    makeClean(page);
    core.getPage(page);
    expect(core.removeMapping(page)).toBe(0);
    expect(refcount(page)).toBe(3);
  });
});

describe('a slot without a page', () => {
  it('takes one while an entry names it', () => {
    const page = cachedPage();
    makeClean(page);
    setEntries(HAS_CACHE + 1);
    core.removeMapping(page);
    const fresh = core.allocPage();
    expect(core.addToSwapCache(fresh, SLOT)).toBe(ADDED);
    expect(core.swapCacheGet(SLOT)).toBe(fresh);
    expect(core.addToSwapCache(core.allocPage(), 3)).toBe(NO_ENTRY);
  });
});
