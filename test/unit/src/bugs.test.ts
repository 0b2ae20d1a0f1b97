import { describe, expect, it, test } from '@jest/globals';
import { bugsMask, resolveBugs } from '../../../src/bugs.js';
import {
  FOLL_WRITE,
  Machine,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  bugs,
} from '../../../src/index.js';

const names = bugs().map(({ name }) => name);
const here = bugs().filter(({ status }) => status.startsWith('here'));

describe('bugs()', () => {
  it('names each bug once, with its source, a line about it, and what finds it', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { reference, description, status, scenario, name } of bugs()) {
      expect(reference).not.toBe('');
      expect(description).toMatch(/^[^\n]{20,90}$/);
      if (status === 'here') expect(scenario).toBe(`scenarios/zoo/${name}.mjs`);
      else
        expect({ status, scenario }).toEqual({
          status: expect.stringMatching(/^later: ./),
        });
    }
  });

  it('gives each that is here a bit of its own', () => {
    const masks = here.map(({ name }) => bugsMask([name]));
    for (const mask of masks) expect(mask & (mask - 1)).toBe(0);
    expect(new Set(masks).size).toBe(here.length);
    expect(masks.every((mask) => mask !== 0)).toBe(true);
    expect(bugsMask(here.map(({ name }) => name))).toBe(masks.reduce((all, one) => all | one, 0));
    expect(bugsMask([])).toBe(0);
  });
});

test('a list of bugs keeps its order, without repetitions', () => {
  const list = ['seal.false_busy', 'cow.mapcount_only', 'seal.false_busy'];
  expect(resolveBugs(list)).toEqual(['seal.false_busy', 'cow.mapcount_only']);
});

describe('a machine with bugs', () => {
  const RW = PROT_READ | PROT_WRITE;

  /** Whether a pinned page is still the mapped one behind a fork and a store. */
  async function staysPinned(list: string[]): Promise<boolean> {
    await using machine = await Machine.boot({ memory: '1MiB', bugs: list });
    const process = machine.spawn();
    const addr = process.mmap(0, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    process.store(addr, Uint8Array.of(1));
    const pages = process.pinUserPages(addr, 1, FOLL_WRITE);
    process.fork();
    process.store(addr, Uint8Array.of(2));
    const stays = process.pagemap(addr, 1)[0]!.pfn === pages.pfns[0];
    expect(machine.verify().map(({ invariant }) => invariant)).toEqual(
      stays ? [] : ['pin-exclusive'],
    );
    return stays;
  }

  it('makes the mistake that it was asked for, and no other', async () => {
    expect(await staysPinned([])).toBe(true);
    expect(await staysPinned(['fork.no_early_copy'])).toBe(false);
    expect(await staysPinned(names.filter((name) => name === 'seal.false_busy'))).toBe(true);
  });

  it('runs the debug build, and says so', async () => {
    await using machine = await Machine.boot({ memory: '1MiB', bugs: ['cow.mapcount_only'] });
    expect(machine.options).toMatchObject({ build: 'debug', bugs: ['cow.mapcount_only'] });
  });
});
