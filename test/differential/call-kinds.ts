/**
 * The calls of a random sequence, each with its weight and its arguments.
 */
import fc from 'fast-check';

/** One kind of call. */
export interface CallKind {
  readonly name: string;
  readonly weight: number;
  readonly lines: fc.Arbitrary<string>;
}

const PAGE = 4096;

/** Values, the first ones more often than the rare ones. */
function mostly<T>(common: readonly T[], rare: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...common) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );
}

const region = fc.constantFrom('a0', 'a0', 'a1', 'a1', 'a2', 'a2', 'a3', 'a4');
const fd = mostly(['f0', 'f0', 'f0', 'f1', 'f2'], ['-1', '99']);
const pages = fc.constantFrom(1, 1, 1, 2, 2, 3, 4, 6, 8);
const skip = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4, 5, 7);
const prot = mostly(
  ['PROT_READ|PROT_WRITE', 'PROT_READ|PROT_WRITE', 'PROT_READ', 'PROT_NONE'],
  ['PROT_WRITE', 'PROT_READ|PROT_EXEC', 'PROT_READ|PROT_WRITE|PROT_EXEC', '0x100000', '-1'],
);
const byte = fc.integer({ min: 1, max: 255 }).map((n) => n.toString(16).padStart(2, '0'));

/** A place in a mapping: mostly a page boundary. */
const page = fc.tuple(region, skip).map(([name, n]) => (n === 0 ? name : `${name}+${n * PAGE}`));
const place = fc
  .tuple(page, mostly(['', ''], ['+1', '+2048', '+4095', '-4096']))
  .map(([at, off]) => at + off);
/** A number of bytes: mostly whole pages. */
const length = fc.tuple(pages, mostly([0, 0], [-1, 1, -2048, 'zero', 'huge'])).map(([n, off]) => {
  if (off === 'zero') return '0';
  if (off === 'huge') return '0x7fffffffffff';
  return String(n * PAGE + Number(off));
});
const range = fc.tuple(place, length).map(([at, bytes]) => `${at} ${bytes}`);
/** An offset into a file. */
const offset = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 8 }).map((n) => n * PAGE) },
  { weight: 1, arbitrary: fc.nat({ max: 9 * PAGE }) },
);
/** Bytes to write: a few, or a page and more. */
const data = fc
  .tuple(byte, mostly([1, 2, 4], [PAGE, PAGE + 100, 3 * PAGE]))
  .map(([hex, times]) => (times === 1 ? hex : `${hex}*${times}`));
/** Where a store of a few bytes touches what `dump` shows, or the next page. */
const byteInPage = fc
  .tuple(page, fc.constantFrom('', '', '', '+1', '+4094', '+4095'))
  .map(([at, off]) => at + off);

/** A line from words, each fixed or arbitrary. */
function line(...words: (string | fc.Arbitrary<string | number>)[]): fc.Arbitrary<string> {
  const arbitraries = words.map((word) => (typeof word === 'string' ? fc.constant(word) : word));
  return fc.tuple(...arbitraries).map((values) => values.join(' '));
}

function kind(weight: number, name: string, ...words: Parameters<typeof line>): CallKind {
  return { name, weight, lines: line(name, ...words) };
}

const newRegion = fc.constantFrom('a0', 'a1', 'a2', 'a3', 'a4');
const newFile = fc.constantFrom('f0', 'f1', 'f1', 'f2', 'f2');
const extra = mostly(['', '', '', '|MAP_POPULATE'], ['|MAP_NORESERVE', '|0x40000000']);
const type = mostly(['MAP_PRIVATE', 'MAP_SHARED'], ['MAP_SHARED_VALIDATE', '0']);
const flags = (fixed: string) => fc.tuple(type, extra).map(([t, e]) => `${t}${e}${fixed}`);
const anywhere = '0';
const fixed = fc.constantFrom('|MAP_FIXED', '|MAP_FIXED', '|MAP_FIXED_NOREPLACE', '');
const mappedPlace = fc.tuple(fixed, type, extra).map(([f, t, e]) => `${t}${e}${f}`);
const fileOffset = mostly([0, 0, 1, 2, 4], [6, 100]).map((n) => n * PAGE);
const seals = mostly(
  ['F_SEAL_WRITE', 'F_SEAL_FUTURE_WRITE', 'F_SEAL_GROW', 'F_SEAL_SHRINK'],
  ['F_SEAL_SEAL', 'F_SEAL_EXEC', '0', '0x80'],
);

