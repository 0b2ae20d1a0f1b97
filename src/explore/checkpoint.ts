/** What is left of an exploration that was interrupted, as plain data. */
import type { Program } from './program.js';
import { ScenarioError } from './scenario.js';
import type { Totals } from './totals.js';
import type { MemoryModel } from './words-program.js';

/** An agent that sleeps: its number, and the location, bytes and effect of its next access. */
export type Sleeper = readonly [agent: number, location: number, mask: number, touches: number];

/** A part of an exploration: everything that begins with these steps. */
export interface Job {
  /** The agents of the first steps. */
  readonly agents: readonly number[];
  /** For each of these steps, who was put to sleep before it. */
  readonly sleep: readonly (readonly Sleeper[])[];
}

/** Made by `explore()`, taken by `explore()`. */
export interface Checkpoint {
  readonly version: 1;
  readonly scenario: string;
  readonly build: string;
  readonly memoryModel: string;
  readonly shard: { readonly index: number; readonly count: number };
  /** Jobs that are not done, in order. */
  readonly jobs: readonly Job[];
  /** How many there were at the start. */
  readonly total: number;
  readonly executions: number;
  readonly blocked: number;
  readonly steps: number;
  readonly failures: number;
  readonly cut: number;
  readonly outcomes: readonly (readonly [string, number])[];
  /** Schedules that show in which orders locks were taken so far. */
  readonly orders?: readonly (readonly number[])[];
  /** The schedule of the first failure. */
  readonly failure: string | undefined;
}

/** One of so many parts. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** What is left, and what was counted by then. */
export function makeCheckpoint(
  program: Program,
  memoryModel: MemoryModel,
  shard: Shard,
  jobs: readonly Job[],
  total: number,
  totals: Totals,
  steps: number,
): Checkpoint {
  const { executions, blocked, failures, cut, failure } = totals;
  const { name: scenario, build } = program;
  const counts = {
    total,
    executions,
    blocked,
    steps,
    failures,
    cut,
    outcomes: [...totals.outcomes],
  };
  const head = { version: 1, scenario, build, memoryModel, shard, jobs: [...jobs] } as const;
  const orders = program.lockOrders.schedules().map((agents) => [...agents]);
  return { ...head, ...counts, orders, failure: failure?.schedule };
}

/**
 * Checks that a checkpoint is one of this exploration.
 * @throws ScenarioError that says what differs
 */
export function checkCheckpoint(
  checkpoint: Checkpoint,
  program: Program,
  memoryModel: MemoryModel,
  shard: Shard,
): void {
  const refuse = (what: string) => new ScenarioError(`checkpoint: ${what}`);
  if (
    checkpoint?.version !== 1 ||
    !Array.isArray(checkpoint.jobs) ||
    !(checkpoint.total >= checkpoint.jobs.length)
  ) {
    throw refuse('this is no checkpoint of an exploration');
  }
  if (checkpoint.scenario !== program.name) {
    throw refuse(`it is of the scenario "${checkpoint.scenario}", not of "${program.name}"`);
  }
  if (checkpoint.build !== program.build) {
    throw refuse(`it is of another build of "${program.name}"`);
  }
  if (checkpoint.memoryModel !== memoryModel) {
    throw refuse(`its memory model is ${checkpoint.memoryModel}, not ${memoryModel}`);
  }
  const { index, count } = checkpoint.shard;
  if (index !== shard.index || count !== shard.count) {
    throw refuse(`it is of shard ${index}/${count}, not of ${shard.index}/${shard.count}`);
  }
}
