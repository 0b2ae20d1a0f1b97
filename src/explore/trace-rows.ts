/**
 * What is drawn of an execution, row by row. Of a long one most accesses say nothing: those that no
 * other CPU could notice. Shown are the ones that decide the failure, those that depend on another
 * CPU's and the ones that they depend on, the first and the last of each turn of a CPU, and all
 * calls with their results. The accesses between are folded into one row that counts them.
 */
import type { Failure } from './failure.js';
import type { TraceCall } from './trace-call.js';
import type { TraceStep } from './trace.js';

/** Executions with at most so many accesses are shown whole. */
const SHORT = 40;
/** Of a loop that never ends so many steps are shown. */
const ROUND_SHOWN = 40;

/** What a failure is drawn from, or an execution that must come before it. */
export interface Drawn extends Pick<
  Failure,
  | 'trace'
  | 'calls'
  | 'endsEarly'
  | 'cpuNames'
  | 'cpu'
  | 'step'
  | 'otherStep'
  | 'related'
  | 'waiting'
  | 'error'
> {
  /** Show every access. */
  readonly isFull: boolean;
}

/** One row: an access, several that are folded, or the begin or end of a call. */
export type Row =
  | { readonly kind: 'step'; readonly cpu: number; readonly step: TraceStep }
  | { readonly kind: 'fold'; readonly cpu: number; readonly steps: readonly TraceStep[] }
  | { readonly kind: 'call'; readonly cpu: number; readonly text: string };

/** The rows of an execution. */
export function rowsOf(drawn: Drawn): Row[] {
  const trace = withoutFlushes(drawn.trace);
  const isShort = drawn.isFull || trace.length <= SHORT;
  const shown = isShort ? undefined : shownSteps(drawn, trace);
  return folded(withCalls(trace, drawn), shown);
}

/** A store that reaches memory before anything else happens is one step. */
function withoutFlushes(trace: readonly TraceStep[]): TraceStep[] {
  return trace.flatMap((one) => {
    const { link, ...store } = one;
    if (one.kind === 'flush') return link === one.step - 1 ? [] : [one];
    const flush = link === one.step + 1 ? trace[link] : undefined;
    if (flush?.before === undefined || flush.after === undefined) return [one];
    const { before, after, dependsOn = [] } = flush;
    return [{ ...store, before, after, dependsOn }];
  });
}

/** Collects the steps that are not to be folded. */
class Shown {
  readonly #steps = new Set<number>();
  readonly #all: readonly TraceStep[];

  /** @param all - the whole trace, by step */
  constructor(all: readonly TraceStep[]) {
    this.#all = all;
  }

  /** Shows a step; of a store that waited in a buffer both that and its flush. */
  add(step: number): void {
    this.#steps.add(step);
    const link = this.#all[step]?.link;
    if (link !== undefined) this.#steps.add(link);
  }

  has(step: number): boolean {
    return this.#steps.has(step);
  }
}

function shownSteps(drawn: Drawn, trace: readonly TraceStep[]): Shown {
  const { step: deciding, otherStep, related, error } = drawn;
  const shown = new Shown(drawn.trace);
  for (const step of [deciding, otherStep, ...related]) if (step >= 0) shown.add(step);
  if (/^livelock/.test(error.message)) {
    for (let step = deciding; step < deciding + ROUND_SHOWN; step++) shown.add(step);
  }
  addWritesTo(drawn.trace[deciding]?.location, trace, shown);
  addEnds(trace, shown);
  addDependences(trace, shown);
  return shown;
}

/** Whoever has written to what decides is part of the matter. */
function addWritesTo(
  location: string | undefined,
  trace: readonly TraceStep[],
  shown: Shown,
): void {
  if (location === undefined) return;
  for (const one of trace) {
    if (one.location === location && one.before !== one.after) shown.add(one.step);
  }
}

/** The first and the last access of each turn of a CPU. */
function addEnds(trace: readonly TraceStep[], shown: Shown): void {
  for (const [at, { cpu, step }] of trace.entries()) {
    if (trace[at - 1]?.cpu !== cpu || trace[at + 1]?.cpu !== cpu) shown.add(step);
  }
}

