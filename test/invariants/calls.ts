import fc from 'fast-check';

/**
 * Random programs of system calls, as values that a failure can print. Numbers name things by their
 * position among those that exist when the call is made (the remainder counts), so that a program
 * keeps its meaning when others of its calls are left out.
 */
export type Call =
  | { call: 'spawn' }
  | { call: 'fork'; process: number }
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
  | {
      call: 'mremap';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      newPages: number;
      flags: number;
      to: number;
    }
  | { call: 'brk'; process: number; pages: number; down: boolean }
  | { call: 'munmap'; process: number; mapping: number; skip: number; pages: number }
  | {
      call: 'mprotect';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      prot: number;
    }
  | {
      call: 'madvise';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      advice: number;
    }
  | {
      call: 'mlock';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      onFault: boolean;
    }
  | { call: 'munlock'; process: number; mapping: number; skip: number; pages: number }
  | { call: 'mlockall'; process: number; flags: number }
  | { call: 'mseal'; process: number; mapping: number; skip: number; pages: number }
  | { call: 'msync'; process: number; mapping: number; skip: number; pages: number; flags: number }
  | { call: 'mincore'; process: number; mapping: number; skip: number; pages: number }
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
  | {
      call: 'submit';
      process: number;
      mapping: number;
      skip: number;
      pages: number;
      write: boolean;
    }
  | { call: 'transfer'; held: number; sectors: number; end: boolean }
  | { call: 'peek'; process: number; mapping: number; skip: number; bytes: number }
  | { call: 'poke'; process: number; mapping: number; skip: number; bytes: number }
  | { call: 'open'; process: number; path: number; flags: number }
  | { call: 'unlink'; process: number; path: number }
  | { call: 'pipe'; process: number }
  | { call: 'vmsplice'; process: number; mapping: number; skip: number; bytes: number; fd: number }
  | { call: 'pipeWrite'; process: number; fd: number; size: number }
  | { call: 'pipeRead'; process: number; fd: number; size: number }
  | { call: 'reclaim'; pages: number }
  | { call: 'swapon'; pages: number }
  | { call: 'swapoff' }
  | { call: 'release'; held: number; dirty: boolean }
  | { call: 'dma'; held: number; offset: number };

/** Flags of mmap beside its type: mostly none. */
const MAP_POPULATE = 0x8000;
const FOLL_WRITE = 1;
const FOLL_FORCE = 8;
const FOLL_LONGTERM = 0x100;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_TRUNC = 0x200;

const small = fc.nat({ max: 15 });
const pages = fc.integer({ min: 1, max: 12 });
/** Now and then more than the lists of a CPU hold, so that pages go back to the buddy allocator. */
const manyPages = fc.oneof(
  { weight: 7, arbitrary: pages },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 400 }) },
);
const prot = fc.constantFrom(3, 3, 3, 1, 1, 0, 2, 4, 5, 7);
/** MADV_*: those that discard, age or guard pages come more often. */
const advice = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(4, 8, 9, 20, 22, 23, 24, 102, 102, 103) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1, 2, 3, ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
  },
);
const shared = fc.boolean();
const flags = fc.constantFrom(0, 0, 0, MAP_POPULATE);
const size = fc.oneof(
  fc.nat({ max: 12 }).map((count) => count * 4096),
  fc.nat({ max: 50_000 }),
);

/** One kind of call: how often it comes, and what its fields may be. */
function kind<Name extends Call['call']>(
  weight: number,
  call: Name,
  fields: {
    [F in Exclude<keyof Extract<Call, { call: Name }>, 'call'>]: fc.Arbitrary<
      Extract<Call, { call: Name }>[F]
    >;
  },
): fc.WeightedArbitrary<Call> {
  const all = { call: fc.constant(call), ...fields } as Record<string, fc.Arbitrary<unknown>>;
  return { weight, arbitrary: fc.record(all) as unknown as fc.Arbitrary<Call> };
}

const process = small;
const range = { process, mapping: small, skip: small, pages };
const bytes = { process, mapping: small, skip: small, bytes: size };
const file = { process, fd: small };
const part = { ...file, offset: size, size: fc.nat({ max: 9000 }) };

const processCalls = [
  kind(1, 'spawn', {}),
  kind(2, 'fork', { process }),
  kind(2, 'exit', { process }),
];

