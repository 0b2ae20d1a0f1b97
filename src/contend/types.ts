/**
 * The data of a contention measurement: what the caller asks for, what the measurement hands to the
 * report ({@link RawContend}), and what the report says ({@link ContendReport}).
 */

/**
 * How the pages that the threads pin are related.
 *
 * - `same-page`: every thread pins the same page or pages: the page's own counter is contended.
 * - `same-file`: each thread pins its own pages of one file: only what the file shares is
 * contended.
 * - `separate-files`: each thread pins its own pages of its own file: nothing needs to be
 * contended.
 */
export type Sharing = 'same-page' | 'same-file' | 'separate-files';

/** Every {@link Sharing}, in the order in which reports show them. */
export const SHARINGS: readonly Sharing[] = ['same-page', 'same-file', 'separate-files'];

/** The pin policy that the others are compared with: what Linux does today (FOLL_PIN). */
export const REFERENCE_POLICY = 'pincount';

/** What `contend()` is to measure: the product of policies, threads, sharing and batch. */
export interface ContendOptions {
  /**
   * Pin policies by name, as `policies()` lists them under the axis `pin`.
   * @defaultValue `["get-page", "pincount", "i-mmap-writable", "i-mmap-writable-percpu"]`
   */
  policies?: readonly string[] | undefined;
  /**
   * Numbers of threads.
   * @defaultValue 1, 2, 4 ... up to the machine's cores
   */
  threads?: readonly number[] | undefined;
  /** @defaultValue all three */
  sharing?: readonly Sharing[] | undefined;
  /**
   * Pages per GUP call.
   * @defaultValue `[1, 256]`
   */
  batch?: readonly number[] | undefined;
  /**
   * Seconds that each cell runs in each round.
   * @defaultValue 0.08
   */
  seconds?: number | undefined;
  /**
   * Rounds. Every round measures every cell once, the policies one right after the other, so that a
   * machine that drifts moves them together.
   * @defaultValue 7
   */
  rounds?: number | undefined;
  /**
   * Seed of everything random: the order of the cells and the bootstrap of the report.
   * @defaultValue 1
   */
  seed?: number | undefined;
  /** Called after each cell of each round with the number of cells done and in all. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Ends the measurement early; what was measured by then is reported, marked as interrupted. */
  signal?: AbortSignal | undefined;
}

/** The options that a measurement ran with, every default filled in. */
export interface ContendSettings {
  readonly policies: readonly string[];
  readonly threads: readonly number[];
  readonly sharing: readonly Sharing[];
  readonly batch: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly seed: number;
}

/** One cell, measured once: one policy, sharing, number of threads and batch in one round. */
export interface RawSample {
  readonly policy: string;
  readonly sharing: Sharing;
  readonly threads: number;
  /** Pages per GUP call. */
  readonly batch: number;
  /** Which round, from 0. Samples of one round are compared with each other. */
  readonly round: number;
  /** For each thread, the seconds between its first and its last call. */
  readonly seconds: readonly number[];
  /** For each thread, the pages that it pinned and unpinned in that time. */
  readonly pairs: readonly number[];
  /**
   * Durations, in nanoseconds, of one call that pins `batch` pages and the call that unpins them,
   * all threads together; buckets as in histogram.ts. All zero when durations were not recorded.
   */
  readonly histogram: Uint32Array;
  /**
   * Which part of a core each thread had, on average: 1 when nobody else ran. Undefined where the
   * host does not say.
   */
  readonly cpuShare?: number | undefined;
}

/** Who else touches a cache line at the same time; decides whether a write to it is contended. */
export type LineScope =
  /** Only the CPU itself: never contended (per-CPU areas). */
  | 'cpu'
  /** Everyone who pins the same page: contended under `same-page`. */
  | 'page'
  /** Everyone who pins pages of the same file: contended under `same-page` and `same-file`. */
  | 'file'
  /** Everyone in the process or on the machine: contended always. */
  | 'machine';

/** The accesses to one cache line in one pin or unpin call. */
export interface FootprintLine {
  /** The struct that lies there, numbered where there are several: `page[0]`, `address_space`. */
  readonly line: string;
  /** The fields of it that were touched, in the order of the first touch. */
  readonly fields: readonly string[];
  /** Who shares the line; derived from the struct's name by `scopeOfLine` when left out. */
  readonly scope?: LineScope | undefined;
  readonly loads: number;
  readonly stores: number;
  /** Atomic read-modify-writes (and compare-and-exchanges). */
  readonly rmws: number;
}

/** The memory traffic of one GUP-fast pin or unpin call, counted exactly in the `sched` build. */
export interface FootprintRow {
  readonly policy: string;
  /** Pages in the call. */
  readonly batch: number;
  readonly phase: 'pin' | 'unpin';
  /** Distinct 64-byte cache lines touched in the whole call. */
  readonly cacheLines: number;
  readonly loads: number;
  readonly stores: number;
  readonly rmws: number;
  /** The same four divided by `batch`. */
  readonly perPage: {
    readonly cacheLines: number;
    readonly loads: number;
    readonly stores: number;
    readonly rmws: number;
  };
  /** Every line; for large batches it may be cut to the first ones (`cacheLines` says how many). */
  readonly lines: readonly FootprintLine[];
}

/** The machine that measured. */
export interface HostFacts {
  /** The CPU's name, as the operating system gives it. */
  readonly cpu: string;
  /** Logical CPUs that the process may use. */
  readonly cores: number;
  /** Version of Node, or the name of the browser. */
  readonly node: string;
  readonly v8: string;
  /** `linux-x64` and the like. */
  readonly platform: string;
  /** Release of the operating system's kernel. */
  readonly kernel: string;
  /** Load averages over 1, 5 and 15 minutes when the measurement began. */
  readonly load: readonly number[];
}

