/** The steps of an execution as objects, for people and programs that read it. */
import * as access from './access.js';
import type { Program } from './program.js';

/** One step. */
export interface TraceStep {
  /** From 0. */
  readonly step: number;
  /** The CPU's number and name; for a flush those of the CPU whose store buffer it is. */
  readonly cpu: number;
  readonly name: string;
  readonly kind: access.KindName;
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
  /** For a store under tso: the step in which it reached memory. For a flush: its store. */
  readonly link?: number;
  /** File and line in the scenario. */
  readonly site?: string;
}

/** The execution in a program's log. */
export function traceOf(program: Program, sites: readonly (string | undefined)[]): TraceStep[] {
  const { log } = program;
  const lastWrite = new Map<number, number>();
  return Array.from({ length: log.length }, (_, step) => {
    const made = stepOf(program, step, lastWrite, sites[step]);
    if (log.touches[step] === access.TOUCHES_WRITE) lastWrite.set(log.location[step]!, step);
    return made;
  });
}

function stepOf(
  program: Program,
  step: number,
  lastWrite: ReadonlyMap<number, number>,
  site: string | undefined,
): TraceStep {
  const { log, cpuNames } = program;
  const kind = log.kind[step]!;
  const cpu = log.agent[step]! % cpuNames.length;
  const head = { step, cpu, name: cpuNames[cpu]!, kind: access.KIND_NAMES[kind]! };
  const tail = site === undefined ? {} : { site };
  if (access.isFence(kind)) return { ...head, ...tail };
  const location = program.symbol(log.location[step]!, log.mask[step]);
  const link = linkOf(program, step);
  const from = access.returnsValue(kind) ? sourceOf(program, step, lastWrite) : undefined;
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
    ...(link === undefined ? {} : { link }),
    ...tail,
  };
}

/** The step whose value a load got: of its own buffer, or the last write that reached memory. */
function sourceOf(
  { log }: Program,
  step: number,
  lastWrite: ReadonlyMap<number, number>,
): number | undefined {
  const location = log.location[step]!;
  const inMemory = lastWrite.get(location);
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
