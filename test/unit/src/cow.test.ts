// The axes cow and forkPinned: who gets a copy, and what that does to devices and readers.
import { describe, expect, test } from '@jest/globals';
import {
  FOLL_FORCE,
  FOLL_LONGTERM,
  FOLL_WRITE,
  MADV_PAGEOUT,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type CowPolicy,
  type ForkPinnedPolicy,
  type Policy,
  type Process,
} from '../../../src/index.js';
import { resolvePolicy } from '../../../src/policies.js';
import { expectAllFree, expectSound, thrownBy } from './support.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const COWS: CowPolicy[] = ['ref-equal', 'map-plus-swap', 'ref-one', 'anon-exclusive'];
const FORKS: ForkPinnedPolicy[] = ['share', 'early-copy-child', 'early-copy-child-no-seqcount'];

/** A process with one written page. */
async function bootPage(policy: Partial<Policy>) {
  const machine = await Machine.boot({ memory: '1MiB', policy });
  const process = machine.spawn();
  const addr = process.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
  process.store(addr, [1]);
  return { machine, process, addr };
}

const byteAt = (process: Process, addr: number) => process.load(addr, 1)[0];
const pfnAt = (process: Process, addr: number) => process.pagemap(addr, 1)[0]?.pfn;

describe.each(COWS)('cow: %s', (cow) => {
  test('keeps what parent and child write apart', async () => {
    const { machine, process: parent, addr } = await bootPage({ cow });
    await using _closed = machine;
    const child = parent.fork();
    const grandchild = child.fork();
    child.store(addr, [2]);
    parent.store(addr, [3]);
    expect([parent, child, grandchild].map((each) => byteAt(each, addr))).toEqual([3, 2, 1]);
    expectSound(machine);
    grandchild.store(addr, [4]);
    expect([parent, child, grandchild].map((each) => byteAt(each, addr))).toEqual([3, 2, 4]);
    for (const each of [child, parent, grandchild]) each.exit();
    expectAllFree(machine);
  });

  test('writes in place again once the child has gone', async () => {
    const { machine, process: parent, addr } = await bootPage({ cow });
    await using _closed = machine;
    const page = pfnAt(parent, addr);
    parent.fork().exit();
    parent.store(addr, [2]);
    expect(pfnAt(parent, addr)).toBe(page);
    expectSound(machine);
  });

  test('lets a device write by force to memory that the process may only read', async () => {
    const { machine, process, addr } = await bootPage({ cow });
    await using _closed = machine;
    const child = process.fork();
    process.mprotect(addr, PAGE_SIZE, PROT_READ);
    const pinned = process.pinUserPages(addr, 1, FOLL_WRITE | FOLL_FORCE);
    pinned.write(0, [7]);
    expect([byteAt(process, addr), byteAt(child, addr)]).toEqual([7, 1]);
    pinned.release();
    expectSound(machine);
  });

  /** A page that is read-only although nobody shares it, and that a device writes to meanwhile. */
  async function writesThroughProtection(kind: 'pin' | 'reference') {
    const { machine, process, addr } = await bootPage({ cow });
    await using _closed = machine;
    const held =
      kind === 'pin'
        ? process.pinUserPages(addr, 1, FOLL_WRITE)
        : process.getUserPages(addr, 1, FOLL_WRITE);
    process.mprotect(addr, PAGE_SIZE, PROT_READ);
    process.mprotect(addr, PAGE_SIZE, RW);
    process.store(addr + 1, [2]);
    held.write(0, [9]); // the device ends after the process has written
    const seen = [...process.load(addr, 2)];
    held.release();
    expectSound(machine);
    return seen;
  }

  // Where a reference alone makes a copy, the device writes to a page that nobody sees any more.
  const isLost = cow === 'ref-equal' || cow === 'ref-one';
  test.each(['pin', 'reference'] as const)(
    isLost
      ? 'loses what a device writes through a %s while the page is write-protected'
      : 'keeps what a device writes through a %s while the page is write-protected',
    async (kind) => {
      expect(await writesThroughProtection(kind)).toEqual([isLost ? 1 : 9, 2]);
    },
  );

  // CVE-2020-29374: the reader's reference was taken while the page was shared.
  const leaks = cow === 'map-plus-swap';
  test(
    leaks
      ? 'shows a child that has let go of the page what its parent writes later'
      : 'shows a child that has let go of the page nothing that its parent writes later',
    async () => {
      const { machine, process: parent, addr } = await bootPage({ cow });
      await using _closed = machine;
      const child = parent.fork();
      const held = child.getUserPages(addr, 1, 0);
      child.munmap(addr, PAGE_SIZE);
      parent.store(addr, [42]);
      expect(held.read(0, 1)[0]).toBe(leaks ? 42 : 1);
      held.release();
      expectSound(machine);
    },
  );

  const unshares = cow === 'anon-exclusive';
  test(
    unshares
      ? 'unshares a page before it is pinned for reading'
      : 'pins a shared page for reading as it is',
    async () => {
      const { machine, process: parent, addr } = await bootPage({ cow });
      await using _closed = machine;
      const child = parent.fork();
      const pinned = child.pinUserPagesFast(addr, 1, FOLL_LONGTERM);
      expect(pinned.pfns[0] !== pfnAt(parent, addr)).toBe(unshares);
      expect(pinned.pfns[0]).toBe(pfnAt(child, addr));
      expectSound(machine);
      pinned.release();
    },
  );
});

