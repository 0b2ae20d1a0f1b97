// Whatever is passed to whatever call: only the promised errors come out, and nothing has changed.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PAGE_SIZE, policies, type PinPolicy, type SealPolicy } from '../../src/index.js';
import {
  endWorld,
  expectSound,
  holdsForPrograms,
  pages,
  perform,
  stateOf,
  type Call,
  type Value,
} from './support.js';

/** Never right, whatever the argument is. */
const NUMBERS = [NaN, Infinity, -Infinity, 0.5, -1.5, 1e300, 2 ** 53, -(2 ** 53)];
const OTHERS = [null, true, '4096', '', 5n, {}, [], [0.5], Symbol('s'), () => 1];
const NONSENSE: Value[] = [...NUMBERS, ...OTHERS].map((is: unknown) => ({ is }));

/** Edges: of pages, of 32 bits, of the address space, of exact numbers. */
const EDGES = [0, 1, 4095, 4096, 4097, 2 ** 31, 2 ** 32, 2 ** 47, 2 ** 53 - 1]
  .flatMap((edge) => [edge - 1, edge, edge + 1, edge - 4096, -edge])
  .filter(Number.isSafeInteger)
  .map((is): Value => ({ is }));

const nonsense = fc.constantFrom(...NONSENSE);
const edge = fc.constantFrom(...EDGES);
const known = (...values: unknown[]): fc.Arbitrary<Value> =>
  fc.constantFrom(...values).map((is: unknown) => ({ is }));
const number = (values: fc.Arbitrary<number>): fc.Arbitrary<Value> => values.map((is) => ({ is }));

/** Mostly what makes sense, often an edge, sometimes nonsense. */
const mostly = (sensible: fc.Arbitrary<Value>, odd = edge): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: 24, arbitrary: sensible },
    { weight: 2, arbitrary: odd },
    { weight: 1, arbitrary: nonsense },
  );

const place = fc.record({
  mapping: fc.nat(7),
  offset: fc.oneof(pages(6), fc.integer({ min: -PAGE_SIZE, max: 4 * PAGE_SIZE })),
});
const addr = mostly(fc.oneof<fc.Arbitrary<Value>[]>(place, place, known(0, 0x10000, 0x40000)));
const length = mostly(number(fc.oneof(pages(8), fc.nat(3 * PAGE_SIZE))));
/** Where a huge number would be honoured, byte by byte. */
const short = mostly(number(fc.nat(3 * PAGE_SIZE)), nonsense);
const offset = mostly(number(fc.oneof(pages(6), fc.nat(5 * PAGE_SIZE))));
const fd = mostly(known(0, 0, 0, 1, 1, 2, 3, 9));
const prot = mostly(known(0, 1, 2, 3, 3, 3, 4, 7, 8, 1 << 24));
const mapFlags = mostly(
  known(0x22, 0x22, 0x21, 1, 1, 2, 3, 0x32, 0x12, 0x11, 0x8022, 0x8001, 0x100022, 0x40022, 0x122),
);
const bytes = mostly(
  known([], [1], [1, 2, 3], new Uint8Array(PAGE_SIZE + 5).fill(7)),
  known([256], [-1], 'bytes', new Uint16Array([1, 513])),
);
const gupFlags = mostly(known(0, 1, 1, 8, 9, 256, 257));
const nrPages = mostly(number(fc.integer({ min: 1, max: 12 })));
const flags = (...values: number[]): fc.Arbitrary<Value> => mostly(known(...values));
const index = number(fc.nat(9));

/** MADV_*. */
const ADVICE = [...Array.from({ length: 26 }, (_, advice) => advice), 102, 102, 103];

