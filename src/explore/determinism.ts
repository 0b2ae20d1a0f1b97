/**
 * Everything rests on this: the same schedule does the same again. A scenario that draws random
 * numbers, reads a clock or remembers earlier executions breaks it, and no schedule of it means
 * anything. So executions are run twice, and their events compared: every one that fails, and of
 * the others those whose number is a power of two.
 */
import { asIn, EarlyEnd } from './early-end.js';
import type { Execution } from './execution.js';
import type { Program } from './program.js';
import { GivenSchedule } from './replay-strategy.js';
import { ScenarioError } from './scenario.js';
import { traceOf, type TraceStep } from './trace.js';
import { judge, type Verdict } from './verdict.js';

/**
 * Runs the execution that has just ended once more.
 * @param found - the verdict on it
 * @throws ScenarioError that names the first event in which they differ, or what they showed
 */
export function repeat(
  program: Program,
  execution: Execution,
  found: Verdict | undefined,
  endsEarly = false,
): void {
  const trace = traceOf(program, []);
  const outcome = program.outcome();
  const agents = program.log.agent.slice(0, program.log.length);
  const again = runAgain(program, execution, agents, endsEarly);
  compareTraces(program.name, trace, traceOf(program, []));
  if (found?.key !== again?.key) {
    throw differs(program.name, `it ${shown(found)}, then ${shown(again)}`);
  }
  if (outcome === program.outcome()) return;
  throw differs(program.name, `its outcome was "${outcome}", then "${program.outcome()}"`);
}

/**
 * Runs a schedule once more, and judges.
 * @param endsEarly - no CPU makes more steps than the schedule has for it
 */
export function runAgain(
  program: Program,
  execution: Execution,
  agents: ArrayLike<number>,
  endsEarly = false,
): Verdict | undefined {
  if (endsEarly) {
    const strategy = new EarlyEnd(program, agents, asIn(agents));
    return judge(program, strategy.endOf(execution.run(strategy)));
  }
  return judge(program, execution.run(new GivenSchedule(program.log, agents, false)));
}

/**
 * Compares two executions of one schedule.
 * @throws ScenarioError that names the first event in which they differ
 */
export function compareTraces(
  name: string,
  first: readonly TraceStep[],
  second: readonly TraceStep[],
): void {
  const length = Math.max(first.length, second.length);
  for (let step = 0; step < length; step++) {
    const [a, b] = [sketch(first[step]), sketch(second[step])];
    if (a !== b) throw differs(name, `step ${step + 1} was ${a}, then ${b}`);
  }
}

/** A step in a few words. */
export function sketch(step: TraceStep | undefined): string {
  if (step === undefined) return 'the end';
  const { name, kind, location, before, after } = step;
  if (location === undefined) return `a ${kind} of "${name}"`;
  return `${kind} of ${location} by "${name}" (${before} -> ${after})`;
}

function shown(verdict: Verdict | undefined): string {
  return verdict === undefined ? 'kept every promise' : `failed (${verdict.error.message})`;
}

function differs(name: string, how: string): ScenarioError {
  return new ScenarioError(
    `scenario "${name}" is not deterministic: the same schedule ran differently; ${how}`,
  );
}
