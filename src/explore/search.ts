/** Runs executions under a strategy, counts what they show, and lets the caller in between. */
import type { Circle } from './circles.js';
import { findCycle, ROUNDS } from './cycle.js';
import { repeat, runAgain } from './determinism.js';
import { Execution } from './execution.js';
import { makeFailure } from './failure.js';
import type { ExploreSettings } from './options.js';
import type { Program } from './program.js';
import { FairSchedule, GivenSchedule } from './replay-strategy.js';
import type { Strategy } from './strategy.js';
import type { Totals } from './totals.js';
import { judge, type Verdict } from './verdict.js';

/** Milliseconds that it runs without a look at anything else. */
const SLICE_LENGTH = 50;
/** Steps between looks at the clock. */
const SLICE_STEPS = 10_000;

/** Of the circles of states that keep somebody from running so many are tried, and then few. */
const UNFAIR_TRIED = 1000;
/** Steps of an execution that is run twice for no other reason. */
const REPEATED_MAX = 20_000;

/** Why a search ended. */
export type SearchEnd = 'exhausted' | 'budget' | 'failure' | 'aborted';

/** Searches a program with one strategy after another. */
export class Search {
  readonly execution: Execution;
  readonly #program: Program;
  readonly #settings: ExploreSettings;
  #sliceEnd = performance.now() + SLICE_LENGTH;
  #nextLook = SLICE_STEPS;
  /** Circles of states that keep somebody from running. */
  #unfair = 0;

  constructor(program: Program, settings: ExploreSettings) {
    this.#program = program;
    this.#settings = settings;
    this.execution = new Execution(program, settings.maxSteps);
  }

  /**
   * Runs a strategy to its end, or until `totals` has so many executions.
   * @throws ScenarioError when the scenario itself is wrong
   */
  async run(strategy: Strategy, totals: Totals, maxExecutions: number): Promise<SearchEnd> {
    const { stopOnFailure, signal } = this.#settings;
    const { execution } = this;
    while (true) {
      if (signal?.aborted) return 'aborted';
      if (totals.executions + totals.blocked + totals.cut >= maxExecutions) return 'budget';
      if (!strategy.next()) return 'exhausted';
      this.#one(strategy, totals);
      if (totals.failures > 0 && stopOnFailure) return 'failure';
      if (execution.steps >= this.#nextLook) {
        this.#nextLook = execution.steps + SLICE_STEPS;
        if (performance.now() >= this.#sliceEnd) await this.breathe(strategy.name, totals);
      }
    }
  }

  /** Reports, and lets other work of this thread run. */
  async breathe(strategy: string, totals: Totals): Promise<void> {
    const { executions, blocked, failures } = totals;
    const { steps } = this.execution;
    this.#settings.onProgress?.({ strategy, executions, blocked, steps, failures });
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#sliceEnd = performance.now() + SLICE_LENGTH;
  }

  #one(strategy: Strategy, totals: Totals): void {
    this.#judgeOne(strategy, totals);
    const { circle } = strategy;
    if (circle !== undefined && totals.failures === 0) this.#goRound(circle, strategy.name, totals);
  }

  #judgeOne(strategy: Strategy, totals: Totals): void {
    const program = this.#program;
    const end = this.execution.run(strategy);
    const isNew = strategy.finished(end);
    if (!isNew || end === 'blocked') {
      if (isNew) totals.blocked++;
      if (program.lockOrders.isBroken) this.#finish(strategy.name, totals);
      return;
    }
    if (end === 'cut') {
      totals.cut++;
      return;
    }
    totals.executions++;
    if (end === 'steps') totals.cut++;
    if (end === 'done') totals.countOutcome(program.outcome());
    const verdict = judge(program, end);
    const isDoubtful = end === 'steps' && verdict?.length === undefined;
    if (verdict === undefined && !isDoubtful) {
      if (isPowerOfTwo(totals.executions)) this.#repeat();
      return;
    }
    // What comes runs executions of its own; the strategy goes on from the one that it has chosen.
    const log = program.log.copy();
    const failed = isDoubtful ? this.#judgeFairly() : verdict;
    if (failed !== undefined) this.#fail(failed, strategy.name, totals);
    program.log.restore(log);
  }

  /**
   * An execution is not judged that has broken the order of locks. In most searches another one
   * goes on from there; one that merges states may have seen all that follows.
   */
  #finish(strategy: string, totals: Totals): void {
    if (this.#settings.mode !== 'states' || totals.failures > 0) return;
    const { log } = this.#program;
    const kept = log.copy();
    const agents = log.agent.slice(0, log.length);
    const verdict = runAgain(this.#program, this.execution, agents);
    if (verdict !== undefined) this.#fail(verdict, strategy, totals);
    log.restore(kept);
  }

  /**
   * An execution can go on for ever: it is made to go round as often as shows that. If somebody is
   * kept from running by that, all are given turns; so many circles are no livelocks that these are
   * not all tried.
   */
  #goRound({ way, round, isFair }: Circle, strategy: string, totals: Totals): void {
    if (!isFair && ++this.#unfair > UNFAIR_TRIED && !isPowerOfTwo(this.#unfair)) return;
    const program = this.#program;
    const kept = program.log.copy();
    const agents = [...way];
    for (let rounds = 0; rounds < ROUNDS; rounds++) agents.push(...round);
    const execution = isFair ? new Execution(program, agents.length) : this.execution;
    const schedule = isFair ? new GivenSchedule(program.log, agents, true) : new FairSchedule(way);
    const verdict = judge(program, execution.run(schedule));
    if (verdict !== undefined) this.#fail(verdict, strategy, totals, execution);
    program.log.restore(kept);
  }

  /**
   * An execution had no end, and somebody never had a turn, or did when it was too late: whether it
   * has none with turns.
   */
  #judgeFairly(): Verdict | undefined {
    const { log } = this.#program;
    const agents = log.agent.slice(0, findCycle(log)?.end ?? log.length / 2);
    return judge(this.#program, this.execution.run(new FairSchedule(agents)));
  }

  #fail(
    verdict: Verdict,
    strategy: string,
    totals: Totals,
    execution: Execution = this.execution,
  ): void {
    totals.failures++;
    if (totals.failure !== undefined) return;
    const { memoryModel, seed } = this.#settings;
    const isSeeded = strategy === 'random' || strategy.startsWith('pct');
    totals.failure = makeFailure(this.#program, execution, verdict, memoryModel, {
      ...{ strategy, execution: totals.executions },
      ...(isSeeded ? { seed } : {}),
    });
  }

  /** Looks whether the scenario is deterministic; in mode `states` no execution starts anew. */
  #repeat(): void {
    const { log } = this.#program;
    if (this.#settings.mode === 'states' || log.length > REPEATED_MAX) return;
    const { steps } = this.execution;
    const kept = log.copy();
    repeat(this.#program, this.execution, undefined);
    log.restore(kept);
    this.execution.steps = steps;
  }
}

function isPowerOfTwo(number: number): boolean {
  return (number & (number - 1)) === 0;
}