/** Every public call, and what its arguments are. */
const CALLS: Readonly<Record<string, readonly fc.Arbitrary<Value>[]>> = {
  mmap: [addr, length, prot, mapFlags, fd, offset],
  munmap: [addr, length],
  mprotect: [addr, length, prot],
  brk: [
    mostly(
      number(
        fc.oneof(
          fc.constant(0),
          pages(20).map((n) => 0x5555_5556_0000 + n),
        ),
      ),
    ),
  ],
  mremap: [addr, length, length, flags(0, 1, 1, 3, 3, 5, 7, 8), addr],
  madvise: [addr, length, flags(...ADVICE, 5, 26, 100, 104)],
  mlock: [addr, length],
  mlock2: [addr, length, flags(0, 1, 2)],
  munlock: [addr, length],
  mlockall: [flags(1, 2, 3, 4, 5, 8)],
  munlockall: [],
  mseal: [addr, mostly(number(fc.constantFrom(0, 1, PAGE_SIZE))), flags(0, 1)],
  msync: [addr, length, flags(0, 1, 2, 3, 4, 6, 8)],
  mincore: [addr, length],
  load: [addr, short],
  store: [addr, bytes],
  memfdCreate: [
    mostly(known('', 'a', 'buf', 'x'.repeat(250), 'a\0'), nonsense),
    flags(0, 2, 2, 2, 3, 8, 16, 4),
  ],
  open: [
    mostly(
      known(
        '/proc/self/fd/0',
        '/proc/self/fd/1',
        '/proc/self/fd/9',
        '/etc',
        '/a',
        '/a/',
        '/b',
        '/',
        '',
      ),
      nonsense,
    ),
    flags(0, 1, 2, 0o1000, 0o102, 0o302, 0o1102, 0o200000, 0o1002, 0o2000002),
    flags(0, 0o644),
  ],
  unlink: [mostly(known('/a', 'a', '/b', '/b/', '/', ''), nonsense)],
  close: [fd],
  dup: [fd],
  ftruncate: [fd, offset],
  fallocate: [fd, flags(0, 1, 3, 2, 8), offset, length],
  read: [fd, short],
  pread: [fd, short, offset],
  write: [fd, bytes],
  pwrite: [fd, bytes, offset],
  lseek: [fd, offset, flags(0, 1, 2, 3, 4, 5)],
  fstat: [fd],
  fsync: [fd],
  fchmod: [fd, flags(0, 0o644, 0o777, 0o7777)],
  fcntl: [
    fd,
    flags(0, 1, 2, 3, 4, 1030, 1033, 1033, 1033, 1034, 99),
    flags(0, 1, 2, 4, 8, 16, 32, 15, 64, 0o2000),
  ],
  peek: [addr, short],
  poke: [addr, bytes],
  'device.submitRead': [addr, length],
  'device.submitWrite': [addr, length],
  pipe: [flags(0, 0o4000, 0o2000000, 1)],
  vmsplice: [fd, addr, length, flags(0, 2, 8, 16)],
  getUserPages: [addr, nrPages, gupFlags],
  getUserPagesFast: [addr, nrPages, gupFlags],
  pinUserPages: [addr, nrPages, gupFlags],
  pinUserPagesFast: [addr, nrPages, gupFlags],
  maps: [],
  fork: [],
  'refs.read': [index, offset, short],
  'refs.write': [index, offset, bytes],
  'refs.release': [index, fc.oneof(known({}, { dirty: true }), nonsense)],
  'machine.swapon': [mostly(number(fc.constantFrom(0, 1, PAGE_SIZE, 2 ** 16, 2 ** 18)))],
  'machine.swapoff': [],
  'machine.reclaim': [mostly(number(fc.nat(40)))],
  'machine.page': [mostly(number(fc.nat(256)))],
  'machine.kpagecount': [mostly(number(fc.nat(256)))],
  'machine.kpageflags': [mostly(number(fc.nat(256)))],
  'machine.meminfo': [],
  'machine.buddyinfo': [],
};
/** Made more often, so that there is something to refuse. */
const MAKERS = [
  ...['mmap', 'mmap', 'memfdCreate', 'munmap', 'store', 'fcntl', 'fcntl', 'pinUserPages'],
  ...['machine.swapon', 'machine.reclaim'],
];

const call: fc.Arbitrary<Call> = fc
  .constantFrom(...Object.keys(CALLS), ...MAKERS)
  .chain((name) =>
    fc
      .tuple(fc.nat(3), ...(CALLS[name] ?? []))
      .map(([process, ...args]) => ({ process, name, args })),
  );

/** Calls that fault pages in before they fail, or write as far as they get. */
const FAULTS = /^(load|store|getUserPages|pinUserPages|vmsplice|peek|poke|device)/;
/** Linux, too, leaves what it did before the hole, or the mappings that it has split. */
const PARTIAL =
  /^(mmap|munmap|mprotect|fallocate) (ENOMEM|EACCES|EPERM)|^(madvise|m?(un)?lock2?|mseal|mremap) E/;

const PINS = policies()[0]?.values.map(({ name }) => name) as PinPolicy[];
const SEALS: SealPolicy[] = ['wait-for-pins', 'dontpin', 'ignore-pins'];
const POLICIES = PINS.flatMap((pin) => SEALS.map((seal) => ({ pin, seal })));

const PROGRAMS = 420;
/** At most; half of that on average. */
const CALLS_A_PROGRAM = 60;

test('every call refuses what it must, and then nothing has changed', async () => {
  const counts = new Map<string, number>();
  const options = { programs: PROGRAMS, calls: CALLS_A_PROGRAM, memory: 2 ** 20 };
  await holdsForPrograms(call, POLICIES, options, (world, program) => {
    let before = stateOf(world);
    for (const each of program) {
      const { code } = perform(world, each);
      const after = stateOf(world);
      const partial = PARTIAL.test(`${each.name} ${code}`);
      if (code !== 'ok' && !partial) {
        expect(after.files).toBe(before.files);
        const ofArgument = code === 'TypeError' || code === 'RangeError';
        if (ofArgument || !FAULTS.test(each.name)) expect(after.memory).toBe(before.memory);
      }
      before = after;
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    expectSound(world.machine);
    endWorld(world);
  });
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThanOrEqual(10_000);
  // The programs get somewhere: much succeeds, and much is refused, for many reasons.
  expect(counts.get('ok')).toBeGreaterThan(total / 10);
  const refusals = ['TypeError', 'RangeError', 'EBADF', 'EINVAL', 'EFAULT', 'ENOMEM', 'EPERM'];
  expect(refusals.filter((code) => !counts.has(code))).toEqual([]);
}, 60_000);
