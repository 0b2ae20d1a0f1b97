/** `explore()`: a scenario, its schedules, and what they show. */
import { DfsStrategy } from './dfs.js';
import { runJobs } from './job-queue.js';
import { OptimalDporStrategy } from './optimal-dpor.js';
import { exploreSettings, isSplit, type ExploreOptions, type ExploreSettings } from './options.js';
import { PctStrategy } from './pct.js';
import type { Program } from './program.js';
import { RandomStrategy } from './random.js';
import { replay } from './replay.js';
import { checkScenario, type Scenario } from './scenario.js';
import { Search, type SearchEnd } from './search.js';
import { SourceDporStrategy } from './source-dpor.js';
import { StatesStrategy } from './states.js';
import type { Strategy } from './strategy.js';
import { Totals, type ExploreResult, type Phase } from './totals.js';
import { programOf } from './program-of.js';

/** Executions of each depth that come first when nobody chose a strategy; of the budget a share. */
const PROBES = 100;
const PROBES_SHARE = 0.1;

/**
 * Runs the CPUs of a scenario in many interleavings, and checks its promises in each.
 *
 * ```ts
 * const { failure, complete, executions } = await explore(scenario, { strategy: 'dpor' });
 * if (failure) console.log(failure.format());
 * ```
 * @throws ScenarioError when the scenario itself is wrong: it throws in setup, yields something
 * that is no operation, runs differently when it is run again
 * @throws RangeError, TypeError that name the option
 */
export async function explore<Context>(
  scenario: Scenario<Context>,
  options: ExploreOptions = {},
): Promise<ExploreResult> {
  checkScenario(scenario);
  const settings = exploreSettings(options);
  const started = performance.now();
  const program = await programOf(scenario, settings.memoryModel);
  const search = new Search(program, settings);
  const phases: Phase[] = [];
  const found = await chosen(program, settings, search, phases);
  const { totals, end, earlierFailure } = found;
  if (earlierFailure !== undefined) {
    totals.failure ??= (await replay(scenario, earlierFailure)).failure;
  }
  return {
    scenario: scenario.name,
    executions: totals.executions,
    blocked: totals.blocked,
    steps: search.execution.steps,
    complete: end === 'exhausted' && found.isExhaustive && totals.cut === 0,
    outcomes: totals.outcomes,
    failure: totals.failure,
    failures: totals.failures,
    cut: totals.cut,
    states: found.states,
    transitions: found.transitions,
    phases,
    elapsed: performance.now() - started,
  };
}

/** What one strategy found. */
interface Outcome {
  readonly totals: Totals;
  readonly end: SearchEnd;
  readonly isExhaustive: boolean;
  readonly states?: number;
  readonly transitions?: number;
  /** The schedule of a failure that was found before a checkpoint. */
  readonly earlierFailure?: string | undefined;
}

async function chosen(
  program: Program,
  settings: ExploreSettings,
  search: Search,
  phases: Phase[],
): Promise<Outcome> {
  const runs = async (strategy: Strategy, max: number): Promise<Outcome> => {
    const totals = new Totals();
    const end = await search.run(strategy, totals, max);
    const { executions, blocked } = totals;
    phases.push({ strategy: strategy.name, executions, blocked });
    return { totals, end, isExhaustive: strategy.isExhaustive };
  };
  const { maxExecutions, strategy } = settings;
  if (settings.mode === 'states') {
    const search = new StatesStrategy(program);
    const outcome = await runs(search, maxExecutions);
    return { ...outcome, states: search.states, transitions: search.transitions };
  }
  if (isSplit(settings)) {
    const { totals, end, earlierFailure } = await runJobs(program, search, settings);
    phases.push({ strategy: 'dpor', executions: totals.executions, blocked: totals.blocked });
    return { totals, end, isExhaustive: true, earlierFailure };
  }
  if (strategy !== undefined) return runs(strategyOf(strategy, program, settings), maxExecutions);
  const probes = Math.min(PROBES, Math.floor(maxExecutions * PROBES_SHARE));
  for (const depth of [2, 3]) {
    const probe = new PctStrategy(settings.seed, program, depth);
    const outcome = await runs(probe, probes);
    if (outcome.end === 'failure' || outcome.end === 'aborted') return outcome;
  }
  return runs(new OptimalDporStrategy(program), Math.max(1, maxExecutions - 2 * probes));
}

function strategyOf(name: string, program: Program, settings: ExploreSettings): Strategy {
  const { seed, preemptions, depth } = settings;
  switch (name) {
    case 'random':
      return new RandomStrategy(seed, weightsOf(program, settings));
    case 'pct':
      return new PctStrategy(seed, program, depth);
    case 'dfs':
      return new DfsStrategy(program.log, program.cpuNames.length, preemptions);
    case 'source-dpor':
      return new SourceDporStrategy(program);
    default:
      return new OptimalDporStrategy(program);
  }
}

/** The weight of each agent; a store buffer has that of its CPU. */
function weightsOf(program: Program, { weights }: ExploreSettings): number[] | undefined {
  if (weights === undefined) return undefined;
  for (const [name, weight] of Object.entries(weights)) {
    if (!program.cpuNames.includes(name)) throw new RangeError(`weights: no CPU "${name}"`);
    if (!(weight > 0 && weight < Infinity)) {
      throw new RangeError(`weights: that of "${name}" must be above 0, got ${weight}`);
    }
  }
  return Array.from({ length: program.agents }, (_, agent) => {
    const name = program.cpuNames[agent % program.cpuNames.length];
    return weights[name ?? ''] ?? 1;
  });
}