// MREMAP_MAYMOVE, FIXED, DONTUNMAP
const mremapFlags = fc.constantFrom(0, 1, 1, 3, 3, 3, 5, 7);

const mappingCalls = [
  kind(8, 'mmapAnon', { process, pages: manyPages, prot, shared, flags }),
  kind(14, 'mmapFile', { ...file, pages, offset: small, prot, shared, flags }),
  kind(2, 'mmapOver', { ...range, prot }),
  kind(6, 'mremap', { ...range, newPages: pages, flags: mremapFlags, to: fc.nat({ max: 60 }) }),
  kind(2, 'brk', { process, pages, down: fc.boolean() }),
  kind(4, 'munmap', { ...range, pages: manyPages }),
  kind(4, 'mprotect', { ...range, prot }),
  kind(10, 'madvise', { ...range, advice }),
  kind(2, 'mlock', { ...range, onFault: fc.boolean() }),
  kind(2, 'munlock', range),
  kind(1, 'mlockall', { process, flags: fc.constantFrom(0, 0, 0, 1, 2, 3, 5) }),
  kind(1, 'mseal', { ...range, pages: fc.constantFrom(0, 0, 1, 2) }),
  kind(1, 'msync', { ...range, flags: fc.constantFrom(0, 1, 2, 4, 6) }),
  kind(1, 'mincore', range),
];

const accessCalls = [
  kind(8, 'store', bytes),
  kind(4, 'load', bytes),
  kind(1, 'peek', bytes),
  kind(3, 'poke', bytes),
];

const reopenFlags = fc.constantFrom(0, 1, O_RDWR, O_RDWR | O_TRUNC);
const openFlags = fc.constantFrom(O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR | O_TRUNC);
const seals = fc.constantFrom(8, 8, 8, 16, 2, 4, 1, 0x20, 0x3f, 14);

const fileCalls = [
  kind(3, 'memfd', { process, flags: fc.constantFrom(0, 2, 2, 2, 8) }),
  kind(1, 'reopen', { ...file, flags: reopenFlags }),
  kind(2, 'open', { process, path: small, flags: openFlags }),
  kind(1, 'unlink', { process, path: small }),
  kind(1, 'dup', file),
  kind(1, 'close', file),
  kind(4, 'ftruncate', { ...file, size }),
  kind(3, 'fallocate', { ...file, mode: fc.constantFrom(0, 1, 3, 3), offset: size, size }),
  kind(3, 'pwrite', part),
  kind(1, 'pread', part),
  kind(4, 'addSeals', { ...file, seals, releaseAfter: fc.constantFrom(0, 5, 25, 200) }),
];

const gupFlags = fc.constantFrom(
  0,
  FOLL_WRITE,
  FOLL_WRITE,
  FOLL_WRITE | FOLL_LONGTERM,
  FOLL_FORCE | FOLL_WRITE,
  FOLL_LONGTERM,
);

const holdingCalls = [
  kind(6, 'gup', { ...range, flags: gupFlags, pin: fc.boolean(), fast: fc.boolean() }),
  kind(3, 'release', { held: small, dirty: fc.boolean() }),
  kind(2, 'dma', { held: small, offset: fc.nat({ max: 8000 }) }),
  kind(3, 'submit', { ...range, write: fc.boolean() }),
  kind(3, 'transfer', { held: small, sectors: small, end: fc.boolean() }),
  kind(1, 'pipe', { process }),
  kind(5, 'vmsplice', { ...bytes, fd: small }),
  kind(3, 'pipeWrite', { ...file, size: fc.nat({ max: 9000 }) }),
  kind(3, 'pipeRead', { ...file, size }),
];

const machineCalls = [
  kind(6, 'reclaim', { pages }),
  kind(1, 'swapon', { pages: manyPages }),
  kind(1, 'swapoff', {}),
];

/** One call; how often each kind comes is chosen so that most calls find something to work on. */
const anyCall: fc.Arbitrary<Call> = fc.oneof(
  ...processCalls,
  ...mappingCalls,
  ...accessCalls,
  ...fileCalls,
  ...holdingCalls,
  ...machineCalls,
);

/** Programs of up to `length` calls. */
export function programs(length: number): fc.Arbitrary<Call[]> {
  return fc.array(anyCall, { minLength: 1, maxLength: length, size: 'max' });
}
