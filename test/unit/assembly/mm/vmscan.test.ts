// Reclaim of pages without swap: what it looks at, and what it leaves where.
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  PAGE_MAPPING_ANON,
  PG_ACTIVE,
  PG_DIRTY,
  PG_LRU,
  PG_SWAPBACKED,
  STRUCTS,
  VM_NR_FREE_PAGES,
  VM_PGSCAN_DIRECT,
} from '../../../../src/wasm/generated/layout.js';
import { TestMachine } from '../../../helpers/machine.js';

const machine = new TestMachine();
const { core } = machine;
const fields = STRUCTS.Page.fields;

beforeEach(() => machine.boot({}));

/** A page on an inactive list, with a reference of ours. */
function listedPage(bits: number): number {
  const page = core.allocPage();
  machine.u32[(page + fields.flags.offset) >>> 2] = bits;
  machine.u32[(page + fields.mapping.offset) >>> 2] = PAGE_MAPPING_ANON;
  core.folioAddLru(page);
  core.lruAddDrain();
  return page;
}

const flags = (page: number) => machine.word(page + fields.flags.offset);
const refcount = (page: number) => machine.word(page + fields.refcount.offset);
const scanned = () => core.vmstatRead(VM_PGSCAN_DIRECT);

describe('reclaim', () => {
  it('finds nothing where there is nothing', () => {
    expect(core.reclaim(4)).toBe(0);
    expect(scanned()).toBe(0);
  });

  it('looks at a lazily freed page, and keeps it while somebody refers to it', () => {
    const page = listedPage(0);
    const free = core.vmstatRead(VM_NR_FREE_PAGES);
    expect(core.reclaim(1)).toBe(0);
    expect(scanned()).toBeGreaterThan(0);
    expect(core.vmstatRead(VM_NR_FREE_PAGES)).toBe(free);
    expect([flags(page) & (PG_LRU | PG_ACTIVE), refcount(page)]).toEqual([PG_LRU, 1]);
  });

  it('keeps one that was written', () => {
    const page = listedPage(PG_DIRTY);
    expect(core.reclaim(1)).toBe(0);
    expect([flags(page) & (PG_LRU | PG_DIRTY), refcount(page)]).toEqual([PG_LRU | PG_DIRTY, 1]);
  });

  it('does not wait for a page that is locked', () => {
    const page = listedPage(0);
    core.lockPage(page);
    expect(core.reclaim(1)).toBe(0);
    core.unlockPage(page);
    expect([flags(page) & PG_LRU, refcount(page)]).toEqual([PG_LRU, 1]);
  });

  it('does not look at pages that have nowhere to go', () => {
    listedPage(PG_SWAPBACKED);
    expect(core.reclaim(1)).toBe(0);
    expect(scanned()).toBe(0);
  });
});