const MAPPING: CallKind[] = [
  kind(4, 'mmap', newRegion, anywhere, length, prot, flags('|MAP_ANONYMOUS'), '-1', '0'),
  kind(4, 'mmap', newRegion, anywhere, length, prot, flags(''), fd, fileOffset),
  kind(2, 'mmap', newRegion, place, length, prot, mappedPlace, fd, fileOffset),
  {
    name: 'mmap',
    weight: 2,
    lines: fc
      .tuple(newRegion, place, length, prot, mappedPlace)
      .map(([a, at, n, p, f]) => `mmap ${a} ${at} ${n} ${p} ${f}|MAP_ANONYMOUS -1 0`),
  },
  kind(5, 'munmap', range),
  kind(6, 'mprotect', range, prot),
];

const MEMORY: CallKind[] = [
  kind(12, 'touch', byteInPage, byte),
  kind(4, 'store', byteInPage, data),
  kind(6, 'load', byteInPage, fc.constantFrom('1', '2', '8', '4097')),
];

const FILES: CallKind[] = [
  kind(2, 'memfd_create', newFile, 'file', mostly(['MFD_ALLOW_SEALING'], ['0', '0x1000'])),
  kind(1, 'dup', newFile, fd),
  kind(1, 'open', newFile, fd, fc.constantFrom('O_RDWR', 'O_RDONLY', 'O_RDWR|O_TRUNC')),
  kind(1, 'close', fd),
  kind(3, 'ftruncate', fd, offset),
  kind(
    2,
    'fallocate',
    fd,
    mostly(['0', '1', '3'], ['2', '0x10', '-1']),
    offset,
    fc.constantFrom('4096', '8192', '100', '0'),
  ),
  kind(4, 'pwrite', fd, data, offset),
  kind(1, 'write', fd, data),
  kind(1, 'pread', fd, fc.constantFrom('2', '4100'), offset),
  kind(1, 'read', fd, fc.constantFrom('2', '4100')),
  kind(1, 'lseek', fd, offset, fc.constantFrom('0', '1', '2', '3', '4', '9')),
  kind(1, 'fstat', fd),
  kind(1, 'fcntl', fd, 'F_ADD_SEALS', seals),
  kind(1, 'fcntl', fd, 'F_GET_SEALS'),
];

const pinName = fc.constantFrom('p0', 'p1', 'p2', 'p3');
const refName = fc.constantFrom('r0', 'r1');
const PINS: CallKind[] = [
  kind(2, 'pin', pinName, page, fc.constantFrom('4096', '4096', '8192', '16384'), 'w'),
  kind(1, 'ref', refName, page, fc.constantFrom('4096', '8192')),
  kind(2, 'unpin', fc.oneof(pinName, refName)),
  kind(2, 'dma_write', pinName, '0', byte),
  kind(1, 'dma_read', pinName, '0', '2'),
];

