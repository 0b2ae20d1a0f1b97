/**
 * Splits an exploration into jobs that need not know of each other: all that begins with the same
 * few steps. In these steps every agent that is awake is tried, races or not, and sleeps
 * afterwards, as a plain search with sleep sets does; so each class of executions belongs to
 * exactly one job, and the counts of all jobs add up to those of the whole. The price is that some
 * executions are begun in vain, the more the longer the prefixes.
 *
 * Jobs are explored by source-dpor.ts. optimal-dpor.ts would lose some: it leaves out what begins
 * like something that sleeps, since the races seen there lead back to the rest; but here they are
 * seen in another job, which does not lead to this one.
 */
import { lowest } from './bits.js';
import type { Job, Sleeper } from './checkpoint.js';
import type { Execution } from './execution.js';
import type { Program } from './program.js';
import { SleepSets } from './sleep-sets.js';
import { GIVE_UP, type Strategy } from './strategy.js';

/** Lengths of prefixes that are tried, until there are enough jobs for each shard. */
const DEPTHS = [2, 4, 6, 8];
const JOBS_PER_SHARD = 16;

/** The jobs of a shard, in order. The same for the same program and number of shards. */
export function makeJobs(
  program: Program,
  execution: Execution,
  shard: { readonly index: number; readonly count: number },
): Job[] {
  let jobs: Job[] = [];
  for (const depth of DEPTHS) {
    const strategy = new PrefixStrategy(program, depth);
    while (strategy.next()) {
      const end = execution.run(strategy);
      strategy.finished();
      // A CPU that throws is a failure to be shown, as any end before the depth is one to count.
      if (end !== 'blocked' || program.log.length === depth) strategy.collect();
    }
    jobs = strategy.jobs;
    if (jobs.length >= JOBS_PER_SHARD * shard.count) break;
  }
  return jobs.filter((_, at) => at % shard.count === shard.index);
}

/** Every schedule up to a depth, with sleep sets. */
class PrefixStrategy implements Strategy {
  readonly name = 'prefixes';
  readonly isExhaustive = false;
  readonly needsCuts = false;
  readonly jobs: Job[] = [];
  readonly #program: Program;
  readonly #depth: number;
  readonly #sleep: SleepSets;
  readonly #chosen: number[] = [];
  readonly #rest: number[] = [];
  /** By step: who was put to sleep there, with the access. */
  readonly #put: Sleeper[][] = [];
  #known = 0;
  #isFirst = true;

  constructor(program: Program, depth: number) {
    this.#program = program;
    this.#depth = depth;
    this.#sleep = new SleepSets(program);
    this.#sleep.clear(0);
  }

  next(): boolean {
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    for (let step = this.#chosen.length - 1; step >= 0; step--) {
      this.#fallAsleep(step);
      const rest = this.#rest[step]! & ~this.#sleep.set[step]!;
      this.#chosen.length = step;
      this.#put.length = step + 1;
      if (rest === 0) continue;
      this.#chosen.push(lowest(rest));
      this.#known = step;
      return true;
    }
    return false;
  }

  pick(runnable: number): number {
    const step = this.#program.log.length;
    if (step < this.#chosen.length) return this.#chosen[step]!;
    this.finished();
    const awake = runnable & ~this.#sleep.set[step]!;
    if (step === this.#depth || awake === 0) return GIVE_UP;
    this.#chosen.push(lowest(awake));
    this.#rest[step] = awake;
    this.#put[step] = [];
    return this.#chosen[step]!;
  }

  finished(): boolean {
    while (this.#known < this.#program.log.length) this.#sleep.carryOver(this.#known++);
    return true;
  }

  /** Makes the prefix that was run last a job. */
  collect(): void {
    const { length } = this.#program.log;
    const agents = [...this.#program.log.agent.slice(0, length)];
    this.jobs.push({ agents, sleep: this.#put.slice(0, length).map((put) => [...put]) });
  }

  #fallAsleep(step: number): void {
    const { log } = this.#program;
    this.#sleep.add(step);
    const { agent, location, mask, touches } = log;
    const sleeper = [agent[step]!, location[step]!, mask[step]!, touches[step]!] as const;
    this.#put[step]!.push(sleeper);
  }
}
