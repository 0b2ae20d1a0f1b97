/**
 * Every figure that `npm run bench` can print, with what it is to be held against. Sections add
 * values to figures by their id (recorder.ts); what each means in detail stands in
 * docs/benchmarking.md.
 */

/** The parts of the benchmark, in the order in which they run. */
export const SECTION_NAMES = [
  'pins',
  'calls',
  'faults',
  'processes',
  'vmas',
  'boot',
  'explore',
] as const;

/** One part of the benchmark. */
export type SectionName = (typeof SECTION_NAMES)[number];

/** What a figure should be; either end may be missing. */
export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One line of the result. */
export interface Figure {
  readonly id: string;
  readonly section: SectionName;
  readonly what: string;
  /** Of the value: `x` for a ratio. */
  readonly unit: string;
  /** None: the figure is there to understand the others. */
  readonly target?: Target;
}

/** Headings of the sections. */
export const SECTION_TITLES: Readonly<Record<SectionName, string>> = {
  pins: 'GUP-fast pin and unpin: the core in WebAssembly and its twin in C',
  calls: 'Calls from TypeScript',
  faults: "Faults and calls against this machine's kernel",
  vmas: 'Address spaces of 65,530 mappings',
  processes: "Processes against this machine's kernel",
  boot: 'Boot and memory',
  explore: 'The explorer, on raw words and on the core',
};

type Line = readonly [id: string, what: string, unit: string, target?: Target];

const PINS: readonly Line[] = [
  ['pins.1-thread', 'pincount, 1 thread: core / twin', 'x', { atLeast: 0.7 }],
  ['pins.scaling', 'pincount, separate pages: 2 threads / 1, core', 'x', { atLeast: 1.6 }],
  ['pins.same-page', 'pincount, 2 threads on one page: core / twin', 'x', { atLeast: 0.8 }],
  [
    'pins.imw-slower',
    'i-mmap-writable, 2 threads, one file: times slower than pincount, core',
    'x',
    { atLeast: 3, atMost: 15 },
  ],
  ['pins.percpu-scaling', 'i-mmap-writable-percpu: 2 threads / 1, core', 'x', { atLeast: 1.6 }],
  [
    'pins.imw-256',
    'i-mmap-writable, 2 threads, 256 pages a call: times slower than pincount, core',
    'x',
    { atMost: 1.35 },
  ],
  ['pins.percpu-256', 'i-mmap-writable-percpu, the same', 'x', { atMost: 1.35 }],
  ['pins.1-thread.kernel-order', 'pincount, 1 thread: core / twin in kernel order', 'x'],
  ['pins.same-page.kernel-order', 'pincount, one page: core / twin in kernel order', 'x'],
  ['pins.scaling.twin', 'pincount, separate pages: 2 threads / 1, twin', 'x'],
  [
    'pins.scaling.kernel-order',
    'pincount, separate pages: 2 threads / 1, twin in kernel order',
    'x',
  ],
  ['pins.imw-slower.twin', 'i-mmap-writable: times slower than pincount, twin', 'x'],
  ['pins.percpu-scaling.twin', 'i-mmap-writable-percpu: 2 threads / 1, twin', 'x'],
  ['pins.imw-256.twin', 'i-mmap-writable, 256 pages a call: times slower, twin', 'x'],
  ['pins.imw-256.1-thread', 'i-mmap-writable, 256 pages a call, 1 thread: times slower, core', 'x'],
  ['pins.ns.core', 'pincount, 1 thread: a page pinned and unpinned, core', 'ns'],
  ['pins.ns.twin', 'pincount, 1 thread: a page pinned and unpinned, twin', 'ns'],
  ['pins.ns.kernel-order', 'pincount, 1 thread: the same, twin in kernel order', 'ns'],
  ['pins.ping-pong', 'one cache line to another thread and back, C', 'ns'],
];

const CALLS: readonly Line[] = [
  ['calls.get-seals', 'fcntl(F_GET_SEALS): above the operation', 'ns', { atMost: 15 }],
  ['calls.munmap', 'munmap of nothing: above the operation', 'ns', { atMost: 15 }],
  ['calls.get-seals.export', 'fcntl(F_GET_SEALS): the export alone above the operation', 'ns'],
  ['calls.munmap.export', 'munmap of nothing: the export alone above the operation', 'ns'],
  ['calls.get-seals.facade', 'fcntl(F_GET_SEALS): the facade above the export', 'ns'],
  ['calls.munmap.facade', 'munmap of nothing: the facade above the export', 'ns'],
  ['calls.get-seals.operation', 'fcntl(F_GET_SEALS): the operation, in a loop of the core', 'ns'],
  ['calls.munmap.operation', 'munmap of nothing: the operation, in a loop of the core', 'ns'],
  ['calls.benchmark.nothing', 'nothing: what `benchmark` itself costs a call', 'ns'],
  ['calls.benchmark.get-seals', 'process.fcntl(fd, F_GET_SEALS)', 'ns'],
  ['calls.benchmark.munmap', 'process.munmap of nothing', 'ns'],
  ['calls.benchmark.mmap', 'process.mmap + munmap of one page of a memfd', 'ns'],
  ['calls.benchmark.pin', 'process.pinUserPagesFast of one page + release', 'ns'],
  ['calls.benchmark.load', 'process.load of 8 bytes', 'ns'],
  ['calls.benchmark.store', 'process.store of 8 bytes', 'ns'],
];

