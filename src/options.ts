import { resolveBugs } from './bugs.js';
import { inRange } from './check.js';
import { resolvePolicy, type Policy } from './policies.js';
import {
  CACHE_LINE,
  CONTENTS_BASE,
  CONTENTS_FULL,
  CONTENTS_NONE,
  CONTENTS_STAMP,
  NR_CPUS_MAX,
  NR_EXTRA_FRAMES,
  NR_FRAMES_MAX,
  NR_KPAGES_MAX,
  PAGE_SIZE,
  SWAP_SLOT_SIZE,
} from './wasm/generated/layout.js';

/**
 * How much of its contents each page of memory has: `full` 4096 bytes; `stamp` one 64-bit word, as
 * if repeated over the page; `none` nothing: reads give zeros.
 */
export type Contents = 'full' | 'stamp' | 'none';

/** Options of `Machine.boot`. */
export interface MachineOptions {
  /**
   * Emulated RAM: bytes, or a size such as `"256MiB"`. A whole number of pages; up to 2.3 GiB with
   * contents `full`, 64 GiB with the others.
   * @defaultValue "256MiB"
   */
  memory?: number | string | undefined;
  /**
   * Emulated CPUs, 1 to 64. CPU 0 is the calling thread, each further one a worker, which starts
   * when it is first used.
   * @defaultValue 1
   */
  cpus?: number | undefined;
  /**
   * Swap space at boot: bytes, or a size; a whole number of pages. It takes host memory as emulated
   * RAM does, once it is used. `machine.swapon` adds it later.
   * @defaultValue 0
   */
  swap?: number | string | undefined;
  /** @defaultValue "full" */
  contents?: Contents | undefined;
  /**
   * Most mappings a process may have (Linux: vm.max_map_count).
   * @defaultValue 65530
   */
  maxMapCount?: number | undefined;
  /**
   * What a process may lock in memory (Linux: RLIMIT_MEMLOCK): bytes, a size, or `"unlimited"`, as
   * for a process with CAP_IPC_LOCK.
   * @defaultValue "unlimited"
   */
  rlimitMemlock?: number | string | undefined;
  /**
   * How much a read fault on a page of a file maps of what is in memory around it: a power of two
   * of bytes or a size, at least a page (Linux: fault_around_bytes).
   * @defaultValue "64KiB"
   */
  faultAround?: number | string | undefined;
  /** Which design each mechanism follows; Linux 6.18's where nothing is said. */
  policy?: Partial<Policy> | undefined;
  /**
   * Historic bugs to re-enact, by the names that {@link bugs} lists. A machine with bugs runs the
   * build `debug`, which alone (beside the explorer) knows of them.
   * @defaultValue []
   */
  bugs?: readonly string[] | undefined;
  /**
   * Which build of the core runs: `debug` checks more, `bench` has the measuring loops.
   * @defaultValue "release"
   */
  build?: CoreBuild | undefined;
}

/** The builds of the core that can run on threads. */
export type CoreBuild = 'release' | 'debug' | 'bench';

/** Options with every default filled in; `memory` in bytes. */
export interface ResolvedOptions {
  readonly memory: number;
  readonly cpus: number;
  readonly swap: number;
  readonly contents: Contents;
  readonly maxMapCount: number;
  readonly rlimitMemlock: number | 'unlimited';
  readonly faultAround: number;
  readonly policy: Policy;
  readonly bugs: readonly string[];
  readonly build: CoreBuild;
}

const KNOWN = [
  'memory',
  'cpus',
  'swap',
  'contents',
  'maxMapCount',
  'rlimitMemlock',
  'faultAround',
  'policy',
  'bugs',
  'build',
];
const CONTENTS = { none: CONTENTS_NONE, stamp: CONTENTS_STAMP, full: CONTENTS_FULL };
const BYTES_A_PAGE = { none: 0, stamp: 8, full: PAGE_SIZE };
const BUILDS: readonly CoreBuild[] = ['release', 'debug', 'bench'];
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};
/** Bytes that one page table of the last level maps. */
const PAGE_TABLE_SPAN = 512 * PAGE_SIZE;
const WASM_PAGE = 65536;
const MEMORY_MAX = 2 ** 32;

/**
 * Checks options and fills the defaults in.
 * @throws RangeError, TypeError that name the option
 */
export function resolveOptions(options: MachineOptions = {}): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options: expected an object');
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new RangeError(`options: there is no option "${name}"; there are ${KNOWN.join(', ')}`);
    }
  }
  const bugs = resolveBugs(given(options.bugs, []));
  const contents = oneOf(options.contents, 'full', ['full', 'stamp', 'none'], 'contents');
  const resolved: ResolvedOptions = {
    memory: memorySize(given(options.memory, '256MiB'), contents),
    cpus: inRange(given(options.cpus, 1), 1, NR_CPUS_MAX, 'cpus'),
    swap: swapSize(given(options.swap, 0), 'swap'),
    contents,
    maxMapCount: inRange(given(options.maxMapCount, 65530), 0, 2 ** 31 - 1, 'maxMapCount'),
    rlimitMemlock: lockLimit(given(options.rlimitMemlock, 'unlimited')),
    faultAround: powerOfTwo(given(options.faultAround, '64KiB'), 'faultAround'),
    policy: resolvePolicy(options.policy),
    bugs,
    build: buildFor(bugs, options.build),
  };
  return Object.freeze(checkHostMemory(resolved));
}

/** The number by which the core knows a kind of contents. */
export function contentsCode(contents: Contents): number {
  return CONTENTS[contents];
}

