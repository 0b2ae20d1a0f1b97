import { inRange } from './check.js';
import { resolvePolicy, type Policy } from './policies.js';
import {
  CONTENTS_BASE,
  CONTENTS_FULL,
  CONTENTS_NONE,
  CONTENTS_STAMP,
  NR_CPUS_MAX,
  NR_EXTRA_FRAMES,
  NR_FRAMES_MAX,
  NR_KPAGES_MAX,
  PAGE_SIZE,
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
   * Swap space: bytes, or a size. There is none yet, so only 0 is possible.
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
  /** Which design each mechanism follows; Linux 6.18's where nothing is said. */
  policy?: Partial<Policy> | undefined;
  /**
   * Historic bugs to re-enact, by name. There are none yet, so only the empty list is possible.
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
  readonly policy: Policy;
  readonly bugs: readonly string[];
  readonly build: CoreBuild;
}

const KNOWN = ['memory', 'cpus', 'swap', 'contents', 'maxMapCount', 'policy', 'bugs', 'build'];
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
  const contents = oneOf(options.contents, 'full', ['full', 'stamp', 'none'], 'contents');
  return Object.freeze({
    memory: memorySize(given(options.memory, '256MiB'), contents),
    cpus: inRange(given(options.cpus, 1), 1, NR_CPUS_MAX, 'cpus'),
    swap: noSwap(given(options.swap, 0)),
    contents,
    maxMapCount: inRange(given(options.maxMapCount, 65530), 0, 2 ** 31 - 1, 'maxMapCount'),
    policy: resolvePolicy(options.policy),
    bugs: noBugs(given(options.bugs, [])),
    build: oneOf(options.build, 'release', BUILDS, 'build'),
  });
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
  const frames = options.memory / PAGE_SIZE + NR_EXTRA_FRAMES;
  const bytes = CONTENTS_BASE + frames * BYTES_A_PAGE[options.contents];
  return Math.ceil(bytes / WASM_PAGE);
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

function noSwap(size: number | string): number {
  const bytes = parseSize(size, 'swap');
  if (bytes !== 0) throw new RangeError('swap: this version has no swap; only 0 is possible');
  return bytes;
}

function noBugs(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) throw new TypeError('bugs: expected an array of names');
  const list = names as readonly unknown[];
  if (list.some((name) => typeof name !== 'string')) throw new TypeError('bugs: expected names');
  if (list.length > 0) {
    throw new RangeError(`bugs: there is no "${list.join('", "')}"; this version re-enacts none`);
  }
  return Object.freeze([]);
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