const FAULTS: readonly Line[] = [
  ['faults.fresh.none', 'shared memfd, fresh page, contents none', 'x', { atLeast: 10 }],
  ['faults.fresh.full', 'shared memfd, fresh page, contents full', 'x', { atLeast: 2 }],
  ['faults.cached.none', 'shared memfd, page in the cache, contents none', 'x', { atLeast: 10 }],
  ['faults.cached.full', 'shared memfd, page in the cache, contents full', 'x', { atLeast: 2 }],
  ['faults.anon.none', 'anonymous page, contents none', 'x', { atLeast: 10 }],
  ['faults.anon.full', 'anonymous page, contents full', 'x'],
  ['faults.get-seals', 'fcntl(F_GET_SEALS)', 'x'],
  ['faults.mmap', 'mmap + munmap of one page of a memfd', 'x', { atLeast: 10 }],
  ['faults.mmap-touch', 'mmap + one write + munmap', 'x'],
  ['faults.seal-empty', 'F_SEAL_WRITE on a new memfd without pages', 'x'],
  ['faults.seal-256', 'F_SEAL_WRITE on a new memfd with 256 pages', 'x'],
  ['faults.pin-1', 'pin + unpin of one page a call; kernel: io_uring fixed buffers', 'x'],
  ['faults.pin-256', 'the same with 256 pages a call, by page', 'x'],
  ['faults.fresh.none.ours', 'fresh page of a memfd, contents none: ours', 'ns'],
  ['faults.fresh.full.ours', 'fresh page of a memfd, contents full: ours', 'ns'],
  ['faults.fresh.kernel', "fresh page of a memfd: this machine's kernel", 'ns'],
  ['faults.cached.none.ours', 'cached page of a memfd, contents none: ours', 'ns'],
  ['faults.cached.full.ours', 'cached page of a memfd, contents full: ours', 'ns'],
  ['faults.cached.kernel', "cached page of a memfd: this machine's kernel", 'ns'],
];

const VMAS: readonly Line[] = [
  ['vmas.lookup', 'a mapping found', 'ns', { atMost: 300 }],
  ['vmas.insert', 'mmap of one page into a hole', 'ns', { atMost: 1500 }],
  ['vmas.split', 'mprotect of a part: a mapping cut in two', 'ns', { atMost: 1500 }],
];

const PROCESSES: readonly Line[] = [
  ['processes.cow', 'write to a page that a child shares: copy-on-write', 'x', { atLeast: 10 }],
  ['processes.fork', 'fork of a process with 64 MiB of anonymous memory', 'x', { atLeast: 10 }],
  ['processes.mremap', 'mremap of one anonymous page', 'x', { atLeast: 10 }],
  ['processes.dontneed', 'madvise(MADV_DONTNEED) of one page', 'x', { atLeast: 10 }],
  ['processes.scaling.fault', 'touch, discard: 2 processes and threads / 1', 'x', { atLeast: 1.5 }],
  ['processes.scaling.map', 'mmap, touch, munmap: 2 processes / 1', 'x', { atLeast: 1.5 }],
  ['processes.scaling.fork', 'fork, copy, exit: 2 processes / 1', 'x', { atLeast: 1.5 }],
  ['processes.scaling.mremap', 'mremap of 64 pages: 2 processes / 1', 'x', { atLeast: 1.5 }],
  ['processes.rmap', 'reverse map of a page in 1,000 processes, a mapping', 'ns', { atMost: 150 }],
];

const BOOT: readonly Line[] = [
  ['boot.256MiB.cold', '256 MiB, first in its process', 'ms', { atMost: 20 }],
  ['boot.256MiB.warm', '256 MiB, later', 'ms', { atMost: 20 }],
  ['boot.64GiB.cold', '64 GiB, contents none, first in its process', 'ms', { atMost: 250 }],
  ['boot.64GiB.warm', '64 GiB, contents none, later', 'ms', { atMost: 250 }],
  ['boot.memory.cache', 'host memory a frame in use, memfd, not mapped', 'B', { atMost: 72 }],
  ['boot.memory.anon', 'host memory a frame in use, private anonymous', 'B', { atMost: 72 }],
  ['boot.memory.memfd', 'host memory a frame in use, memfd, mapped', 'B', { atMost: 72 }],
  ['boot.memory.untouched', 'host memory a frame that was never touched', 'B', { atMost: 0.1 }],
];

const EXPLORE: readonly Line[] = [
  ['explore.random.executions', 'gup(1), random: executions', 'k/s', { atLeast: 500 }],
  ['explore.random.steps', 'gup(1), random: steps', 'M/s', { atLeast: 5 }],
  ['explore.gup3', 'gup(3), dpor: all 59,439 classes', 's', { atMost: 2 }],
  ['explore.inc5', 'inc(5), dpor: all 14,400 classes', 's', { atMost: 0.3 }],
  ['explore.states', 'gup(4), through all states', 's', { atMost: 1 }],
  [
    'explore.memory',
    'gup(1): growth of the heap in 9 of 10 million executions',
    'MB',
    { atMost: 1 },
  ],
  [
    'explore.core.two',
    'the core, GUP-fast against munmap, pct: executions',
    'k/s',
    { atLeast: 10 },
  ],
  ['explore.core.sealer', 'the core, the same with a sealer, dpor: to the end', 's'],
  ['explore.core.steps', 'the same: steps', 'M/s'],
];

const BY_SECTION: Readonly<Record<SectionName, readonly Line[]>> = {
  pins: PINS,
  calls: CALLS,
  faults: FAULTS,
  processes: PROCESSES,
  vmas: VMAS,
  boot: BOOT,
  explore: EXPLORE,
};

/** All figures, in the order in which they are printed: those with a target come first. */
export const FIGURES: readonly Figure[] = SECTION_NAMES.flatMap((section) =>
  BY_SECTION[section].map(([id, what, unit, target]) => ({
    id,
    section,
    what,
    unit,
    ...(target === undefined ? {} : { target }),
  })),
);