/**
 * Kernel pages for a machine of so many frames: page tables and page cache for all of its memory
 * mapped several times, and room for a few thousand processes. They cost nothing until used.
 */
export function kernelPagesFor(frames: number): number {
  return Math.min(NR_KPAGES_MAX, 1024 + Math.min(frames * 2, 16384) + Math.ceil(frames / 32));
}

/** Pages of WebAssembly memory that a machine needs. */
export function hostPagesFor(options: ResolvedOptions): number {
  return Math.ceil((swapBase(options) + swapRegionSize(options.swap, options)) / WASM_PAGE);
}

/** Where a swap device that exists from boot on lies: behind the contents of the frames. */
export function swapBase({
  memory,
  contents,
}: Pick<ResolvedOptions, 'memory' | 'contents'>): number {
  const frames = memory / PAGE_SIZE + NR_EXTRA_FRAMES;
  return onLine(CONTENTS_BASE + frames * BYTES_A_PAGE[contents]);
}

/** Bytes of host memory that a swap device takes: a struct for each slot, and their contents. */
export function swapRegionSize(
  swap: number,
  { contents }: Pick<ResolvedOptions, 'contents'>,
): number {
  if (swap === 0) return 0;
  const pages = swap / PAGE_SIZE;
  return onLine((pages + 1) * SWAP_SLOT_SIZE) + pages * BYTES_A_PAGE[contents];
}

/** Bytes of swap space: a whole number of pages. */
export function swapSize(size: number | string, name: string): number {
  const bytes = parseSize(size, name);
  if (bytes % PAGE_SIZE === 0) return bytes;
  throw new RangeError(`${name}: expected a whole number of 4096-byte pages, got ${bytes} bytes`);
}

function onLine(address: number): number {
  return Math.ceil(address / CACHE_LINE) * CACHE_LINE;
}

/** Bytes of `size`: a number, or text such as `64MiB`. */
export function parseSize(size: number | string, name: string): number {
  if (typeof size === 'number') return inRange(size, 0, Number.MAX_SAFE_INTEGER, name);
  if (typeof size !== 'string') throw new TypeError(`${name}: expected a number or a string`);
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|)$/.exec(size.trim()) ?? [];
  const bytes = Number(digits) * (UNITS[unit ?? '?'] ?? NaN);
  if (!Number.isSafeInteger(bytes)) {
    throw new RangeError(
      `${name}: ${JSON.stringify(size)} is no size; use bytes or "64KiB", "256MiB", "4GiB"`,
    );
  }
  return bytes;
}

/** Linux rounds down to a power of two, and caps at a page table; this refuses instead. */
function powerOfTwo(size: number | string, name: string): number {
  const bytes = inRange(parseSize(size, name), PAGE_SIZE, PAGE_TABLE_SPAN, name);
  if (Number.isInteger(Math.log2(bytes))) return bytes;
  throw new RangeError(`${name}: ${bytes} is no power of two`);
}

function memorySize(size: number | string, contents: Contents): number {
  const bytes = parseSize(size, 'memory');
  const perPage = BYTES_A_PAGE[contents];
  const fits = perPage === 0 ? NR_FRAMES_MAX : Math.floor((MEMORY_MAX - CONTENTS_BASE) / perPage);
  const framesMax = Math.min(NR_FRAMES_MAX, fits - NR_EXTRA_FRAMES * Math.sign(perPage));
  if (bytes % PAGE_SIZE !== 0 || bytes === 0) {
    throw new RangeError(`memory: expected a whole number of 4096-byte pages, got ${bytes} bytes`);
  }
  if (bytes / PAGE_SIZE > framesMax) {
    const most = Math.floor((framesMax * PAGE_SIZE) / 2 ** 20);
    const hint = contents === 'full' ? '; contents "stamp" or "none" allow more' : '';
    throw new RangeError(`memory: at most ${most}MiB with contents "${contents}"${hint}`);
  }
  return bytes;
}

function lockLimit(size: number | string): number | 'unlimited' {
  if (size === 'unlimited' || size === Infinity) return 'unlimited';
  return parseSize(size, 'rlimitMemlock');
}

function checkHostMemory(options: ResolvedOptions): ResolvedOptions {
  if (hostPagesFor(options) * WASM_PAGE <= MEMORY_MAX) return options;
  const hint = options.contents === 'full' ? '; contents "stamp" or "none" allow more' : '';
  throw new RangeError(`swap: ${options.swap} bytes do not fit beside the memory${hint}`);
}

/** The build that was chosen; with bugs to re-enact there is only one. */
function buildFor(bugs: readonly string[], choice: CoreBuild | undefined): CoreBuild {
  const build = oneOf(choice, bugs.length > 0 ? 'debug' : 'release', BUILDS, 'build');
  if (bugs.length > 0 && build !== 'debug') {
    throw new RangeError(`build: only "debug" can re-enact bugs, not "${build}"`);
  }
  return build;
}

/** What was given; the default stands for undefined alone. */
function given<T>(value: T | undefined, fallback: T): T {
  return value === undefined ? fallback : value;
}

function oneOf<Name extends string>(
  choice: Name | undefined,
  fallback: Name,
  names: readonly Name[],
  name: string,
): Name {
  const value = given(choice, fallback);
  if (typeof value !== 'string') throw new TypeError(`${name}: expected a string`);
  if (names.includes(value)) return value;
  throw new RangeError(`${name}: there is no "${String(value)}"; there are ${names.join(', ')}`);
}
