/** Explores job by job, so that an exploration can be split and interrupted. */
import { checkCheckpoint, makeCheckpoint, type Checkpoint, type Job } from './checkpoint.js';
import { runsBefore } from './earlier.js';
import { JobMeter } from './job-meter.js';
import { makeJobs } from './jobs.js';
import { SourceDporStrategy } from './source-dpor.js';
import type { ExploreSettings } from './options.js';
import type { Program } from './program.js';
import type { Search, SearchEnd } from './search.js';
import { Totals } from './totals.js';

/** Milliseconds between checkpoints. */
const CHECKPOINT_PERIOD = 1000;

/** What the jobs of a shard showed. */
export interface QueueResult {
  readonly totals: Totals;
  readonly end: SearchEnd;
  /** The schedule of a failure that was found before the exploration was interrupted. */
  readonly earlierFailure: string | undefined;
}

/** Runs the jobs that are left of a shard. */
export async function runJobs(
  program: Program,
  search: Search,
  settings: ExploreSettings,
): Promise<QueueResult> {
  const { resume, memoryModel, onCheckpoint, onJob, maxExecutions } = settings;
  const shard = settings.shard ?? { index: 0, count: 1 };
  if (resume !== undefined) checkCheckpoint(resume, program, memoryModel, shard);
  runsBefore(program, resume?.orders ?? []);
  const jobs = resume === undefined ? makeJobs(program, search.execution, shard) : [...resume.jobs];
  const total = resume?.total ?? jobs.length;
  const done = total - jobs.length;
  search.execution.steps = resume?.steps ?? 0;
  const totals = totalsOf(resume);
  const save = (left: readonly Job[]): Checkpoint =>
    makeCheckpoint(program, memoryModel, shard, left, total, totals, search.execution.steps);
  let last = save(jobs);
  let due = performance.now() + CHECKPOINT_PERIOD;
  let end: SearchEnd = 'exhausted';
  let at = 0;
  for (; at < jobs.length; at++) {
    const meter = onJob === undefined ? undefined : new JobMeter(totals);
    end = await search.run(new SourceDporStrategy(program, jobs[at]), totals, maxExecutions);
    if (meter !== undefined) {
      onJob?.(meter.report(done + at + 1, total, jobs[at]!, end === 'exhausted'));
    }
    if (end !== 'exhausted') break;
    // A job that was interrupted begins again: what it counted so far is not in the checkpoint.
    last = save(jobs.slice(at + 1));
    if (onCheckpoint === undefined || performance.now() < due) continue;
    onCheckpoint(last);
    due = performance.now() + CHECKPOINT_PERIOD;
  }
  onCheckpoint?.(last);
  return { totals, end, earlierFailure: resume?.failure };
}

function totalsOf(resume: Checkpoint | undefined): Totals {
  const totals = new Totals();
  if (resume === undefined) return totals;
  totals.executions = resume.executions;
  totals.blocked = resume.blocked;
  totals.failures = resume.failures;
  totals.cut = resume.cut;
  for (const [outcome, count] of resume.outcomes) totals.outcomes.set(outcome, count);
  return totals;
}