/**
 * Accesses that depend on another CPU's, and those others. A CPU that looks again and finds the
 * same as before says nothing new.
 */
function addDependences(trace: readonly TraceStep[], shown: Shown): void {
  const known = new Map<string, string>();
  for (const { cpu, step, location, before, after, dependsOn = [] } of trace) {
    if (dependsOn.length === 0) continue;
    for (const one of dependsOn) shown.add(one);
    const [key, found] = [`${cpu} ${location}`, dependsOn.join()];
    if (known.get(key) !== found || before !== after) shown.add(step);
    known.set(key, found);
  }
}

/** The steps, and between them where calls begin and end. */
function withCalls(trace: readonly TraceStep[], { calls, endsEarly }: Drawn): Row[] {
  const rows: Row[] = [];
  const told = new CallRows(calls, endsEarly);
  for (const step of trace) {
    const { cpu } = step;
    rows.push(...told.before(cpu, step.step), { kind: 'step', cpu, step });
    rows.push(...told.behind(cpu, step.step));
  }
  rows.push(...told.rest());
  return rows;
}

/** Begins and ends of calls, which are handed out as the steps go by. */
class CallRows {
  /** By CPU: its calls that are not handed out to their end, in order. */
  readonly #calls = new Map<number, TraceCall[]>();
  /** Calls whose begin was handed out. */
  readonly #begun = new Set<TraceCall>();

  readonly #endsEarly: boolean;

  constructor(calls: readonly TraceCall[], endsEarly: boolean) {
    this.#endsEarly = endsEarly;
    for (const call of calls) {
      const own = this.#calls.get(call.cpu);
      if (own === undefined) this.#calls.set(call.cpu, [call]);
      else own.push(call);
    }
  }

  /** What a CPU had begun and ended before it made a step. */
  before(cpu: number, step: number): Row[] {
    return this.#take(cpu, step, step);
  }

  /** What it has ended right behind a step. */
  behind(cpu: number, step: number): Row[] {
    return this.#take(cpu, -1, step + 1);
  }

  /** What comes behind the last step. */
  rest(): Row[] {
    return [...this.#calls.keys()].flatMap((cpu) => this.#take(cpu, Infinity, Infinity));
  }

  /** Hands out begins up to one step, and ends up to another. */
  #take(cpu: number, begins: number, ends: number): Row[] {
    const calls = this.#calls.get(cpu) ?? [];
    const rows: Row[] = [];
    while (calls.length > 0) {
      const [call] = calls as [TraceCall];
      const isNew = !this.#begun.has(call);
      if (isNew && call.start > begins) break;
      this.#begun.add(call);
      const isOver = call.end !== undefined && call.end <= ends;
      const isLeftOut = this.#endsEarly && begins === Infinity && !isOver;
      if (isNew && isLeftOut) rows.push({ kind: 'call', cpu, text: `left out: ${call.call} ...` });
      else if (isNew) rows.push({ kind: 'call', cpu, text: beginText(call, isOver) });
      else if (isOver) rows.push({ kind: 'call', cpu, text: endText(call) });
      if (!isOver) break;
      calls.shift();
    }
    return rows;
  }
}

function beginText({ call, result }: TraceCall, isOver: boolean): string {
  return isOver ? `${call} = ${result}` : call;
}

function endText({ name, result }: TraceCall): string {
  return result?.startsWith('throws') === true ? `${name} ${result}` : `${name} returns ${result}`;
}

/** Puts what is not shown together; one access alone is as good as a row that stands for it. */
function folded(rows: readonly Row[], shown: Shown | undefined): Row[] {
  if (shown === undefined) return [...rows];
  const result: Row[] = [];
  let steps: TraceStep[] = [];
  const close = (): void => {
    const [first] = steps;
    if (first === undefined) return;
    const { cpu } = first;
    result.push(
      steps.length > 1 ? { kind: 'fold', cpu, steps } : { kind: 'step', cpu, step: first },
    );
    steps = [];
  };
  for (const row of rows) {
    const isFolded = row.kind === 'step' && !shown.has(row.step.step);
    if (!isFolded || steps[0]?.cpu !== row.cpu) close();
    if (isFolded) steps.push(row.step);
    else result.push(row);
  }
  close();
  return result;
}
