/** `replay()`: one interleaving of a scenario once more, from its token. */
import { inRange } from '../check.js';
import { has } from './bits.js';
import type { FormatOptions } from './format.js';
import { Execution } from './execution.js';
import { makeFailure, type Failure } from './failure.js';
import type { Program } from './program.js';
import { anybody } from './replay-strategy.js';
import { checkScenario, ScenarioError, type Scenario } from './scenario.js';
import {
  anchorOf,
  kindOfAnchor,
  parseSchedule,
  scenarioHash,
  type Schedule,
  type ScheduledRun,
} from './schedule.js';
import { GIVE_UP, type Strategy } from './strategy.js';
import { traceOf, type TraceStep } from './trace.js';
import { judge } from './verdict.js';
import { programOf } from './program-of.js';

/** How `replay()` follows a schedule. */
export interface ReplayOptions {
  /**
   * `exact`: step by step, and an error where that is not possible, or if the scenario is not what
   * it was. `anchored`: also when the scenario has changed; it switches at the accesses where the
   * schedule switched, and goes on as well as it can. @defaultValue "exact"
   */
  readonly mode?: 'exact' | 'anchored';
  /** Steps after which an anchored replay counts as endless. @defaultValue 1e5 */
  readonly maxSteps?: number;
}

/** The first place where an anchored replay could not follow its schedule. */
export interface Divergence {
  /** From 0. */
  readonly step: number;
  readonly expected: string;
  readonly got: string;
}

/** What a replay showed. */
export interface ReplayResult {
  /** The broken promise, as `explore()` gives it; undefined if all were kept. */
  readonly failure: Failure | undefined;
  readonly error: Error | undefined;
  readonly trace: readonly TraceStep[];
  /** What the CPUs recorded, joined by blanks. */
  readonly outcome: string;
  readonly divergence: Divergence | undefined;
  /** The failure in columns; without one, that there is none. */
  format(options?: FormatOptions): string;
}

/**
 * Runs the interleaving that a token says.
 * @param schedule - `failure.schedule` of `explore()`
 * @throws ScenarioError for a token that is cut off, or of another scenario or another build of it,
 * and where the schedule cannot be followed: nothing is run, or no further
 */
export async function replay<Context>(
  scenario: Scenario<Context>,
  schedule: string,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  checkScenario(scenario);
  const { mode = 'exact' } = options;
  if (mode !== 'exact' && mode !== 'anchored') {
    throw new RangeError(`mode: expected exact or anchored, got ${String(mode)}`);
  }
  const given = parseSchedule(schedule);
  const program = await programOf(scenario, given.model);
  checkOrigin(program, given, mode);
  const maxSteps = inRange(options.maxSteps ?? 1e5, 1, 1e8, 'maxSteps');
  const isExact = mode === 'exact';
  const endsEarly = isExact && given.endsEarly;
  const steps = stepsOf(given.runs) + (endsEarly ? 1 : 0); // behind them it is asked once more
  const execution = new Execution(program, isExact ? steps : maxSteps);
  program.recordNotes(true); // locations have their names of the moment of access
  for (const runs of given.earlier) {
    new Execution(program, stepsOf(runs)).run(new ScheduleStrategy(program, runs, isExact));
  }
  const strategy = new ScheduleStrategy(program, given.runs, isExact);
  const end = execution.run(strategy);
  const verdict = judge(program, endsEarly && end === 'blocked' ? 'done' : end);
  const trace = traceOf(program, []);
  const outcome = program.outcome();
  const finder = { strategy: 'replay', execution: 1, isReplay: true, endsEarly };
  const failure = verdict && makeFailure(program, execution, verdict, given.model, finder);
  return {
    failure,
    error: failure?.error,
    trace: failure?.trace ?? trace,
    outcome,
    divergence: strategy.divergence,
    format: (options) => failure?.format(options) ?? `"${scenario.name}": no promise was broken\n`,
  };
}

