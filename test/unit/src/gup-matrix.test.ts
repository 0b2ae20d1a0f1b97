/** What get_user_pages and pin_user_pages give on each kind of mapping, by flags (Linux: gup.c). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  FOLL_FORCE,
  FOLL_LONGTERM,
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  MmError,
  O_RDONLY,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const MARK = 0x5a;

let machine: Machine;
let p: Process;
beforeAll(async () => {
  machine = await Machine.boot({ memory: '4MiB' });
  p = machine.spawn();
});
afterAll(() => machine.close());

/** A page of a file that holds MARK, mapped with `type`. */
function ofFile(type: number, prot: number, readOnly = false): number {
  let fd = p.memfdCreate('f', 0);
  p.pwrite(fd, new Uint8Array(PAGE_SIZE).fill(MARK), 0);
  if (readOnly) fd = p.open(`/proc/self/fd/${fd}`, O_RDONLY);
  return p.mmap(0, PAGE_SIZE, prot, type, fd, 0);
}

/** A private page, untouched or holding MARK. */
function anonymous(prot: number, written: boolean): number {
  const addr = p.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
  if (written) p.store(addr, new Uint8Array(PAGE_SIZE).fill(MARK));
  p.mprotect(addr, PAGE_SIZE, prot);
  return addr;
}

/** By kind of mapping: an address, made anew each time. */
const MAPPINGS: Record<string, () => number> = {
  'anonymous, untouched': () => anonymous(RW, false),
  'anonymous, written': () => anonymous(RW, true),
  'anonymous, to be read': () => anonymous(PROT_READ, true),
  'anonymous, PROT_NONE': () => anonymous(PROT_NONE, true),
  'shared file': () => ofFile(MAP_SHARED, RW),
  'shared file, to be read': () => ofFile(MAP_SHARED, PROT_READ),
  'shared file, opened to be read': () => ofFile(MAP_SHARED, PROT_READ, true),
  'shared file, PROT_NONE': () => ofFile(MAP_SHARED, PROT_NONE),
  'private file': () => ofFile(MAP_PRIVATE, RW),
  'private file, to be read': () => ofFile(MAP_PRIVATE, PROT_READ),
  'private file, PROT_NONE': () => ofFile(MAP_PRIVATE, PROT_NONE),
  hole: () => 0x10000,
};

/** Which page a reference has: the one that is mapped then, the file's, or the zero page. */
type Kind = 'anon' | 'file' | 'zero' | 'EFAULT' | 'EINVAL';

/** For reading, for writing, the same with FOLL_FORCE, and long-term pins for reading. */
const EXPECTED: Record<string, readonly [Kind, Kind, Kind, Kind, Kind]> = {
  'anonymous, untouched': ['zero', 'anon', 'zero', 'anon', 'anon'],
  'anonymous, written': ['anon', 'anon', 'anon', 'anon', 'anon'],
  'anonymous, to be read': ['anon', 'EFAULT', 'anon', 'anon', 'anon'],
  'anonymous, PROT_NONE': ['EFAULT', 'EFAULT', 'anon', 'anon', 'EFAULT'],
  'shared file': ['file', 'file', 'file', 'file', 'file'],
  'shared file, to be read': ['file', 'EFAULT', 'file', 'EFAULT', 'file'],
  'shared file, opened to be read': ['file', 'EFAULT', 'file', 'EFAULT', 'file'],
  'shared file, PROT_NONE': ['EFAULT', 'EFAULT', 'file', 'EFAULT', 'EFAULT'],
  'private file': ['file', 'anon', 'file', 'anon', 'anon'],
  'private file, to be read': ['file', 'EFAULT', 'file', 'anon', 'anon'],
  'private file, PROT_NONE': ['EFAULT', 'EFAULT', 'file', 'anon', 'EFAULT'],
  hole: ['EFAULT', 'EFAULT', 'EFAULT', 'EFAULT', 'EFAULT'],
};

const FLAGS = [0, FOLL_WRITE, FOLL_FORCE, FOLL_FORCE | FOLL_WRITE, FOLL_LONGTERM] as const;
const CALLS = ['getUserPages', 'getUserPagesFast', 'pinUserPages', 'pinUserPagesFast'] as const;
const CASES = Object.entries(EXPECTED).flatMap(([mapping, kinds]) =>
  FLAGS.flatMap((flags, at) =>
    CALLS.map((call) => ({ mapping, flags, call, kind: expectedKind(call, flags, kinds[at]) })),
  ),
);

/** Only pins can be long-term. */
function expectedKind(call: string, flags: number, kind: Kind | undefined): Kind | undefined {
  return flags === FOLL_LONGTERM && call.startsWith('get') ? 'EINVAL' : kind;
}

function kindOf(pfn: number): Kind {
  if (pfn === machine.options.memory / PAGE_SIZE) return 'zero';
  return machine.page(pfn).flags.includes('anon') ? 'anon' : 'file';
}

function attempt(call: (typeof CALLS)[number], addr: number, flags: number): Kind {
  try {
    const refs = p[call](addr, 1, flags);
    const [pfn = -1] = refs.pfns;
    const kind = kindOf(pfn);
    const mark = kind === 'zero' ? 0 : refs.read(0, 1)[0];
    if (mark !== 0) expect(mark).toBe(MARK);
    refs.release();
    return kind;
  } catch (error) {
    if (error instanceof MmError) return error.code as Kind;
    throw error;
  }
}

describe('one page of each kind of mapping', () => {
  it.each(CASES)(
    '$mapping: $call with flags $flags gives $kind',
    ({ mapping, flags, call, kind }) => {
      const addr = MAPPINGS[mapping]?.() ?? 0;
      expect(attempt(call, addr, flags)).toBe(kind);
      expect(machine.verify()).toEqual([]);
      if (mapping !== 'hole') p.munmap(addr, PAGE_SIZE);
    },
  );
});

describe('a long-term pin for reading', () => {
  it.each(['pinUserPages', 'pinUserPagesFast'] as const)(
    'by %s stays the process’s page',
    (call) => {
      for (const make of [() => ofFile(MAP_PRIVATE, RW), () => anonymous(RW, false)]) {
        const addr = make();
        p.load(addr, 1); // the file's page, or the zero page, is mapped
        const pins = p[call](addr, 1, FOLL_LONGTERM);
        p.store(addr, [1]);
        expect([...pins.read(0, 1)]).toEqual([1]);
        pins.release();
        p.munmap(addr, PAGE_SIZE);
      }
    },
  );

  it('breaks the sharing after a fork first', () => {
    const addr = anonymous(RW, true);
    const child = p.fork();
    const pins = p.pinUserPages(addr, 1, FOLL_LONGTERM);
    p.store(addr, [1]);
    expect([...pins.read(0, 1)]).toEqual([1]);
    expect(child.load(addr, 1)[0]).toBe(MARK);
    pins.release();
    child.exit();
    expect(machine.verify()).toEqual([]);
  });
});
