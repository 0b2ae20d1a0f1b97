/** A broken promise with everything that is needed to understand it and to see it again. */
import { compareTraces, repeat, runAgain } from './determinism.js';
import { Execution } from './execution.js';
import type { FailureKind } from './explore-error.js';
import { chromeTrace } from './chrome-trace.js';
import { formatFailure, type FormatOptions } from './format.js';
import { litmusOf } from './litmus.js';
import { switchesOf } from './made-schedule.js';
import type { Program, StepNote } from './program.js';
import { neededBefore, runsBefore } from './earlier.js';
import { anchorOf, printSchedule, type MadeSteps } from './schedule.js';
import { shrink, type Shrunk } from './shrink.js';
import { traceOf, type TraceStep } from './trace.js';
import type { TraceCall } from './trace-call.js';
import type { Verdict, Waiting } from './verdict.js';
import type { MemoryModel } from './words-program.js';

/** How a failure was found. */
export interface Found {
  /** What chose the schedule: a strategy, or a replay. */
  readonly strategy: string;
  readonly seed?: number;
  /** The number of the execution, from 1. */
  readonly execution: number;
  /** Switches from one CPU to another before and after shrinking. */
  readonly switchesFound: number;
  readonly switches: number;
  /** Executions that shrinking took. */
  readonly shrinkReplays: number;
}

/** What a {@link Failure} is made from. */
export interface FailureDetails {
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly schedule: string;
  readonly trace: readonly TraceStep[];
  readonly calls: readonly TraceCall[];
  readonly endsEarly: boolean;
  readonly earlier: readonly (readonly TraceStep[])[];
  readonly cpuNames: readonly string[];
  readonly memoryModel: MemoryModel;
  readonly found: Found;
}

/** An execution that broke a promise: the simplest one that was found. */
export class Failure {
  /** The oracle: an assertion, the scenario's check, a deadlock ... */
  readonly kind: FailureKind;
  /** What was thrown, or what the oracle says. */
  readonly error: Error;
  /** The interleaving in one printable line, for `replay()`. */
  readonly schedule: string;
  /** Every access of the execution, in order. */
  readonly trace: readonly TraceStep[];
  /** Every call of a process, or of pages, in the order of their begins. */
  readonly calls: readonly TraceCall[];
  /** What the CPUs do behind their last steps is left out: the failure does not need it. */
  readonly endsEarly: boolean;
  /** Of a failure that one execution alone does not show, those that must come before. */
  readonly earlier: readonly (readonly TraceStep[])[];
  readonly scenario: string;
  readonly cpuNames: readonly string[];
  readonly memoryModel: MemoryModel;
  readonly found: Found;
  /** The step that decides it, and the one that it races with; -1 for none. */
  readonly step: number;
  readonly otherStep: number;
  /** Further steps without which it would not have come so. */
  readonly related: readonly number[];
  /** Of a deadlock: who waits for what. */
  readonly waiting: readonly Waiting[];
  /** The CPU that showed it; -1 for none. */
  readonly cpu: number;

  constructor(details: FailureDetails) {
    const { verdict } = details;
    this.kind = verdict.kind;
    this.error = verdict.error;
    this.cpu = verdict.cpu;
    this.step = verdict.step;
    this.otherStep = verdict.other;
    this.schedule = details.schedule;
    this.related = verdict.related ?? [];
    this.waiting = verdict.waiting ?? [];
    this.trace = details.trace;
    this.calls = details.calls;
    this.endsEarly = details.endsEarly;
    this.earlier = details.earlier;
    this.scenario = details.scenario;
    this.cpuNames = details.cpuNames;
    this.memoryModel = details.memoryModel;
    this.found = details.found;
  }

  /** The interleaving in columns, a CPU each, time downwards. */
  format(options: FormatOptions = {}): string {
    return formatFailure(this, options);
  }

  /** Trace events as Chrome and Perfetto read them. */
  toChromeTrace(): object {
    return chromeTrace(this);
  }

  /**
   * A litmus test of the kernel's memory model: whether it allows this execution, too.
   * @throws TypeError for a scenario on the core, whose accesses are too many and too wide
   */
  toLitmus(): string {
    return litmusOf(this);
  }

