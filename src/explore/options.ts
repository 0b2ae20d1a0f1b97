/** The options of `explore()`, and what they are by default. */
import { inRange } from '../check.js';
import type { Checkpoint } from './checkpoint.js';
import type { JobReport } from './job-meter.js';
import type { MemoryModel } from './words-program.js';

/** Ways to choose schedules. */
export const STRATEGIES = ['dpor', 'source-dpor', 'dfs', 'pct', 'random'] as const;

/** The name of a strategy. */
export type StrategyName = (typeof STRATEGIES)[number];

/** How far an exploration is. */
export interface ExploreProgress {
  readonly strategy: string;
  readonly executions: number;
  readonly blocked: number;
  readonly steps: number;
  readonly failures: number;
}

/** What `explore()` can be asked for. */
export interface ExploreOptions {
  /**
   * Who chooses the schedules. Without it a few executions with `pct` of depth 2 and 3 come first,
   * which find most bugs at once, and then `dpor`, which finds all.
   */
  readonly strategy?: StrategyName | undefined;
  /**
   * `states`: depth-first search that goes on from equal states only once. A state is what memory
   * holds, where each CPU stands and what it has got so far, and what the object holds that setup
   * has returned; CPUs must not tell each other anything through other variables.
   * @defaultValue "schedules"
   */
  readonly mode?: 'schedules' | 'states';
  /** `dfs`: at most so many switches away from a CPU that can go on. @defaultValue Infinity */
  readonly preemptions?: number;
  /** `pct`: ordered steps that a bug needs. @defaultValue 2 */
  readonly depth?: number;
  /** `random`: how likely each CPU is to go next, by name; 1 for those that are not named. */
  readonly weights?: Readonly<Record<string, number>>;
  /** @defaultValue "sc" */
  readonly memoryModel?: MemoryModel;
  /** Executions after which it stops. @defaultValue 1e6 */
  readonly maxExecutions?: number;
  /** Steps after which an execution counts as endless. @defaultValue 1e5 */
  readonly maxSteps?: number;
  /** Of random choices. @defaultValue 1 */
  readonly seed?: number;
  /** Ends at the first failure. @defaultValue true */
  readonly stopOnFailure?: boolean;
  /**
   * Explores one of `count` parts. `dpor` only. The counts of all parts add up to the whole, but
   * for executions that fail before their end: what they would have met later may be met again.
   */
  readonly shard?: { readonly index: number; readonly count: number };
  /** Goes on where a checkpoint was made. `dpor` only. */
  readonly resume?: Checkpoint;
  /** Called from time to time with what `resume` takes. `dpor` only. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** Called with what each part has shown, as soon as it has ended. `dpor` only. */
  readonly onJob?: (report: JobReport) => void;
  readonly onProgress?: (progress: ExploreProgress) => void;
  /** Ends the exploration early; what there is by then is returned. */
  readonly signal?: AbortSignal;
}

/** The options with every default filled in. */
export interface ExploreSettings extends ExploreOptions {
  readonly strategy: StrategyName | undefined;
  readonly mode: 'schedules' | 'states';
  readonly preemptions: number;
  readonly depth: number;
  readonly memoryModel: MemoryModel;
  readonly maxExecutions: number;
  readonly maxSteps: number;
  readonly seed: number;
  readonly stopOnFailure: boolean;
}

/**
 * Fills in the defaults.
 * @throws RangeError, TypeError that name the option
 */
export function exploreSettings(options: ExploreOptions): ExploreSettings {
  const { preemptions = Infinity, maxExecutions = 1e6, shard } = options;
  const settings = {
    ...options,
    strategy: options.strategy,
    mode: options.mode ?? 'schedules',
    preemptions,
    depth: inRange(options.depth ?? 2, 1, 100, 'depth'),
    memoryModel: options.memoryModel ?? 'sc',
    maxExecutions,
    maxSteps: inRange(options.maxSteps ?? 1e5, 1, 1e8, 'maxSteps'),
    seed: inRange(options.seed ?? 1, 0, 0xffff_ffff, 'seed'),
    stopOnFailure: options.stopOnFailure ?? true,
  };
  oneOf(settings.strategy ?? 'dpor', STRATEGIES, 'strategy');
  oneOf(settings.mode, ['schedules', 'states'], 'mode');
  oneOf(settings.memoryModel, ['sc', 'tso'], 'memoryModel');
  if (preemptions !== Infinity) inRange(preemptions, 0, 1e9, 'preemptions');
  if (maxExecutions !== Infinity) inRange(maxExecutions, 1, 2 ** 53 - 1, 'maxExecutions');
  if (shard !== undefined) {
    inRange(shard.count, 1, 1e6, 'shard.count');
    inRange(shard.index, 0, shard.count - 1, 'shard.index');
  }
  const isDpor = settings.mode === 'schedules' && (settings.strategy ?? 'dpor') === 'dpor';
  if (isSplit(settings) && !isDpor) {
    throw new RangeError(
      'shard, resume, onCheckpoint and onJob: only strategy "dpor" can be split',
    );
  }
  return settings;
}

/** Whether the schedules are explored in jobs. */
export function isSplit({ shard, resume, onCheckpoint, onJob }: ExploreOptions): boolean {
  const isHeard = onCheckpoint !== undefined || onJob !== undefined;
  return (shard?.count ?? 1) > 1 || resume !== undefined || isHeard;
}

function oneOf(value: unknown, valid: readonly string[], name: string): void {
  if (valid.some((known) => known === value)) return;
  throw new RangeError(`${name}: expected ${valid.join(', ')}; got ${String(value)}`);
}
