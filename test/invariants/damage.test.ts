import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PAGE_SIZE,
  type Policy,
} from '../../src/index.js';
import type { BenchExports } from '../../src/wasm/exports.js';
import type { CoreViews } from '../../src/wasm/views.js';
import { INVARIANTS } from '../../src/verify/invariants.js';
import { ZONE_BASE } from '../../src/wasm/generated/layout.js';
import { PTE_ACCESSED, PTE_DIRTY, PTE_RW } from '../../src/verify/pte.js';
import { verifyMachine, type VerifyContext, type Violation } from '../../src/verify/verify.js';
import {
  KDESC_BASE,
  KMEM_BASE,
  MACHINE_BASE,
  MEM_MAP,
  PAGE_STRUCT_SIZE,
  PG_ANON_EXCLUSIVE,
  PERCPU_BASE,
  STRUCTS,
  SWAP_INFO,
  SWAP_SLOT_SIZE,
  ZONE_FREE_LIST,
} from '../../src/wasm/generated/layout.js';
import { holds } from '../helpers/property.js';
import { DAMAGES, FAMILY, type Damage } from './damages.js';
import { Specimen } from './specimen.js';

let specimen: Specimen;
beforeAll(async () => {
  specimen = await Specimen.make();
});
afterAll(() => specimen.machine.close());

/** The rules that some damage here has broken. */
const broken = new Set<string>();

function namesOf(found: readonly Violation[]): string[] {
  for (const { invariant } of found) broken.add(invariant);
  return found.map(({ invariant, object }) => `${invariant} of ${object}`);
}

/** The one slot of the swap device that the swap cache has a page for. */
function slotOfCache(views: CoreViews): number {
  const slots = views.read('SwapInfo', 'slots', SWAP_INFO);
  const frontier = views.read('SwapInfo', 'frontier', SWAP_INFO);
  const words = new Uint32Array(views.memory.buffer);
  const cached = (slot: number) => words[(slots + slot * SWAP_SLOT_SIZE) >>> 2] !== 0;
  return Array.from({ length: frontier }, (_, slot) => slot).findIndex(cached);
}

/** What `verify` finds while the damage stands; it must be gone with it. */
function findWith(s: Specimen, { at, to }: Pick<Damage, 'at' | 'to'>) {
  const address = at(s);
  const found = s.damaged(address, to(s.word(address), s), () => s.machine.verify());
  expect(s.machine.verify()).toEqual([]);
  return found;
}

describe('verify finds one damaged word, and names the rule and the thing', () => {
  it('and nothing in a sound machine', () => {
    expect(specimen.machine.verify()).toEqual([]);
  });

  it.each(DAMAGES)('$name: $invariant', (damage) => {
    const object = damage.object(specimen);
    const found = findWith(specimen, damage);
    expect(namesOf(found)).toContain(`${damage.invariant} of ${object}`);
    for (const { message, expected, found: seen } of found) {
      expect(message).toContain(`expected ${expected}, found ${seen}`);
    }
  });
});

describe('verify finds one damaged word of a family of processes', () => {
  let family: Specimen;
  beforeAll(async () => {
    family = await Specimen.make();
    family.process.fork();
  });
  afterAll(() => family.machine.close());

  it.each(FAMILY)('$name: $invariant', (damage) => {
    const object = damage.object(family);
    const found = findWith(family, damage);
    expect(namesOf(found)).toContain(`${damage.invariant} of ${object}`);
  });
});

/** Runs a test on a specimen of its own. */
async function withSpecimen(policy: Partial<Policy>, body: (s: Specimen) => void): Promise<void> {
  const own = await Specimen.make(policy, policy.seal === 'dontpin' ? 'anon' : 'shared');
  try {
    expect(own.machine.verify()).toEqual([]);
    body(own);
  } finally {
    await own.machine.close();
  }
}