/** What was measured. */
export interface BuildFacts {
  /** Version of the package. */
  readonly version: string;
  /** SHA-256 of bench.wasm (the core with its measuring loops), in hexadecimal. */
  readonly wasm: string;
}

/** The proof that nothing was lost while measuring. */
export interface Balance {
  /** Pages pinned over the whole measurement, warm-up included. */
  readonly pinsTaken: number;
  /** Pages unpinned. */
  readonly pinsReleased: number;
  /**
   * Every reference count, pin count and `i_mmap_writable` was at its starting value
   * afterwards.
   */
  readonly countersBackAtZero: boolean;
  /** What `machine.verify()` found afterwards, one line each; empty when sound. */
  readonly violations: readonly string[];
}

/** Everything that a measurement produces; `buildReport` makes a {@link ContendReport} of it. */
export interface RawContend {
  /** When the measurement began (ISO 8601, UTC). */
  readonly startedAt: string;
  readonly host: HostFacts;
  readonly build: BuildFacts;
  readonly options: ContendSettings;
  /**
   * Nanoseconds for one cache line to go from one worker to another and back; undefined when only
   * one worker could run.
   */
  readonly pingPongNs: number | undefined;
  /** In any order; cells that were never measured are simply missing. */
  readonly samples: readonly RawSample[];
  readonly footprints: readonly FootprintRow[];
  readonly balance: Balance;
  /** True when the measurement ended early. */
  readonly interrupted: boolean;
}

/** A median over the rounds with its 95 % bootstrap interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Latencies of one call that pins `batch` pages plus the call that unpins them, in nanoseconds,
 * over
 * all rounds and threads. Upper ends of histogram buckets: at most 1/32 above the truth.
 * NaN (null in JSON) when no call was timed.
 */
export interface LatencyPercentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** How many calls were timed. */
  readonly calls: number;
}

/** One cell of the report: one policy, sharing, number of threads and batch over all its rounds. */
export interface ContendRow {
  readonly policy: string;
  readonly sharing: Sharing;
  readonly threads: number;
  /** Pages per GUP call. */
  readonly batch: number;
  /** Rounds that were measured; fewer than asked for when the measurement was interrupted. */
  readonly rounds: number;
  /** Pages pinned and unpinned a second, all threads together. */
  readonly pairsPerSecond: Estimate;
  /** Nanoseconds of one thread's time for one page, from the median: what a pin and unpin costs. */
  readonly nsPerPair: number;
  readonly latency: LatencyPercentiles;
  /** Median over the rounds of the slowest thread's rate over the fastest one's: 1 is fair. */
  readonly fairness: number;
  /**
   * Median over the rounds of the part of a core that each thread had. Well below 1, something else
   * ran on the machine, and threads took turns instead of contending.
   */
  readonly cpuShare: number | undefined;
  /**
   * Throughput over that of the same cell with one thread, round by round: N threads scale
   * perfectly at N. Undefined when that cell was not measured.
   */
  readonly scaling: Estimate | undefined;
  /**
   * Throughput over that of `pincount` in the same cell, round by round, so that drift cancels.
   * Undefined when that cell was not measured.
   */
  readonly relative: Estimate | undefined;
}

/** One sentence that says what a policy costs, computed from the rows. */
export interface PolicySentence {
  readonly policy: string;
  readonly text: string;
}

/** The distribution of latencies of one cell at the largest number of threads, as text. */
export interface LatencyText {
  readonly policy: string;
  readonly sharing: Sharing;
  readonly threads: number;
  readonly batch: number;
  /** One line for each power of two of nanoseconds, with its share and a bar. */
  readonly text: string;
}

/** The plain data of a report, as `toJSON()` gives it. */
export interface ContendReportData {
  /** When the measurement began (ISO 8601, UTC). */
  readonly startedAt: string;
  readonly host: HostFacts;
  readonly build: BuildFacts;
  readonly options: ContendSettings;
  /** Nanoseconds of one cache line's round trip between two workers; undefined with one worker. */
  readonly pingPongNs: number | undefined;
  /** By sharing, batch, threads and policy, in the order of the options. */
  readonly rows: readonly ContendRow[];
  /** What makes the figures doubtful, in words; empty when nothing does. */
  readonly warnings: readonly string[];
  /** One for each policy that was measured. */
  readonly sentences: readonly PolicySentence[];
  /** Latency distributions to read, for the cells with the most threads. */
  readonly histograms: readonly LatencyText[];
  readonly footprints: readonly FootprintRow[];
  readonly balance: Balance;
  /** Every pin was released, every counter is back, `verify()` found nothing. */
  readonly balanced: boolean;
  /** True when the measurement ended early: rows have fewer rounds, or are missing. */
  readonly interrupted: boolean;
}

/** A finished measurement. */
export interface ContendReport extends ContendReportData {
  /** The report as Markdown: sentences, a table of the rows, footprints, balance. */
  toMarkdown(): string;
  /** The rows as CSV (RFC 4180 quoting, one header line, `\n` line ends, units in the names). */
  toCSV(): string;
  /**
   * The plain data, so that `JSON.stringify(report, null, 2)` is the whole report. It holds nothing
   * but objects, arrays, numbers, strings and booleans.
   */
  toJSON(): ContendReportData;
  /** One self-contained page: inline drawings, no script, nothing loaded from anywhere. */
  toHTML(): string;
}
