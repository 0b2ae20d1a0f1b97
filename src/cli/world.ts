/** What the command line needs from outside; tests hand in their own. */
import type { ContendOptions, ContendReport, HistoricBug } from '../index.js';
import type { StressOptions, StressResult } from '../index.js';
import type { ScenarioListener } from './run-scenario.js';
import type { ScenarioAnswer, ScenarioTask } from './scenario-task.js';

/** One axis of policies and its values, as `policies()` of the library lists them. */
export interface PolicyAxis {
  readonly axis: string;
  readonly values: readonly {
    readonly name: string;
    readonly default: boolean;
    readonly description: string;
    readonly source: string;
  }[];
}

/** Where text goes to. */
export interface Output {
  /** @param written - called when it has been handed to whoever reads */
  write(text: string, written?: () => void): unknown;
  /** True when a person watches it. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
}

/** The library and the process around a command. */
export interface World {
  contend(options: ContendOptions): Promise<ContendReport>;
  policies(): readonly PolicyAxis[];
  bugs(): readonly HistoricBug[];
  /** Runs a scenario file; throws UsageError for what is wrong with it. */
  runScenario(
    task: ScenarioTask,
    listener: Omit<ScenarioListener, 'patience'>,
  ): Promise<ScenarioAnswer>;
  stress(module: URL, options: StressOptions): Promise<StressResult>;
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * Calls `handler` at the first Ctrl-C; a second one ends the process as if nobody had asked.
   * @returns a function that takes the handler away again
   */
  onInterrupt(handler: () => void): () => void;
  /** A clock in milliseconds that never goes back. */
  now(): number;
  /** Version of the package. */
  readonly version: string;
}

/** Exit statuses of every command. */
export const EXIT = {
  done: 0,
  /** A promise was broken: a failure was found. */
  broken: 1,
  /** Wrong usage: nothing was done. */
  usage: 2,
  /** Ended by Ctrl-C (128 + SIGINT), after printing what there was. */
  interrupted: 130,
} as const;