function stepsOf(runs: readonly ScheduledRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

function checkOrigin(program: Program, given: Schedule, mode: string): void {
  if (given.scenario !== scenarioHash(program.name)) {
    throw new ScenarioError(`schedule: it is of another scenario, not of "${program.name}"`);
  }
  if (given.build !== program.build && mode === 'exact') {
    throw new ScenarioError(
      `schedule: it is of another build of "${program.name}" (${given.build}, this is ` +
        `${program.build}); the mode "anchored" tries to follow it all the same`,
    );
  }
  const run = [...given.earlier, given.runs].flat().find(({ agent }) => agent >= program.agents);
  if (run !== undefined) throw new ScenarioError(`schedule: there is no CPU ${run.agent}`);
}

/** Follows the runs of a token, with an eye on their anchors. */
class ScheduleStrategy implements Strategy {
  readonly name = 'replay';
  readonly isExhaustive = false;
  readonly needsCuts = false;
  divergence: Divergence | undefined;
  readonly #program: Program;
  readonly #runs: readonly ScheduledRun[];
  readonly #isExact: boolean;
  #run = 0;
  /** Steps of the run that are made. */
  #made = 0;

  constructor(program: Program, runs: readonly ScheduledRun[], isExact: boolean) {
    this.#program = program;
    this.#runs = runs;
    this.#isExact = isExact;
  }

  next(): boolean {
    return true;
  }

  pick(runnable: number, spinning: number): number {
    while (this.#run < this.#runs.length) {
      const run = this.#runs[this.#run]!;
      if (this.#made > 0 && this.#isOver(run)) {
        this.#run++;
        this.#made = 0;
        continue;
      }
      const isThere = has(runnable, run.agent);
      if (this.#made === 0) this.#compare(run, isThere);
      if (isThere) {
        this.#made++;
        return run.agent;
      }
      this.#run++;
      this.#made = 0;
    }
    return this.#isExact ? GIVE_UP : anybody(this.#program.log, runnable, spinning);
  }

  finished(): boolean {
    // There is nothing to choose next time.
    return true;
  }

  /** After its steps; where steps have come or gone, before the access of its next run. */
  #isOver(run: ScheduledRun): boolean {
    if (this.#isExact || run.agent >= this.#program.cpuNames.length) return this.#made >= run.count;
    const next = this.#runs.find(({ agent }, at) => at > this.#run && agent === run.agent);
    if (next === undefined) return this.#made >= run.count;
    const limit = run.count * 4 + 16;
    return this.#anchor(run.agent) === next.anchor || this.#made >= limit;
  }

  #compare(run: ScheduledRun, isThere: boolean): void {
    const { cpuNames, log } = this.#program;
    const name = cpuNames[run.agent % cpuNames.length]!;
    const isCpu = run.agent < cpuNames.length;
    const anchor = isCpu && isThere ? this.#anchor(run.agent) : run.anchor;
    if (isThere && anchor === run.anchor) return;
    const expected = `${kindOfAnchor(run.anchor)} by "${name}"`;
    const got = isThere ? this.#describe(run.agent) : `"${name}" cannot make a step`;
    this.divergence ??= { step: log.length, expected, got };
    if (!this.#isExact) return;
    throw new ScenarioError(
      `schedule: the replay leaves it at step ${log.length + 1}: expected ${expected}, got ${got}`,
    );
  }

  #describe(cpu: number): string {
    const { pending, cpuNames } = this.#program;
    const location = pending.location[cpu]!;
    const what = location < 0 ? '' : ` of ${this.#program.symbol(location, pending.mask[cpu])}`;
    return `${kindOfAnchor(this.#anchor(cpu))}${what} by "${cpuNames[cpu]}"`;
  }

  #anchor(cpu: number): string {
    const { pending } = this.#program;
    const location = pending.location[cpu]!;
    return anchorOf(
      pending.kind[cpu]!,
      location < 0 ? '' : this.#program.symbol(location, pending.mask[cpu]),
    );
  }
}
