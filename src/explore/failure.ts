/** A broken promise with everything that is needed to understand it and to see it again. */
import type { Execution } from './execution.js';
import type { FailureKind } from './explore-error.js';
import { chromeTrace } from './chrome-trace.js';
import { formatFailure } from './format.js';
import { litmusOf } from './litmus.js';
import type { Program } from './program.js';
import { GivenSchedule } from './replay-strategy.js';
import { ScenarioError } from './scenario.js';
import { anchorOf, printSchedule } from './schedule.js';
import { shrink, switchesOf } from './shrink.js';
import { traceOf, type TraceStep } from './trace.js';
import { judge, type Verdict } from './verdict.js';
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
  readonly scenario: string;
  readonly cpuNames: readonly string[];
  readonly memoryModel: MemoryModel;
  readonly found: Found;
  /** The step that decides it, and the one that it races with; -1 for none. */
  readonly step: number;
  readonly otherStep: number;
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
    this.trace = details.trace;
    this.scenario = details.scenario;
    this.cpuNames = details.cpuNames;
    this.memoryModel = details.memoryModel;
    this.found = details.found;
  }

  /** The interleaving in columns, a CPU each, time downwards. */
  format(): string {
    return formatFailure(this);
  }

  /** Trace events as Chrome and Perfetto read them. */
  toChromeTrace(): object {
    return chromeTrace(this);
  }

  /** A litmus test of the kernel's memory model: whether it allows this execution, too. */
  toLitmus(): string {
    return litmusOf(this);
  }

  /** All of it as plain data. */
  toJSON(): object {
    const { kind, scenario, schedule, memoryModel, cpuNames, step, otherStep, cpu, trace } = this;
    const error = { name: this.error.name, message: this.error.message };
    const head = { scenario, kind, error, schedule, memoryModel, cpus: cpuNames };
    return { ...head, cpu, step, otherStep, found: this.found, trace };
  }
}

/** What found a failure. */
export interface Finder {
  readonly strategy: string;
  readonly seed?: number;
  readonly execution: number;
  /** The schedule was given, and stays as it is. */
  readonly isReplay?: boolean;
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
  const seen = traceOf(program, []);
  runAgain(program, execution, agents, seen);
  const shrunk = finder.isReplay ? { agents, replays: 0 } : shrink(program, execution, found);
  const traces = [0, 1].map(() => {
    const sites = program.recordSites(true);
    const verdict = runAgain(program, execution, shrunk.agents, []) ?? found;
    const trace = traceOf(program, sites);
    program.recordSites(false);
    return { verdict, trace };
  });
  const { verdict, trace } = traces[0]!;
  compareTraces(program.name, trace, traces[1]!.trace);
  const anchors = trace.map((_, step) =>
    anchorOf(
      log.kind[step]!,
      log.location[step]! < 0 ? '' : program.symbol(log.location[step]!, log.mask[step]),
    ),
  );
  // The strategy that found it reads on in the log: it shall be as it was.
  runAgain(program, execution, agents, []);
  const switchesFound = switchesOf(agents);
  const switches = switchesOf(shrunk.agents);
  return new Failure({
    scenario: program.name,
    verdict,
    schedule: printSchedule(program.name, program.build, model, shrunk.agents, anchors),
    trace,
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

/** Runs a schedule once more; compares with what it did before, if that is given. */
function runAgain(
  program: Program,
  execution: Execution,
  agents: Uint8Array,
  expected: readonly TraceStep[],
): Verdict | undefined {
  const end = execution.run(new GivenSchedule(program.log, agents, false));
  if (expected.length > 0) compareTraces(program.name, expected, traceOf(program, []));
  return judge(program, end);
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
    if (a === b) continue;
    throw new ScenarioError(
      `scenario "${name}" is not deterministic: the same schedule ran differently; ` +
        `step ${step + 1} was ${a}, then ${b}`,
    );
  }
}

/** A step in a few words. */
export function sketch(step: TraceStep | undefined): string {
  if (step === undefined) return 'the end';
  const { name, kind, location, before, after } = step;
  if (location === undefined) return `a ${kind} of "${name}"`;
  return `${kind} of ${location} by "${name}" (${before} -> ${after})`;
}