describe.each(COWS.flatMap((cow) => FORKS.map((forkPinned) => [cow, forkPinned] as const)))(
  'cow: %s, forkPinned: %s',
  (cow, forkPinned) => {
    const copies = forkPinned !== 'share';
    test(
      copies ? 'keeps a pinned page the parent’s' : 'shares a pinned page with the child',
      async () => {
        const { machine, process: parent, addr } = await bootPage({ cow, forkPinned });
        await using _closed = machine;
        const pinned = parent.pinUserPages(addr, 1, FOLL_WRITE);
        const child = parent.fork();
        expect(pfnAt(child, addr) === pinned.pfns[0]).toBe(!copies);
        parent.store(addr + 1, [5]);
        pinned.write(0, [9]);
        // A pinned page that was shared is the child's in the end.
        expect([...parent.load(addr, 2)]).toEqual(copies ? [9, 5] : [1, 5]);
        expect(byteAt(child, addr)).toBe(copies ? 1 : 9);
        pinned.release();
        expectSound(machine);
      },
    );
  },
);

describe('a page that is got for writing where pages count their writers', () => {
  test.each(['fast', 'slow'] as const)('stays the process’s own over a fork, %s', async (path) => {
    const { machine, process: parent, addr } = await bootPage({ pin: 'read-write-split' });
    await using _closed = machine;
    const got =
      path === 'fast'
        ? parent.getUserPagesFast(addr, 1, FOLL_WRITE)
        : parent.getUserPages(addr, 1, FOLL_WRITE);
    const child = parent.fork();
    expectSound(machine);
    expect(pfnAt(parent, addr)).toBe(got.pfns[0]);
    expect(pfnAt(child, addr)).not.toBe(got.pfns[0]);
    got.release();
    expectSound(machine);
  });
});

describe('a page that a device reads into while it is swapped out', () => {
  /** The device ends last; the process has written to another part of the page meanwhile. */
  async function readThroughSwap(policy: Partial<Policy>, kind: 'pin' | 'reference') {
    const machine = await Machine.boot({ memory: '1MiB', swap: '1MiB', policy });
    await using _closed = machine;
    const process = machine.spawn();
    const addr = process.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    process.store(addr, [1]);
    const held =
      kind === 'pin'
        ? process.pinUserPages(addr, 1, FOLL_WRITE)
        : process.getUserPages(addr, 1, FOLL_WRITE);
    process.madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    const unmapped = process.pagemap(addr, 1)[0]?.swapped;
    expectSound(machine);
    process.store(addr + 1, [2]);
    held.write(0, [9]);
    const seen = [...process.load(addr, 2)];
    expectSound(machine);
    held.release();
    process.exit();
    expectAllFree(machine);
    return { unmapped, seen };
  }

  const kept = [9, 2];
  const lost = [1, 2];
  test.each([
    // Before 2.6.7: a reference makes a copy, and reclaim does not care about references.
    ['ref-equal', 'allow', 'reference', true, lost],
    // 2.6.7 to 2.6.12: reclaim does.
    ['ref-equal', 'refuse-if-ref-ne-map-plus-2', 'reference', false, kept],
    // 2.6.13: it need not, since references do not make copies any more.
    ['map-plus-swap', 'allow', 'reference', true, kept],
    // 5.9 is back where 2.6.6 was; since 5.11 reclaim leaves what is pinned.
    ['ref-one', 'allow', 'pin', true, lost],
    ['ref-one', 'refuse-if-exclusive-and-pinned', 'pin', false, kept],
    ['ref-one', 'refuse-if-exclusive-and-pinned', 'reference', true, lost],
    // 5.19: the page comes back as the process's own, whoever refers to it.
    ['anon-exclusive', 'refuse-if-exclusive-and-pinned', 'pin', false, kept],
    ['anon-exclusive', 'refuse-if-exclusive-and-pinned', 'reference', true, kept],
  ] as const)('cow: %s, unmapPinned: %s, by a %s', async (cow, unmapPinned, kind, out, seen) => {
    const result = await readThroughSwap({ cow, unmapPinned }, kind);
    expect(result).toEqual({ unmapped: out, seen });
  });
});

test('a fork cannot copy early what its pin policy does not show', () => {
  const policy = { pin: 'get-page', forkPinned: 'early-copy-child-no-seqcount' } as const;
  const error = thrownBy(() => resolvePolicy(policy));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toMatch(/change pin$/);
});
