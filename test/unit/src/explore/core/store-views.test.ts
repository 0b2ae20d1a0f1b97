import { beforeEach, describe, expect, it } from '@jest/globals';
import { StoreViews, type Target } from '../../../../../src/explore/core/store-views.js';
import type { WrittenPages } from '../../../../../src/explore/core/written-pages.js';
import { WordMemory } from '../../../../../src/explore/word-memory.js';
import type { CoreViews } from '../../../../../src/wasm/views.js';

let memory: DataView;
let words: WordMemory;
let pages: Set<number>;
let views: StoreViews;
beforeEach(() => {
  const u8 = new Uint8Array(8192);
  memory = new DataView(u8.buffer);
  words = new WordMemory();
  words.words(2);
  pages = new Set();
  const written = { note: (page: number) => pages.add(page) } as unknown as WrittenPages;
  views = new StoreViews(2, words, { u8 } as unknown as CoreViews, written);
});

const at = (address: number, size = 4): Target => ({ location: 9, mask: 0x0f, address, size });
const word = (location: number): Target => ({ location, mask: 0x0f, address: -1, size: 4 });

/** A CPU runs, stores, and is left. */
function store(cpu: number, target: Target, make: () => void, step = 0): number {
  views.enter(cpu);
  views.cover(target);
  make();
  const value = views.push(target, step);
  views.leave();
  return value;
}

const set = (address: number, value: number) => memory.setInt32(address, value, true);
const get = (address: number) => memory.getInt32(address, true);

describe('the view that a CPU has of memory', () => {
  it('has its own stores, which nobody else sees', () => {
    set(8, 1);
    expect(store(0, at(8), () => set(8, -2))).toBe(-2);
    expect(get(8)).toBe(1);
    expect(views.seenBy(0, () => get(8))).toBe(-2);
    expect(views.seenBy(1, () => get(8))).toBe(1);
    expect([views.holds(0), views.holds(1), views.filled]).toEqual([true, false, 1]);
    expect(get(8)).toBe(1);
  });

  it('has the newest of several to one place, which reach memory oldest first', () => {
    store(0, at(8), () => set(8, 1), 3);
    store(0, at(8), () => set(8, 2), 5);
    expect(views.seenBy(0, () => get(8))).toBe(2);
    expect(views.flush(0)).toMatchObject({ step: 3, before: 0, value: 1, location: 9 });
    expect([get(8), views.seenBy(0, () => get(8))]).toEqual([1, 2]);
    expect(views.flush(0)).toMatchObject({ step: 5, before: 1, value: 2 });
    expect([get(8), views.filled]).toEqual([2, 0]);
  });

  it('covers what others have stored meanwhile, and in the end replaces it', () => {
    store(0, at(4096), () => set(4096, 1));
    store(1, at(4096), () => set(4096, 2));
    views.flush(1);
    expect([get(4096), views.seenBy(0, () => get(4096))]).toEqual([2, 1]);
    expect(views.flush(0)).toMatchObject({ before: 2, value: 1 });
    expect(get(4096)).toBe(1);
    expect([...pages]).toEqual([1]); // the host has written it, so it must be put back
  });

  it('has bytes of several stores where they overlap', () => {
    store(0, at(16, 8), () => memory.setBigUint64(16, 0x1111_1111_2222_2222n, true));
    store(0, at(20), () => set(20, 0x3333_3333));
    const look = () => memory.getBigUint64(16, true).toString(16);
    expect(look()).toBe('0');
    expect(views.seenBy(0, look)).toBe('3333333322222222');
    expect(views.flush(0).value).toBe(0x1111_1111_2222_2222);
    expect(look()).toBe('1111111122222222');
    views.flush(0);
    expect(look()).toBe('3333333322222222');
  });

  it('takes a store that nobody announced for what the announced one has stored', () => {
    store(0, at(8), () => set(8, 1));
    views.enter(0);
    set(8, 7);
    set(12, 8);
    views.leave();
    expect([get(8), get(12)]).toEqual([0, 8]); // what no announced store covers is there at once
    expect(views.flush(0).value).toBe(7);
  });

  it('holds raw words in the same queue', () => {
    store(0, word(1), () => (words.values[1] = 5), 1);
    store(0, at(8), () => set(8, 6), 2);
    expect(words.peek(1)).toBe(0);
    expect(views.seenBy(0, () => words.peek(1))).toBe(5);
    expect(views.flush(0)).toMatchObject({ location: 1, step: 1, value: 5 });
    expect([words.peek(1), get(8)]).toEqual([5, 0]);
    expect([...pages]).toEqual([]);
  });

  it('forgets everything at a reset', () => {
    store(0, at(8), () => set(8, 1));
    views.reset();
    expect([views.filled, views.seenBy(0, () => get(8))]).toEqual([0, 0]);
  });
});