  /** All of it as plain data. */
  toJSON(): object {
    const { kind, scenario, schedule, memoryModel, cpuNames, step, otherStep, cpu } = this;
    const error = { name: this.error.name, message: this.error.message };
    const head = { scenario, kind, error, schedule, memoryModel, cpus: cpuNames };
    const { found, trace, calls, related, waiting, endsEarly } = this;
    const tail = this.earlier.length === 0 ? {} : { earlier: this.earlier };
    return {
      ...head,
      cpu,
      step,
      otherStep,
      related,
      waiting,
      found,
      trace,
      calls,
      endsEarly,
      ...tail,
    };
  }
}

/** What found a failure. */
export interface Finder {
  readonly strategy: string;
  readonly seed?: number;
  readonly execution: number;
  /** The schedule was given, and stays as it is. */
  readonly isReplay?: boolean;
  /** Of such a one: no CPU goes further than it says. */
  readonly endsEarly?: boolean;
}

/**
 * Makes a failure of the execution that has just ended with a verdict: shrinks its schedule, and
 * runs the result twice to see that the scenario is deterministic.
 * @throws ScenarioError if it is not
 */
export function makeFailure(
  program: Program,
  execution: Execution,
  found: Verdict,
  model: MemoryModel,
  finder: Finder,
): Failure {
  const { log } = program;
  const agents = log.agent.slice(0, log.length);
  const { isReplay = false, endsEarly = false } = finder;
  repeat(program, execution, found, endsEarly);
  const runner = enoughOf(program, execution, found, finder);
  if (runner !== execution) runAgain(program, runner, agents);
  const asGiven = { agents, replays: 0, endsEarly };
  const shrunk = isReplay ? asGiven : shrink(program, runner, found);
  // From here on only what the token has is known, as it will be for whoever replays it.
  const learnt = program.lockOrders.forget();
  const needed = neededBefore(program, runner, found, shrunk.agents, isReplay);
  const earlier = needed.map((agents) => shownBefore(program, agents));
  const made = [0, 1].map(() => shownAgain(program, runner, found, shrunk));
  const { verdict, trace, calls } = made[0]!;
  compareTraces(program.name, trace, made[1]!.trace);
  program.lockOrders.recall(learnt);
  // The strategy that found it reads on in the log: it shall be as it was.
  runAgain(program, execution, agents, endsEarly);
  const switchesFound = switchesOf(agents, program.cpuNames.length);
  const switches = switchesOf(shrunk.agents, program.cpuNames.length);
  return new Failure({
    scenario: program.name,
    verdict,
    schedule: printSchedule(program.name, program.build, model, [...earlier, made[0]!]),
    trace,
    calls,
    endsEarly: shrunk.endsEarly,
    earlier: earlier.map((one) => one.trace),
    cpuNames: program.cpuNames,
    memoryModel: model,
    found: {
      strategy: finder.strategy,
      execution: finder.execution,
      ...(finder.seed === undefined ? {} : { seed: finder.seed }),
      ...{ switchesFound, switches, shrinkReplays: shrunk.replays },
    },
  });
}

/** An execution with all that is printed of it. */
interface Shown extends MadeSteps {
  readonly trace: readonly TraceStep[];
  readonly calls: readonly TraceCall[];
}

function shownAgain(
  program: Program,
  execution: Execution,
  found: Verdict,
  { agents, endsEarly }: Shrunk,
): Shown & { readonly verdict: Verdict } {
  const notes = program.recordNotes(true);
  const verdict = runAgain(program, execution, agents, endsEarly) ?? found;
  return { ...shownNow(program, notes), verdict, endsEarly };
}

function shownBefore(program: Program, agents: Uint8Array): Shown {
  const notes = program.recordNotes(true);
  runsBefore(program, [agents]);
  return shownNow(program, notes);
}

/** The execution that was run last. */
function shownNow(program: Program, notes: readonly (StepNote | undefined)[]): Shown {
  const { log } = program;
  const agents = log.agent.slice(0, log.length);
  const trace = traceOf(program, notes);
  const anchors = trace.map((_, step) => {
    const location = log.location[step]!;
    const symbol = location < 0 ? '' : program.symbol(location, log.mask[step]);
    return anchorOf(log.kind[step]!, symbol);
  });
  const calls = program.notedCalls?.() ?? [];
  program.recordNotes(false);
  return { agents, anchors, trace, calls };
}

/** Of an execution without an end only so much as shows that is shrunk, drawn and replayed. */
function enoughOf(
  program: Program,
  execution: Execution,
  { length }: Verdict,
  { isReplay }: Finder,
): Execution {
  return length === undefined || isReplay ? execution : new Execution(program, length);
}
