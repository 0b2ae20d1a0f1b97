import fc from 'fast-check';

/**
 * Random programs of system calls, as values that a failure can print. Numbers name things by their
 * position among those that exist when the call is made (the remainder counts), so that a program
 * keeps its meaning when others of its calls are left out.
 */
export type Call =
  | { call: 'spawn' }
  | { call: 'exit'; process: number }
  | {
      call: 'mmapAnon';
      process: number;
      pages: number;
      prot: number;
      shared: boolean;
      flags: number;
    }
  | {
      call: 'mmapFile';
      process: number;
      fd: number;
      pages: number;
      offset: number;
      prot: number;
      shared: boolean;
      flags: number;
    }
  | {
      call: 'mmapOver';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      prot: number;
    }
  | { call: 'munmap'; process: number; mapping: number; skip: number; pages: number }
  | {
      call: 'mprotect';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      prot: number;
    }
  | { call: 'store'; process: number; mapping: number; skip: number; bytes: number }
  | { call: 'load'; process: number; mapping: number; skip: number; bytes: number }
  | { call: 'memfd'; process: number; flags: number }
  | { call: 'reopen'; process: number; fd: number; flags: number }
  | { call: 'dup'; process: number; fd: number }
  | { call: 'close'; process: number; fd: number }
  | { call: 'ftruncate'; process: number; fd: number; size: number }
  | { call: 'fallocate'; process: number; fd: number; mode: number; offset: number; size: number }
  | { call: 'pwrite'; process: number; fd: number; offset: number; size: number }
  | { call: 'pread'; process: number; fd: number; offset: number; size: number }
  | { call: 'addSeals'; process: number; fd: number; seals: number; releaseAfter: number }
  | {
      call: 'gup';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      flags: number;
      pin: boolean;
      fast: boolean;
    }
  | { call: 'release'; held: number; dirty: boolean }
  | { call: 'dma'; held: number; offset: number };

/** Flags of mmap beside its type: mostly none. */
const MAP_POPULATE = 0x8000;
const FOLL_WRITE = 1;
const FOLL_FORCE = 8;
const FOLL_LONGTERM = 0x100;
const O_RDWR = 2;
const O_TRUNC = 0x200;

const small = fc.nat({ max: 15 });
const pages = fc.integer({ min: 1, max: 12 });
/** Now and then more than the lists of a CPU hold, so that pages go back to the buddy allocator. */
const manyPages = fc.oneof(
  { weight: 7, arbitrary: pages },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 400 }) },
);
const prot = fc.constantFrom(3, 3, 3, 1, 1, 0, 2, 4, 5, 7);
const shared = fc.boolean();
const flags = fc.constantFrom(0, 0, 0, MAP_POPULATE);
const size = fc.oneof(
  fc.nat({ max: 12 }).map((count) => count * 4096),
  fc.nat({ max: 50_000 }),
);

function record<Name extends Call['call']>(
  call: Name,
  fields: {
    [F in Exclude<keyof Extract<Call, { call: Name }>, 'call'>]: fc.Arbitrary<
      Extract<Call, { call: Name }>[F]
    >;
  },
): fc.Arbitrary<Call> {
  const all = { call: fc.constant(call), ...fields } as Record<string, fc.Arbitrary<unknown>>;
  return fc.record(all) as unknown as fc.Arbitrary<Call>;
}

const range = { process: small, mapping: small, skip: small, pages };
const file = { process: small, fd: small };

/** One call; how often each kind comes is chosen so that most calls find something to work on. */
const anyCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 1, arbitrary: record('spawn', {}) },
  { weight: 1, arbitrary: record('exit', { process: small }) },
  {
    weight: 8,
    arbitrary: record('mmapAnon', { process: small, pages: manyPages, prot, shared, flags }),
  },
  {
    weight: 14,
    arbitrary: record('mmapFile', { ...file, pages, offset: small, prot, shared, flags }),
  },
  { weight: 2, arbitrary: record('mmapOver', { ...range, prot }) },
  { weight: 4, arbitrary: record('munmap', { ...range, pages: manyPages }) },
  { weight: 4, arbitrary: record('mprotect', { ...range, prot }) },
  {
    weight: 8,
    arbitrary: record('store', { process: small, mapping: small, skip: small, bytes: size }),
  },
  {
    weight: 4,
    arbitrary: record('load', { process: small, mapping: small, skip: small, bytes: size }),
  },
  {
    weight: 3,
    arbitrary: record('memfd', { process: small, flags: fc.constantFrom(0, 2, 2, 2, 8) }),
  },
  {
    weight: 1,
    arbitrary: record('reopen', {
      ...file,
      flags: fc.constantFrom(0, 1, O_RDWR, O_RDWR | O_TRUNC),
    }),
  },
  { weight: 1, arbitrary: record('dup', file) },
  { weight: 1, arbitrary: record('close', file) },
  { weight: 4, arbitrary: record('ftruncate', { ...file, size }) },
  {
    weight: 3,
    arbitrary: record('fallocate', {
      ...file,
      mode: fc.constantFrom(0, 1, 3, 3),
      offset: size,
      size,
    }),
  },
  {
    weight: 3,
    arbitrary: record('pwrite', { ...file, offset: size, size: fc.nat({ max: 9000 }) }),
  },
  { weight: 1, arbitrary: record('pread', { ...file, offset: size, size: fc.nat({ max: 9000 }) }) },
  {
    weight: 4,
    arbitrary: record('addSeals', {
      ...file,
      seals: fc.constantFrom(8, 8, 8, 16, 2, 4, 1, 0x20, 0x3f, 14),
      releaseAfter: fc.constantFrom(0, 5, 25, 200),
    }),
  },
  {
    weight: 6,
    arbitrary: record('gup', {
      ...range,
      flags: fc.constantFrom(
        0,
        FOLL_WRITE,
        FOLL_WRITE,
        FOLL_WRITE | FOLL_LONGTERM,
        FOLL_FORCE | FOLL_WRITE,
        FOLL_LONGTERM,
      ),
      pin: fc.boolean(),
      fast: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: record('release', { held: small, dirty: fc.boolean() }) },
  { weight: 2, arbitrary: record('dma', { held: small, offset: fc.nat({ max: 8000 }) }) },
);

/** Programs of up to `length` calls. */
export function programs(length: number): fc.Arbitrary<Call[]> {
  return fc.array(anyCall, { minLength: 1, maxLength: length, size: 'max' });
}
