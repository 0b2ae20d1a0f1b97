import { describe, expect, it } from '@jest/globals';
import { Lifetimes } from '../../../../../../src/explore/core/oracles/lifetimes.js';
import {
  attempt,
  explore,
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  replay,
  scenario,
  type Scenario,
} from '../../../../../../src/index.js';
import {
  CONTENTS_BASE,
  MEM_MAP,
  PAGE_STRUCT_SIZE,
  SchedNote,
  SchedOp,
  STRUCTS,
} from '../../../../../../src/wasm/generated/layout.js';
import { FakeContext } from './fake-context.js';

/** GUP-fast on its way through a page table that munmap frees, and that nobody takes again. */
function walking(bugs: readonly string[]): Scenario {
  return scenario({
    name: 'GUP-fast in a freed page table',
    machine: { memory: '256KiB', contents: 'none', bugs },
    setup(machine) {
      const p = machine.spawn();
      const rw = PROT_READ | PROT_WRITE;
      const addr = p.mmap(0, PAGE_SIZE, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      p.store(addr, Uint8Array.of(1));
      return { p, addr };
    },
    cpus: {
      *device({ p, addr }, cpu) {
        const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
        if (pinned.ok) yield* pinned.value.release();
      },
      *unmapper({ p, addr }, cpu) {
        yield* cpu.on(p).munmap(addr, PAGE_SIZE);
      },
    },
  }) as Scenario;
}

describe('a use of freed memory', () => {
  it('is a failure at the access, which names what, who freed it and where', async () => {
    const broken = walking(['ptfree.unsynchronised']);
    const { failure } = await explore(broken, { strategy: 'dpor' });
    expect(failure?.kind).toBe('use-after-free');
    expect(failure?.error.message).toMatch(
      /"device" uses the page table at 0x[0-9a-f]+ \(\w+ gup_fast.ts:\d+\) in step \d+/,
    );
    expect(failure?.error.message).toMatch(
      /come before "unmapper" frees it \(free_table pgtable.ts:\d+\) in step \d+$/,
    );
    expect(failure?.cpu).toBe(0);
    expect(failure?.otherStep).toBeGreaterThanOrEqual(0);
    const again = await replay(broken, failure!.schedule);
    expect(again.error?.message).toBe(failure!.error.message);
  });

  it('is none where munmap waits for those who walk', async () => {
    const { failure, complete } = await explore(walking([]), { strategy: 'dpor' });
    expect(failure?.format()).toBeUndefined();
    expect(complete).toBe(true);
  });
});

describe('frames of which one is free', () => {
  const context = new FakeContext();
  const pageAt = (pfn: number) => MEM_MAP + pfn * PAGE_STRUCT_SIZE;
  const refcount = STRUCTS.Page.fields.refcount.offset;
  const lifetimes = new Lifetimes(context);
  lifetimes.note(1, SchedNote.Free, pageAt(3), PAGE_STRUCT_SIZE);

  it('may not be read or written to', () => {
    const contents = CONTENTS_BASE + 3 * PAGE_SIZE;
    expect(lifetimes.access(0, contents, SchedOp.Load, PAGE_SIZE)?.message).toMatch(
      /"a" reads .*, but "b" has freed page 3 in step 1/,
    );
    expect(lifetimes.access(0, contents, SchedOp.Store, PAGE_SIZE)?.message).toMatch(/"a" writes/);
    expect(lifetimes.access(0, contents + PAGE_SIZE, SchedOp.Store, PAGE_SIZE)).toBeUndefined();
    // Where frames have 8 bytes each, the swap device lies at such an address, too.
    expect(lifetimes.access(0, contents, SchedOp.Load, 4)).toBeUndefined();
  });

  it('may be looked at, as those do who find them without a lock', () => {
    const cell = pageAt(3) + refcount;
    expect(lifetimes.access(0, cell, SchedOp.Load, 4)).toBeUndefined();
    expect(lifetimes.access(0, cell, SchedOp.Cmpxchg, 4)).toBeUndefined();
    expect(lifetimes.access(0, cell, SchedOp.Rmw, 4)?.message).toMatch(/"a" changes/);
    expect(lifetimes.access(0, pageAt(4) + refcount, SchedOp.Rmw, 4)).toBeUndefined();
  });

  it('are as they were after setup when an execution begins', () => {
    lifetimes.keep();
    lifetimes.note(0, SchedNote.Alloc, pageAt(3), PAGE_STRUCT_SIZE);
    const contents = CONTENTS_BASE + 3 * PAGE_SIZE;
    expect(lifetimes.access(1, contents, SchedOp.Load, PAGE_SIZE)).toBeUndefined();
    lifetimes.begin();
    expect(lifetimes.access(1, contents, SchedOp.Load, PAGE_SIZE)?.kind).toBe('use-after-free');
  });

  it('may not be freed again', () => {
    expect(lifetimes.end()).toBeUndefined();
    lifetimes.note(0, SchedNote.Free, pageAt(3), PAGE_STRUCT_SIZE);
    expect(lifetimes.end()?.message).toMatch(/double free: "a" frees page 3, but "b" has freed/);
  });
});