describe('verify finds what takes more than one word', () => {
  it('a page that stands on two free lists', () => {
    const { views } = specimen;
    const lists = [...Array(9).keys()].map((order) => ZONE_BASE + ZONE_FREE_LIST + order * 8);
    const empty = lists.find((head) => views.u32At(head) === head) ?? 0;
    const block = views.u32At(ZONE_BASE + ZONE_FREE_LIST + 9 * 8) - specimen.at('Page', 'lru', 0);
    const inside = block + 256 * PAGE_STRUCT_SIZE;
    const link = specimen.at('Page', 'lru', inside);
    const words: [number, number][] = [
      [empty, link],
      [empty + 4, link],
      [link, empty],
      [link + 4, empty],
    ];
    const look = words.reduceRight<() => Violation[]>(
      (next, [address, value]) =>
        () =>
          specimen.damaged(address, value, next),
      () => specimen.machine.verify(),
    );
    const pfn = (inside - MEM_MAP) / PAGE_STRUCT_SIZE;
    expect(namesOf(look())).toContain(`frame-state of page ${pfn}`);
    expect(specimen.machine.verify()).toEqual([]);
  });

  it('a core that finds other entries, or other pins, than there are', () => {
    const { views, machine } = specimen;
    const pfn = specimen.pfn(specimen.shared);
    const { kernel, options } = machine;
    const honest: VerifyContext = {
      views,
      options,
      rmapCount: (at) => kernel.run((core) => core.pageRmapCount(at)),
      pagePins: (at) => kernel.run((core) => core.pagePins(at)),
    };
    const off = (by: number, real: (at: number) => number) => (at: number) =>
      real(at) + (at === pfn ? by : 0);
    expect(verifyMachine(honest)).toEqual([]);
    const fewer = verifyMachine({ ...honest, rmapCount: off(-1, honest.rmapCount) });
    expect(namesOf(fewer)).toEqual([`rmap of page ${pfn}`]);
    const more = verifyMachine({ ...honest, pagePins: off(1, honest.pagePins) });
    expect(namesOf(more)).toEqual([`pincount of page ${pfn}`]);
  });

  it('slots of the swap device that are not what entries and the swap cache say', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', swap: '64KiB', build: 'bench' });
    const process = machine.spawn();
    const addr = process.mmap(0, 4 * PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    process.store(addr, new Uint8Array(4 * PAGE_SIZE).fill(1));
    machine.kernel.run((core) => (core as BenchExports).pageOutRange(0, 256));
    process.load(addr, 1);
    const { views } = machine.kernel;
    const slot = process.pagemap(addr, 1)[0]?.present === true ? slotOfCache(views) : 0;
    const cell = views.read('SwapInfo', 'slots', SWAP_INFO) + slot * SWAP_SLOT_SIZE;
    const words = new Uint32Array(views.memory.buffer);
    const found = (address: number, delta: number) => {
      const before = words[address >>> 2] ?? 0;
      words[address >>> 2] = before + delta;
      const names = namesOf(machine.verify());
      words[address >>> 2] = before;
      return names;
    };
    expect(machine.verify()).toEqual([]);
    expect(found(cell + STRUCTS.SwapSlot.fields.count.offset, 1)).toContain(
      `swap-count of swap slot ${slot}`,
    );
    expect(found(cell + STRUCTS.SwapSlot.fields.count.offset, 2 ** 31)).toContain(
      `swap-cache of swap slot ${slot}`,
    );
    const inuse = views.address('SwapInfo', 'inuse', SWAP_INFO);
    expect(found(inuse, 1)).toEqual(['swap-device of swap device']);
    const firstFree = views.address('SwapInfo', 'firstFree', SWAP_INFO);
    expect(found(firstFree, slot)).toContain(`swap-device of swap slot ${slot}`);
    expect(machine.verify()).toEqual([]);
  });

  it('pins that i_mmap_writable does not count', () =>
    withSpecimen({ pin: 'i-mmap-writable' }, (s) => {
      const counted = s.at('GupVec', 'inline0', s.vector) + 4;
      expect(s.word(counted)).toBe(s.mapping);
      const found = s.damaged(counted, 0, () => s.machine.verify());
      expect(namesOf(found)).toEqual(['i-mmap-writable of inode 1 (memfd "buf")']);
    }));

  it('pins that the counters of the CPUs do not count', () =>
    withSpecimen({ pin: 'i-mmap-writable-percpu' }, (s) => {
      const counters = s.views.read('AddressSpace', 'pinCounters', s.mapping);
      const found = s.damaged(counters + 64, 1, () => s.machine.verify());
      expect(namesOf(found)).toEqual(['pin-counters of inode 1 (memfd "buf")']);
    }));

  it.each(['pincount', 'read-write-split'] as const)(
    'a pinned page that is not the process’s own any more, with pin: %s',
    async (pin) => {
      const own = await Specimen.make({ pin }, 'anon');
      try {
        const flags = own.at('Page', 'flags', own.page(own.anon));
        const shared = own.word(flags) & ~Number(PG_ANON_EXCLUSIVE);
        const found = own.damaged(flags, shared, () => own.machine.verify());
        expect(namesOf(found)).toContain(`pin-exclusive of ${own.pageName(own.anon)}`);
      } finally {
        await own.machine.close();
      }
    },
  );

  it('a mark of exclusive pages where the policy has none', () =>
    withSpecimen({ cow: 'ref-one' }, (s) => {
      const flags = s.at('Page', 'flags', s.page(s.anon));
      const marked = s.word(flags) | Number(PG_ANON_EXCLUSIVE);
      const found = s.damaged(flags, marked, () => s.machine.verify());
      expect(namesOf(found)).toEqual([`page-flags of ${s.pageName(s.anon)}`]);
    }));

  it('pins where seal: dontpin allows none', () =>
    withSpecimen({ seal: 'dontpin' }, (s) => {
      expect(() => s.process.pinUserPages(s.shared, 1, FOLL_WRITE)).toThrow('EFAULT');
      const mapping = s.at('Page', 'mapping', s.page(s.anon));
      const found = s.damaged(mapping, s.mapping, () => s.machine.verify());
      expect(namesOf(found)).toContain(`seal of ${s.pageName(s.anon)}`);
    }));

  it('so that every rule was broken once', () => {
    expect([...broken].sort()).toEqual(Object.keys(INVARIANTS).sort());
  });
});

