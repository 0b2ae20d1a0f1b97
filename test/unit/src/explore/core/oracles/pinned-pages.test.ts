import { describe, expect, it } from '@jest/globals';
import {
  attempt,
  explore,
  FOLL_WRITE,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_PAGEOUT,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_MAYMOVE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  scenario,
  type Machine,
  type Scenario,
} from '../../../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

function onePage(machine: Machine) {
  const p = machine.spawn();
  const addr = p.mmap(0, PAGE_SIZE, RW, PRIVATE, -1, 0);
  p.store(addr, Uint8Array.of(1));
  return { p, addr };
}

/** A fork, and a store of the parent's, while a device has the page. */
function forking(bugs: readonly string[]): Scenario {
  return scenario({
    name: 'nobody looks at the pinned page',
    machine: { memory: '256KiB', contents: 'stamp', bugs },
    setup(machine) {
      const { p, addr } = onePage(machine);
      p.pinUserPages(addr, 1, FOLL_WRITE);
      return { p, addr };
    },
    cpus: {
      *forker({ p }, cpu) {
        yield* cpu.on(p).fork();
      },
      *writer({ p, addr }, cpu) {
        yield* cpu.on(p).store(addr, Uint8Array.of(2));
      },
    },
  }) as Scenario;
}

/** A device brings data into a page that its process has given up before. */
function bringing(bugs: readonly string[]): Scenario {
  return scenario({
    name: 'nobody reads what the device has brought',
    machine: { memory: '256KiB', contents: 'stamp', policy: { lruBatch: 'none' }, bugs },
    setup(machine) {
      const { p, addr } = onePage(machine);
      const pages = p.getUserPages(addr, 1, FOLL_WRITE);
      p.madvise(addr, PAGE_SIZE, MADV_FREE);
      return { p, addr, pages };
    },
    cpus: {
      *device({ pages }, cpu) {
        yield* cpu.on(pages).write(0, Uint8Array.of(5));
        yield* cpu.on(pages).release({ dirty: true });
      },
      *reclaim({ p, addr }, cpu) {
        yield* cpu.on(p).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
      },
    },
  }) as Scenario;
}

describe('a pinned page', () => {
  it('that was replaced by a copy is a failure, though nobody asked', async () => {
    const broken = forking(['fork.no_early_copy']);
    const { failure } = await explore(broken, { strategy: 'dfs' }); // the forker goes first
    expect(failure?.kind).toBe('pin');
    expect(failure?.error.message).toMatch(
      /^a pinned page is not the mapped page: setup has pinned page 0 at 0x7[0-9a-f]+, /,
    );
    expect(failure?.error.message).toMatch(
      /page \d+ is there at the end, though nobody has unmapped/,
    );
  });

  it('stays where fork copies it early', async () => {
    const { failure, complete } = await explore(forking([]), { strategy: 'dpor' });
    expect(failure?.error.message).toBeUndefined();
    expect(complete).toBe(true);
  });

  it('may be unmapped, dropped, moved and mapped over by its process', async () => {
    const changing = scenario({
      name: 'a process changes its mappings under a device',
      machine: { memory: '256KiB', contents: 'stamp' },
      setup: onePage,
      cpus: {
        *device({ p, addr }, cpu) {
          const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
          if (!pinned.ok) return;
          yield* pinned.value.write(0, Uint8Array.of(5));
          cpu.outcome(pinned.value.pfns.length);
        },
        *other({ p, addr }, cpu) {
          const calls = cpu.on(p);
          yield* calls.madvise(addr, PAGE_SIZE, MADV_DONTNEED);
          yield* calls.store(addr, Uint8Array.of(2));
          yield* calls.mmap(addr, PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0);
          yield* calls.store(addr, Uint8Array.of(3));
          yield* calls.mremap(addr, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE);
        },
      },
    }) as Scenario;
    const { failure, outcomes } = await explore(changing, {
      ...{ strategy: 'random', maxExecutions: 300 },
    });
    expect(failure?.error.message).toBeUndefined();
    expect(outcomes.has('1')).toBe(true);
  });
});

describe('what a device has written', () => {
  it('and is lost is a failure, though nobody asked', async () => {
    const { failure } = await explore(bringing(['madvfree.ignore_refs']), { strategy: 'dpor' });
    expect(failure?.kind).toBe('lost-write');
    expect(failure?.error.message).toMatch(
      /^a device's write is lost: setup has taken page \d+ at 0x[0-9a-f]+, a device has written /,
    );
    expect(failure?.error.message).toMatch(/nothing is mapped there at the end/);
  });

  it('is there where reclaim counts references', async () => {
    const { failure, complete } = await explore(bringing([]), { strategy: 'dpor' });
    expect(failure?.error.message).toBeUndefined();
    expect(complete).toBe(true);
  });
});
