/**
 * How near maxMapCount each call still works. The tables are what Linux 6.18.44 answered with
 * 65,530 mappings less 8, 7 ... -1, the same calls on the same mappings: how many mappings there
 * were more after the call, or the error with that number. (A call may fail with one more: a first
 * cut stays.)
 */
import { describe, expect, test } from '@jest/globals';
import {
  MADV_DONTFORK,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  Machine,
  MmError,
  PAGE_SIZE as PAGE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../src/index.js';

const MAX = 100;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const RW = PROT_READ | PROT_WRITE;
/** 64 pages that may be written; 8 read-only pages, and right behind them 8 that may be written. */
const ONE = 0x1000_0000;
const TWO = 0x2000_0000;
const ELSEWHERE = 0x3000_0000;
const FILL = 0x4000_0000;

function at(addr: number, pages: number): number {
  return addr + pages * PAGE;
}

/** What to call, and its answers with 8, 7 ... 0 and -1 mappings less than the limit. */
const CALLS: Record<string, readonly [call: (p: Process) => unknown, answers: string]> = {
  'mmap of something new': [
    (p) => p.mmap(0, PAGE, PROT_EXEC, ANON, -1, 0),
    '+1 +1 +1 +1 +1 +1 +1 +1 +1 ENOMEM',
  ],
  'mmap in the middle of a mapping': [
    (p) => p.mmap(at(ONE, 8), PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0),
    '+2 +2 +2 +2 +2 +2 +2 +2 ENOMEM ENOMEM',
  ],
  'mmap over the start of a mapping': [
    (p) => p.mmap(ONE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0),
    '+1 +1 +1 +1 +1 +1 +1 +1 +1 ENOMEM',
  ],
  'mmap that its neighbour takes in': [
    (p) => p.mmap(at(TWO, 16), PAGE, RW, ANON | MAP_FIXED, -1, 0),
    '+0 +0 +0 +0 +0 +0 +0 +0 +0 ENOMEM',
  ],
  'munmap of the middle': [
    (p) => p.munmap(at(ONE, 8), PAGE),
    '+1 +1 +1 +1 +1 +1 +1 +1 ENOMEM ENOMEM',
  ],
  'munmap of the start': [(p) => p.munmap(ONE, PAGE), '+0 +0 +0 +0 +0 +0 +0 +0 +0 +0'],
  'munmap across the end': [
    (p) => p.munmap(at(ONE, 8), 64 * PAGE),
    '+0 +0 +0 +0 +0 +0 +0 +0 +0 +0',
  ],
  'mprotect of the middle': [
    (p) => p.mprotect(at(ONE, 8), PAGE, PROT_READ),
    '+2 +2 +2 +2 +2 +2 +2 ENOMEM+1 ENOMEM ENOMEM',
  ],
  'mprotect of the start': [
    (p) => p.mprotect(ONE, PAGE, PROT_READ),
    '+1 +1 +1 +1 +1 +1 +1 +1 ENOMEM ENOMEM',
  ],
  'mprotect that moves a boundary': [
    (p) => p.mprotect(at(TWO, 8), PAGE, PROT_READ),
    '+0 +0 +0 +0 +0 +0 +0 +0 +0 +0',
  ],
  'mremap of a mapping to a fixed place': [
    (p) => p.mremap(ONE, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
    '+0 +0 +0 ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM',
  ],
  'mremap of a part to a fixed place': [
    (p) => p.mremap(at(ONE, 8), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
    '+2 +2 +2 ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM',
  ],
  'mremap over another mapping': [
    (p) => p.mremap(ONE, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(TWO, 2)),
    '-1 -1 -1 ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM',
  ],
  'mremap that must move to grow': [
    (p) => p.mremap(at(ONE, 8), PAGE, 2 * PAGE, MREMAP_MAYMOVE),
    '+2 +2 +2 +2 +2 ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM',
  ],
  'mremap with MREMAP_DONTUNMAP': [
    (p) => p.mremap(ONE, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP),
    '+1 +1 +1 ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM ENOMEM',
  ],
  'mremap that grows in place': [
    (p) => p.mremap(ONE, 64 * PAGE, 65 * PAGE, 0),
    '+0 +0 +0 +0 +0 +0 +0 +0 +0 +0',
  ],
  'mremap that shrinks': [
    (p) => p.mremap(ONE, 64 * PAGE, 63 * PAGE, 0),
    '+0 +0 +0 +0 +0 +0 +0 +0 +0 +0',
  ],
  // brk has no errors: it leaves the heap as it is.
  'brk of an empty heap': [(p) => p.brk(p.brk(0) + 4 * PAGE), '+1 +1 +1 +1 +1 +1 +1 +1 +1 +0'],
  'madvise of the middle': [
    (p) => p.madvise(at(ONE, 8), PAGE, MADV_DONTFORK),
    '+2 +2 +2 +2 +2 +2 +2 EAGAIN+1 EAGAIN EAGAIN',
  ],
  'mlock of the middle': [
    (p) => p.mlock(at(ONE, 8), PAGE),
    '+2 +2 +2 +2 +2 +2 +2 ENOMEM+1 ENOMEM ENOMEM',
  ],
};

/** A process with `count` mappings. */
function withMappings(machine: Machine, count: number): Process {
  const process = machine.spawn();
  process.mmap(ONE, 64 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
  process.mmap(TWO, 8 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
  process.mmap(at(TWO, 8), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
  for (let i = 0; i < count - 3; i++) {
    process.mmap(at(FILL, 2 * i), PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
  }
  return process;
}

/** Makes the call, and says how many mappings there are more, after its error if it fails. */
function answer(process: Process, call: (process: Process) => unknown): string {
  const before = process.maps().length;
  let code = '';
  try {
    call(process);
  } catch (error) {
    if (!(error instanceof MmError)) throw error;
    ({ code } = error);
  }
  const more = process.maps().length - before;
  if (code !== '' && more === 0) return code;
  return `${code}${more < 0 ? '' : '+'}${more}`;
}

describe('near the limit of mappings', () => {
  test.each(Object.entries(CALLS))('%s', async (_name, [call, expected]) => {
    await using machine = await Machine.boot({ memory: '4MiB', maxMapCount: MAX });
    const answers: string[] = [];
    for (let below = 8; below >= -1; below--) {
      const process = withMappings(machine, MAX - below);
      answers.push(answer(process, call));
      expect(machine.verify()).toEqual([]);
      process.exit();
    }
    expect(answers.join(' ')).toBe(expected);
  });
});
