/**
 * Starts the C programs under native/ and reads what they print: the twin of GUP-fast, and the
 * rates of this machine's kernel.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TWIN = `${ROOT}build/native/gup_twin`;
const RATES = `${ROOT}build/native/kernel_rates`;

/** How the pages that the threads pin are related; as in the reports of contend(). */
export type TwinSharing = 'same-page' | 'same-file' | 'separate-files';

/**
 * The memory order of the twin's atomic accesses: sequentially consistent as in WebAssembly, or the
 * weakest that Linux asks for, with interrupts turned off by a plain store.
 */
export type TwinOrder = 'seq_cst' | 'kernel';

/** What the twin is to run. */
export interface TwinOptions {
  /** A pin policy by the name that the core gives it. */
  readonly policy: string;
  readonly sharing: TwinSharing;
  /** 1 to 64. @defaultValue 1 */
  readonly threads?: number | undefined;
  /** Pages a call, 1 to 1024. @defaultValue 1 */
  readonly batch?: number | undefined;
  /** @defaultValue 0.25 */
  readonly seconds?: number | undefined;
  /** @defaultValue `"seq_cst"` */
  readonly order?: TwinOrder | undefined;
}

/** What the twin measured. */
export interface TwinResult {
  readonly policy: string;
  readonly sharing: TwinSharing;
  readonly order: TwinOrder;
  readonly threads: number;
  readonly batch: number;
  /** For each thread, the seconds from the common start to the end of its last call. */
  readonly seconds: readonly number[];
  /**
   * For each thread, how many of these seconds it had a CPU. Much less than `seconds` says that the
   * machine had other work, or that two threads shared a core: such a run compares with nothing.
   */
  readonly cpuSeconds: readonly number[];
  /** For each thread, the pages that it pinned and unpinned. */
  readonly pages: readonly number[];
  /** Pages pinned and unpinned a second, all threads together. */
  readonly pairsPerSecond: number;
  /** Every count was back where it began; a run without that is an error and has no result. */
  readonly balanced: true;
}

/** One rate of this machine's kernel, or why there is none. */
export type KernelRate =
  | {
      readonly name: string;
      readonly opsPerSecond: number;
      /** What one operation is. */
      readonly note: string;
    }
  | { readonly name: string; readonly skipped: string };

const compiler = (): string => process.env['CC'] ?? 'cc';

/** The compiler or make, whichever is missing; undefined when both are there. */
function missingTool(): string | undefined {
  return [compiler(), 'make'].find((tool) => spawnSync(tool, ['--version']).error !== undefined);
}

/**
 * True when the programs can be used: this is Linux, and they are built or a C compiler and make
 * are there to build them.
 */
export function nativeAvailable(): boolean {
  if (process.platform !== 'linux') return false;
  return (existsSync(TWIN) && existsSync(RATES)) || missingTool() === undefined;
}

let built: Promise<void> | undefined;

/**
 * Builds what is stale, once in the life of this process. Where no compiler is, programs that are
 * there already are taken as they are.
 * Throws an Error that names the missing compiler, or holds what the compiler said.
 */
export function buildNative(): Promise<void> {
  built ??= build();
  return built;
}

async function build(): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Error(`The native programs need Linux, and this is ${process.platform}.`);
  }
  const missing = missingTool();
  if (missing === undefined) {
    await run('make', ['-s', '-C', `${ROOT}native`, 'comparators', `CC=${compiler()}`]);
  } else if (!existsSync(TWIN) || !existsSync(RATES)) {
    throw new Error(`The native programs need a C compiler and make: there is no "${missing}".`);
  }
}

/** Runs a program to its end and gives its output; its messages are in the error when it fails. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program.slice(program.lastIndexOf('/') + 1)}: ${said(stderr)}`));
    });
    const said = (stderr: string): string => stderr.trim() || `failed (${args.join(' ')})`;
  });
}

/**
 * Runs GUP-fast in C: threads that pin a batch of pages and unpin it, again and again.
 * Throws an Error when an argument is refused, or when afterwards some count was not back.
 */
export async function runTwin(options: TwinOptions): Promise<TwinResult> {
  const { policy, sharing, threads = 1, batch = 1, seconds = 0.25, order = 'seq_cst' } = options;
  await buildNative();
  const values = { policy, sharing, threads, batch, seconds, order };
  const args = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
  return JSON.parse(await run(TWIN, args)) as TwinResult;
}

/** Nanoseconds for one cache line to go from one thread to another and back, in C. */
export async function twinPingPong(seconds = 0.25): Promise<number> {
  await buildNative();
  const output = await run(TWIN, ['--pingpong', `--seconds=${seconds}`]);
  return (JSON.parse(output) as { nsPerRoundTrip: number }).nsPerRoundTrip;
}

/** The names of everything that {@link kernelRates} can measure. */
export async function kernelRateNames(): Promise<string[]> {
  await buildNative();
  return (await run(RATES, ['--list'])).trim().split('\n');
}

/**
 * Measures this machine's kernel: all rates or the named ones, each for so many seconds, in the
 * order of {@link kernelRateNames}. A name that does not exist is an Error that lists the others.
 */
export async function kernelRates(names?: readonly string[], seconds = 0.2): Promise<KernelRate[]> {
  if (names?.length === 0) return [];
  await buildNative();
  const only = (names ?? []).map((name) => `--only=${name}`);
  return JSON.parse(await run(RATES, ['--json', `--seconds=${seconds}`, ...only])) as KernelRate[];
}
