/** What each job of an exploration has added to the whole. */
import type { Job } from './checkpoint.js';
import type { Totals } from './totals.js';

/** One part of an exploration that has ended. */
export interface JobReport {
  /**
   * Its number among all jobs of the shard, from 1, and how many these are. A job is run again if
   * what it has shown was in no checkpoint yet; then it has the same number, and shows the same: of
   * several reports with one number the last one counts.
   */
  readonly job: number;
  readonly jobs: number;
  /** The CPUs that make the first steps of all its executions: what the job is. */
  readonly agents: readonly number[];
  /** True if it ran to its end; false for the one that was under way when all ended. */
  readonly done: boolean;
  readonly executions: number;
  readonly blocked: number;
  readonly cut: number;
  readonly failures: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** The schedule of the first failure of all, if this job has shown it. */
  readonly failure: string | undefined;
}

/** Measures by what a job has made the totals grow: the jobs add up to the whole. */
export class JobMeter {
  readonly #totals: Totals;
  readonly #outcomes: ReadonlyMap<string, number>;
  readonly #before: Pick<Totals, 'executions' | 'blocked' | 'cut' | 'failures' | 'failure'>;

  /** A job begins. */
  constructor(totals: Totals) {
    this.#totals = totals;
    this.#outcomes = new Map(totals.outcomes);
    const { executions, blocked, cut, failures, failure } = totals;
    this.#before = { executions, blocked, cut, failures, failure };
  }

  /** It has ended. */
  report(number: number, jobs: number, { agents }: Job, done: boolean): JobReport {
    const [totals, before] = [this.#totals, this.#before];
    const outcomes = [...totals.outcomes]
      .map(([outcome, count]) => [outcome, count - (this.#outcomes.get(outcome) ?? 0)] as const)
      .filter(([, count]) => count > 0);
    return {
      ...{ job: number, jobs, agents, done },
      executions: totals.executions - before.executions,
      blocked: totals.blocked - before.blocked,
      cut: totals.cut - before.cut,
      failures: totals.failures - before.failures,
      outcomes: Object.fromEntries(outcomes),
      failure: before.failure === undefined ? totals.failure?.schedule : undefined,
    };
  }
}
