/** The steps of an execution as objects, for people and programs that read it. */
import * as access from './access.js';
import { Dependences } from './dependences.js';
import type { Program, StepNote } from './program.js';

/** One step. */
export interface TraceStep {
  /** From 0. */
  readonly step: number;
  /** The CPU's number and name; for a flush those of the CPU whose store buffer it is. */
  readonly cpu: number;
  readonly name: string;
  readonly kind: access.KindName;
  /** What Linux calls the access: `test_and_set_bit`; undefined for raw words. */
  readonly operation?: string;
  /** What was accessed; undefined for a fence. */
  readonly location?: string;
  /** The value in memory before and after; the same for a load. */
  readonly before?: number;
  readonly after?: number;
  /** What the program got, for accesses that return a value. */
  readonly result?: number;
  /** What was to be stored, added, expected or waited for. */
  readonly operand?: number;
  /** For compareExchange: whether it stored. */
  readonly succeeded?: boolean;
  /** The step that wrote the value which was read; undefined for the initial value. */
  readonly readsFrom?: number;
  /**
   * The last steps of other CPUs that must come before this one for all to end as it did: writes
   * whose values it found, and for a write those who read the value before it.
   */
  readonly dependsOn?: readonly number[];
  /** For a store under tso: the step in which it reached memory. For a flush: its store. */
  readonly link?: number;
  /** File and line in the scenario. */
  readonly site?: string;
}

/** The execution in a program's log. */
export function traceOf(program: Program, notes: readonly (StepNote | undefined)[]): TraceStep[] {
  const { log } = program;
  const before = new Dependences(log, program.cpuNames.length);
  return Array.from({ length: log.length }, (_, step) =>
    stepOf(program, step, before, notes[step]),
  );
}

function stepOf(
  program: Program,
  step: number,
  before: Dependences,
  note: StepNote | undefined,
): TraceStep {
  const { log, cpuNames } = program;
  const kind = log.kind[step]!;
  const cpu = log.agent[step]! % cpuNames.length;
  const head = { step, cpu, name: cpuNames[cpu]!, kind: access.KIND_NAMES[kind]! };
  const { site, operation } = note ?? {};
  const tail = {
    ...(operation === undefined ? {} : { operation }),
    ...(site === undefined ? {} : { site }),
  };
  if (access.isFence(kind)) return { ...head, ...tail };
  const location = program.symbol(log.location[step]!, log.mask[step]);
  const link = linkOf(program, step);
  const from = access.returnsValue(kind) ? sourceOf(program, step, before) : undefined;
  const dependsOn = before.take(step);
  return {
    ...head,
    location,
    before: log.before[step]!,
    after: log.after[step]!,
    ...(access.returnsValue(kind) ? { result: log.result[step]! } : {}),
    // What the core expects in a compareExchange nobody says.
    ...(kind <= access.LOAD_PLAIN || Number.isNaN(log.operand[step])
      ? {}
      : { operand: log.operand[step]! }),
    ...(kind === access.COMPARE_EXCHANGE
      ? { succeeded: log.touches[step] === access.TOUCHES_WRITE }
      : {}),
    ...(from === undefined ? {} : { readsFrom: from }),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
    ...(link === undefined ? {} : { link }),
    ...tail,
  };
}

/** The step whose value a load got: of its own buffer, or the last write that reached memory. */
function sourceOf({ log }: Program, step: number, before: Dependences): number | undefined {
  const location = log.location[step]!;
  const inMemory = before.lastWrite(step);
  if (log.result[step] !== log.before[step]) {
    for (let own = step - 1; own >= 0; own--) {
      const isOwn = log.agent[own] === log.agent[step] && log.link[own] === own;
      if (isOwn && log.location[own] === location) return own;
    }
  }
  const isFlush = inMemory !== undefined && log.kind[inMemory] === access.FLUSH;
  return isFlush ? log.link[inMemory]! : inMemory;
}

function linkOf({ log }: Program, step: number): number | undefined {
  const link = log.link[step]!;
  if (link !== step) return link < 0 ? undefined : link;
  for (let flush = step + 1; flush < log.length; flush++) {
    if (log.link[flush] === step) return flush;
  }
  return undefined;
}
