import assert from 'node:assert/strict';
import { STRUCTS } from '../../src/wasm/generated/layout.js';
import type { TestMachine } from './machine.js';

export const ORDERS = 11;
const page = STRUCTS.Page.fields;

/** A block of 2^order frames. */
export interface Block {
  readonly pfn: number;
  readonly order: number;
}

/** What the allocator holds. */
export interface FreePages {
  /** Frames [0, frontier) have been used before. */
  readonly frontier: number;
  readonly blocks: Block[];
  /** Frames in the lists of the CPUs. */
  readonly pcp: number[];
}

/** The frames of a list of pages, after a look that both directions agree. */
function listed(machine: TestMachine, head: number): number[] {
  const found: number[] = [];
  let before = head;
  for (let at = machine.word(head); at !== head; at = machine.word(at)) {
    assert.equal(machine.word(at + 4), before);
    found.push(machine.pfn(at - page.lru.offset));
    assert.ok(found.length <= machine.state('nrFrames'), 'the list has no end');
    before = at;
  }
  assert.equal(machine.word(head + 4), before);
  return found;
}

/**
 * Reads every list of the allocator, after a look at all that must hold whoever owns the other
 * frames: counts agree, blocks are aligned, marked, behind no frontier, overlap nothing, and no two
 * of them are buddies that should have been joined.
 */
export function freePagesOf(machine: TestMachine): FreePages {
  const { core } = machine;
  const zone = core.zoneAddress();
  const frontier = machine.word(zone + STRUCTS.Zone.fields.frontier.offset);
  const blocks: Block[] = [];
  for (let order = 0; order < ORDERS; order++) {
    const pfns = listed(machine, core.zoneFreeList(order));
    assert.equal(core.zoneNrFree(order), pfns.length, `nrFree[${order}]`);
    const known = new Set(pfns);
    for (const pfn of pfns) {
      const at = machine.page(pfn);
      assert.equal(pfn % 2 ** order, 0);
      assert.ok(pfn + 2 ** order <= frontier);
      assert.equal(machine.i32[(at + page.mapcount.offset) >>> 2], core.PAGE_TYPE_BUDDY.value);
      assert.equal(machine.word(at + page.privateData.offset), order);
      if (order < ORDERS - 1) assert.ok(!known.has(pfn ^ (2 ** order)), 'buddies left apart');
      blocks.push({ pfn, order });
    }
  }
  const nrBuddy = machine.word(zone + STRUCTS.Zone.fields.nrBuddy.offset);
  assert.equal(
    nrBuddy,
    blocks.reduce((sum, { order }) => sum + 2 ** order, 0),
  );
  return { frontier, blocks, pcp: pcpOf(machine) };
}

function pcpOf(machine: TestMachine): number[] {
  const { core } = machine;
  const found: number[] = [];
  for (let cpu = 0; cpu < machine.state('nrCpus'); cpu++) {
    const pfns = listed(machine, core.pcpList(cpu));
    const count = STRUCTS.PerCpuPages.fields.count.offset;
    assert.equal(machine.word(core.pcpAddress(cpu) + count), pfns.length);
    for (const pfn of pfns) {
      const mapcount = machine.i32[(machine.page(pfn) + page.mapcount.offset) >>> 2];
      assert.equal(mapcount, core.PAGE_TYPE_PCP.value);
    }
    found.push(...pfns);
  }
  return found;
}

/**
 * Checks that free lists, CPUs' lists and the `live` blocks together are the frames up to the
 * frontier, each once; and that nobody has written a descriptor behind it.
 */
export function checkFrames(machine: TestMachine, live: Iterable<Block>): FreePages {
  const free = freePagesOf(machine);
  const seen = new Uint8Array(machine.state('nrFrames'));
  const add = ({ pfn, order }: Block) => {
    for (let i = pfn; i < pfn + 2 ** order; i++) {
      assert.equal(seen[i], 0, `frame ${i} has two owners`);
      seen[i] = 1;
    }
  };
  for (const block of free.blocks) add(block);
  for (const pfn of free.pcp) add({ pfn, order: 0 });
  for (const block of live) add(block);
  assert.equal(seen.indexOf(0) < 0 ? seen.length : seen.indexOf(0), free.frontier, 'frames lost');
  const untouched = machine.u32.subarray(
    machine.page(free.frontier) >>> 2,
    machine.page(seen.length) >>> 2,
  );
  assert.ok(
    untouched.every((word) => word === 0),
    'a frame behind the frontier was touched',
  );
  return free;
}
