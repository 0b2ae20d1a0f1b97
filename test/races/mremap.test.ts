// Moving mappings on real threads against those who fault, pin and look for their pages.
import { describe, expect, test } from '@jest/globals';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../src/index.js';
import { bootRace, expectNothingLeft, LENGTH, PAGES, race, type Loop } from './support.js';

const RW = PROT_READ | PROT_WRITE;
/** Two places that end in the middle of a table of page-table entries, and begin in another. */
const HERE = 0x1000_0000 - LENGTH / 2;
const THERE = 0x2000_0000 - LENGTH / 4;

const WAYS = [
  { way: 'leaving nothing behind', flags: 0 },
  { way: 'leaving an empty mapping behind', flags: MREMAP_DONTUNMAP },
];
const KINDS = ['private memory', 'a file'] as const;

interface Raced {
  readonly process: Process;
  readonly fd: number;
  readonly data: Uint8Array;
}

function prepare(process: Process, kind: (typeof KINDS)[number]): Raced {
  const fd = process.memfdCreate('raced', 0);
  process.ftruncate(fd, LENGTH);
  const type = kind === 'a file' ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  process.mmap(HERE, LENGTH, RW, type | MAP_FIXED, fd, 0);
  const data = Uint8Array.from({ length: LENGTH }, (_, i) => (i >> 12) * 5 + i);
  process.store(HERE, data);
  return { process, fd, data };
}

describe.each(WAYS)('mremap, $way,', ({ flags }) => {
  test.each(KINDS)('keeps the contents of %s that others pin and touch', async (kind) => {
    await using machine = await bootRace('pincount', 'full', 4);
    const { process, fd, data } = prepare(machine.spawn(), kind);
    const { task } = process;
    const loops: Loop[] = [
      ['moveLoop', task, HERE, LENGTH, THERE, flags],
      ['pinLoop', task, HERE, PAGES],
      ['touchLoop', task, THERE, LENGTH, true],
      ['touchLoop', task, HERE, LENGTH, false],
    ];
    await race(machine, loops);
    expect(process.load(HERE, LENGTH)).toEqual(data);
    if (kind === 'a file') expect(process.pread(fd, LENGTH, 0)).toEqual(data);
    expectNothingLeft(machine, [process]);
  });

  test('hides no page from those who punch it out of the file', async () => {
    await using machine = await bootRace('pincount', 'full', 3);
    const { process, fd } = prepare(machine.spawn(), 'a file');
    const { task } = process;
    const loops: Loop[] = [
      ['moveLoop', task, HERE, LENGTH, THERE, flags],
      ['punchLoop', task, fd, LENGTH],
      ['touchLoop', task, HERE, LENGTH, true],
    ];
    await race(machine, loops);
    process.fallocate(fd, 3, 0, LENGTH);
    expect(process.load(HERE, LENGTH).every((byte) => byte === 0)).toBe(true);
    expectNothingLeft(machine, [process]);
  });
});

test('a mapping that moves next to its like, and away, hides no page either', async () => {
  await using machine = await bootRace('pincount', 'full', 3);
  const { process, fd } = prepare(machine.spawn(), 'a file');
  const { task } = process;
  // The second half goes to a place where the file's third quarter would merge with it.
  const half = LENGTH / 2;
  process.ftruncate(fd, 2 * LENGTH);
  process.mmap(THERE + half, half, RW, MAP_SHARED | MAP_FIXED, fd, LENGTH);
  const loops: Loop[] = [
    ['moveLoop', task, HERE + half, half, THERE, 0],
    ['punchLoop', task, fd, 2 * LENGTH],
    ['touchLoop', task, THERE, LENGTH, true],
  ];
  await race(machine, loops);
  process.fallocate(fd, 3, 0, 2 * LENGTH);
  const last = process.load(HERE + LENGTH - PAGE_SIZE, PAGE_SIZE);
  expect(last.every((byte) => byte === 0)).toBe(true);
  expectNothingLeft(machine, [process]);
});
