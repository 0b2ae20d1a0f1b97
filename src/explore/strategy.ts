/** What every strategy is: it says who goes next, and whether there is anything left to try. */
import type { Circle } from './circles.js';

/** The answer of `pick` that gives up this execution: it would show nothing new. */
export const GIVE_UP = -1;

/** How an execution ended. */
export type EndKind =
  /** All CPUs ended. */
  | 'done'
  /** Some CPUs wait, and nobody can end that. */
  | 'deadlock'
  /** A CPU threw. */
  | 'fault'
  /** So many steps that it is taken for endless. */
  | 'steps'
  /** The strategy gave it up: an equivalent one was seen, or will be. */
  | 'blocked'
  /** Cut short: a CPU waited in a loop for others that could have gone on. */
  | 'cut';

/** A way to choose schedules. Its program and its log are given when it is made. */
export interface Strategy {
  readonly name: string;
  /** Prepares the next execution. @returns false when there is none */
  next(): boolean;
  /**
   * The agent that makes the next step, out of those that can; or GIVE_UP. An agent that has
   * re-read the same values again and again, `spinning`, should go after the others.
   */
  pick(runnable: number, spinning: number): number;
  /**
   * True if `pick` will look at the state before this step: the CPUs must have been stopped then.
   * A strategy without it never does.
   */
  looksAtState?(step: number): boolean;
  /**
   * Called after each execution.
   * @returns false when it ended like one before, and shows nothing
   */
  finished(end: EndKind): boolean;
  /** A way that the execution which has ended can go round for ever; undefined for none. */
  readonly circle?: Circle | undefined;
  /** True if all inequivalent schedules have been seen once next() is false. */
  readonly isExhaustive: boolean;
  /**
   * True if it would run a loop that waits for others once more in each execution, without end, so
   * that such executions are to be cut. One that is fair by itself needs no cuts.
   */
  readonly needsCuts: boolean;
}