describe('verify copes with whatever the memory holds', () => {
  /** Bits of the lower word that a CPU sets by itself, or that a fault puts back. */
  const harmless = (low: number) => PTE_ACCESSED | PTE_DIRTY | (low & PTE_RW);

  it('no bit of a page-table entry can change unnoticed', () => {
    const pages = [specimen.shared, specimen.anon, specimen.anon + 4 * PAGE_SIZE, specimen.copy];
    for (const address of pages) {
      for (let bit = 0; bit < 64; bit++) {
        const at = specimen.entry(address) + (bit >> 5) * 4;
        const mask = (1 << (bit & 31)) >>> 0;
        if (bit < 32 && (harmless(specimen.word(at)) & mask) !== 0) continue;
        const value = (specimen.word(at) ^ mask) >>> 0;
        const found = specimen.damaged(at, value, () => specimen.machine.verify());
        if (found.length === 0) throw new Error(`bit ${bit} of ${specimen.entryName(address)}`);
      }
    }
  });

  it('and a wild word neither stops it nor sends it astray', () => {
    const regions: readonly (readonly [from: number, bytes: number])[] = [
      [MACHINE_BASE, 0x1000],
      [PERCPU_BASE, 0x400],
      [KDESC_BASE, 64 * 40],
      [MEM_MAP, PAGE_STRUCT_SIZE * 1200],
      [KMEM_BASE, PAGE_SIZE * 40],
    ];
    const address = fc
      .tuple(fc.constantFrom(...regions), fc.nat())
      .map(([[from, bytes], at]) => from + (at % (bytes / 4)) * 4);
    const value = fc.oneof(
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.constantFrom(0, 1, 0xffff_ffff, 0x7fff_ffff, 0x8000_0000),
      address,
    );
    holds([address, value], 3000, (at, wild) => {
      expect(specimen.damaged(at, wild, () => specimen.machine.verify())).toBeInstanceOf(Array);
    });
    expect(specimen.machine.verify()).toEqual([]);
  });
});
