// Families of anon_vmas: who adopts whose, and that none is left over.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../src/index.js';
import { expectAllFree, expectSound, outcome } from './support.js';

const SEED = Number(process.env['MMEMU_SEED'] ?? Date.now() | 0);
const RW = PROT_READ | PROT_WRITE;

async function bootPage() {
  const machine = await Machine.boot({ memory: '2MiB' });
  const parent = machine.spawn();
  const addr = parent.mmap(0, 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  parent.store(addr, new Uint8Array(4 * PAGE_SIZE).fill(1));
  return { machine, parent, addr };
}

/** The anon_vma of the VMA that is the only one of a process. */
function anonVmaOf(machine: Machine, process: Process): number {
  const { views } = machine.kernel;
  const root = views.read('MmStruct', 'mmRoot', views.read('Task', 'mm', process.task));
  return views.read('Vma', 'anonVma', root - views.address('Vma', 'node0', 0));
}

function parentOf(machine: Machine, anonVma: number): number {
  return machine.kernel.views.read('AnonVma', 'parent', anonVma);
}

describe('the anon_vma of a child', () => {
  test('is a new one below its parent’s', async () => {
    const { machine, parent, addr } = await bootPage();
    await using _closed = machine;
    const [first, second] = [parent.fork(), parent.fork()];
    const own = anonVmaOf(machine, parent);
    const theirs = [first, second].map((child) => anonVmaOf(machine, child));
    expect(new Set([own, ...theirs]).size).toBe(3);
    expect(theirs.map((each) => parentOf(machine, each))).toEqual([own, own]);
    first.store(addr, [2]);
    const page = machine.page(first.pagemap(addr, 1)[0]?.pfn ?? 0);
    expect(page).toMatchObject({ mapping: 'anon_vma', mapcount: 1 });
    expectSound(machine);
  });

  test('is that of an ancestor who has gone, if that has no other child', async () => {
    const { machine, parent } = await bootPage();
    await using _closed = machine;
    const child = parent.fork();
    const grandchild = child.fork();
    const unused = anonVmaOf(machine, child);
    child.exit();
    const next = grandchild.fork();
    expect(anonVmaOf(machine, next)).toBe(unused);
    expectSound(machine);
    // Somebody uses it now, so nobody else gets it (CVE-2022-42703).
    const another = grandchild.fork();
    expect(anonVmaOf(machine, another)).not.toBe(unused);
    next.exit();
    expectSound(machine);
    for (const each of [another, parent, grandchild]) each.exit();
    expectAllFree(machine);
  });

  test('is never that of an ancestor with two children', async () => {
    const { machine, parent } = await bootPage();
    await using _closed = machine;
    const child = parent.fork();
    const [one, two] = [child.fork(), child.fork()];
    const unused = anonVmaOf(machine, child);
    child.exit();
    expect(anonVmaOf(machine, one.fork())).not.toBe(unused);
    expect(anonVmaOf(machine, two.fork())).not.toBe(unused);
    expectSound(machine);
  });
});

/** Makes a VMA of a page alone, or joins it with its neighbours again. */
function splitAt(member: Process, at: number): void {
  const vma = member.maps().find(({ start, end }) => start <= at && at < end);
  if (vma === undefined) return;
  member.mprotect(at, PAGE_SIZE, vma.prot === RW ? PROT_READ : RW);
}

/** What happens in a family: whom (the remainder counts), and what. */
const step = fc.record({
  who: fc.nat(7),
  what: fc.constantFrom('fork', 'fork', 'exit', 'store', 'split', 'unmap'),
  page: fc.nat(3),
});

test('families grow and die in any order, and leave nothing', async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const { machine, parent, addr } = await bootPage();
    await using _closed = machine;
    let family = [parent];
    for (const { who, what, page } of steps) {
      const member = family[who % Math.max(1, family.length)];
      if (member === undefined) break;
      const at = addr + page * PAGE_SIZE;
      if (what === 'fork' && family.length < 8) family.push(member.fork());
      else if (what === 'exit') {
        family = family.filter((each) => each !== member);
        member.exit();
      } else if (what === 'split') splitAt(member, at);
      else if (what === 'unmap') member.munmap(at, PAGE_SIZE);
      else if (what === 'store') outcome(() => member.store(at, [who]));
      expectSound(machine);
    }
    for (const member of family) member.exit();
    expectAllFree(machine);
  });
  await fc.assert(property, { seed: SEED, numRuns: 40 });
});