const advice = mostly(
  ['MADV_DONTNEED', 'MADV_DONTNEED', 'MADV_REMOVE', 'MADV_POPULATE_READ', 'MADV_POPULATE_WRITE'],
  [
    ...['MADV_NORMAL', 'MADV_RANDOM', 'MADV_SEQUENTIAL', 'MADV_WILLNEED', 'MADV_DONTFORK'],
    ...[
      'MADV_DOFORK',
      'MADV_WIPEONFORK',
      'MADV_KEEPONFORK',
      'MADV_DONTDUMP',
      'MADV_DODUMP',
      'MADV_FREE',
    ],
    ...['MADV_GUARD_INSTALL', 'MADV_GUARD_INSTALL', 'MADV_GUARD_REMOVE', '7', '1000'],
  ],
);
const ADVICE: CallKind[] = [
  kind(8, 'madvise', range, advice),
  kind(2, 'mlock', range),
  kind(1, 'mlock2', range, fc.constantFrom('0', '1', '2')),
  kind(2, 'munlock', range),
  kind(1, 'mlockall', fc.constantFrom('1', '2', '3', '4', '5', '7', '8', '0')),
  kind(1, 'munlockall'),
  kind(1, 'mseal', range, mostly(['0'], ['1'])),
  kind(1, 'msync', range, mostly(['MS_ASYNC', 'MS_SYNC', 'MS_INVALIDATE'], ['5', '8', '0'])),
  kind(2, 'mincore', page, fc.constantFrom('4096', '8192', '16384', '1', '0')),
];

/** Of use only where there is swap; the oracle's must write at once. */
export const SWAPPING: readonly CallKind[] = [
  kind(10, 'madvise', range, 'MADV_PAGEOUT'),
  kind(1, 'madvise', range, 'MADV_COLD'),
];

const PIPES: CallKind[] = [
  kind(1, 'pipe', 'i0', 'o0'),
  kind(2, 'vmsplice', 'o0', place, fc.constantFrom('1', '4096', '8192', '100')),
  kind(2, 'read', 'i0', fc.constantFrom('1', '100', '4096', '10000')),
  kind(1, 'peek', place, fc.constantFrom('1', '8', '4097')),
  kind(1, 'poke', place, data),
];

const newLength = fc.constantFrom('0', '4096', '8192', '12288', '24576', '40960');
const REMAP: CallKind[] = [
  kind(3, 'mremap', newRegion, range, newLength, mostly(['0', 'MREMAP_MAYMOVE'], ['4', '8'])),
  kind(
    3,
    'mremap',
    newRegion,
    range,
    newLength,
    mostly(['MREMAP_MAYMOVE|MREMAP_FIXED', 'MREMAP_MAYMOVE|4'], ['2', 'MREMAP_MAYMOVE|6']),
    place,
  ),
];

/** Never below the heap's beginning: what lies there is the oracle's own. */
const heapPlace = fc.constantFrom('b0', 'b0+4096', 'b0+8192');
const heapLength = fc.constantFrom('4096', '8192');
const HEAP: CallKind[] = [
  kind(1, 'touch', heapPlace, byte),
  kind(1, 'munmap', heapPlace, heapLength),
  kind(1, 'mprotect', heapPlace, heapLength, prot),
  kind(1, 'pages', heapPlace, '3'),
  kind(1, 'brk', 'b0', '0'),
  kind(2, 'brk', 'b1', fc.constantFrom('b0', 'b0+1', 'b0+4096', 'b0+12288', 'b0+20000')),
];

const VIEWS: CallKind[] = [
  kind(3, 'pages', page, pages),
  kind(1, 'kpagecount', page, pages),
  kind(1, 'maps'),
  kind(1, 'smaps'),
  kind(1, 'dump', page, pages),
  kind(1, 'diff', newRegion, newRegion),
];

const PROCESSES: CallKind[] = [kind(3, 'fork', fc.constantFrom('q1', 'q1', 'q2')), kind(1, 'exit')];

/** All kinds of calls. */
export const CALLS: readonly CallKind[] = [
  ...MAPPING,
  ...MEMORY,
  ...FILES,
  ...PINS,
  ...ADVICE,
  ...PIPES,
  ...REMAP,
  ...HEAP,
  ...VIEWS,
  ...PROCESSES,
];

/** Without these a sequence shows nothing. */
export const ALWAYS: ReadonlySet<string> = new Set(['mmap', 'munmap', 'touch', 'load', 'pages']);
