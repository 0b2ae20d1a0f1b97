/**
 * A failure as text: the verdict, the interleaving with a column for each CPU, how it was found,
 * and how to see it again.
 */
import type { Failure } from './failure.js';
import { stepText } from './step-text.js';
import type { TraceStep } from './trace.js';

const STEP_WIDTH = 5;
const COLUMN_WIDTH_MIN = 16;
/** Of a longer execution so many steps at the start and at the end. */
const ROWS_SHOWN = 200;
/** Longer executions are shown without the accesses to what one CPU has for itself. */
const LONG = 60;

/** All of it. */
export function formatFailure(failure: Failure): string {
  const { found, schedule, error, kind, scenario, memoryModel } = failure;
  const before = found.switchesFound;
  const seed = found.seed === undefined ? '' : ` seed ${found.seed}`;
  const shrunk =
    found.shrinkReplays === 0 ? '' : `; shrunk in ${found.shrinkReplays} replays (was ${before})`;
  return [
    `${kind.toUpperCase()} in "${scenario}" (${memoryModel}): ${error.message}`,
    '',
    ...earlierColumns(failure),
    ...columns(failure),
    '',
    `${found.switches} switches; found by ${found.strategy}${seed}, execution ` +
      `${found.execution}${shrunk}`,
    `replay: ${schedule}`,
    '',
  ].join('\n');
}

/** What is drawn of an execution. */
type Drawn = Pick<Failure, 'trace' | 'cpuNames' | 'cpu' | 'step' | 'otherStep' | 'error'>;

/** Executions that must come before the one that fails. */
function earlierColumns(failure: Failure): string[] {
  if (failure.earlier.length === 0) return [];
  const lines = failure.earlier.flatMap((trace) => {
    const drawn = { ...failure, trace, cpu: -1, step: trace.length - 1, otherStep: -1 };
    return ['another execution:', ...columns(drawn), ''];
  });
  return [...lines, 'and then this one:'];
}

function columns(failure: Drawn): string[] {
  const { cpuNames, cpu } = failure;
  const trace = visibleSteps(failure);
  const cells = trace.map((step) => textOf(step, failure));
  const sites = trace.map(({ site }) => site ?? '');
  const widths = cpuNames.map((name, column) => {
    const texts = cells.filter((_, step) => trace[step]!.cpu === column);
    const longest = texts.reduce(
      (most, text) => Math.max(most, text.length),
      title(name, column).length,
    );
    return Math.max(COLUMN_WIDTH_MIN, longest) + 2;
  });
  const total = widths.reduce((sum, width) => sum + width, STEP_WIDTH + 2);
  const head = cpuNames.map((name, column) => title(name, column).padEnd(widths[column]!));
  const lines = [`${'step'.padStart(STEP_WIDTH)}  ${head.join('')}`.trimEnd()];
  let switches = 0;
  for (const [at, step] of trace.entries()) {
    if (at === ROWS_SHOWN && trace.length > 2 * ROWS_SHOWN) {
      lines.push(`${' '.repeat(STEP_WIDTH + 2)}... ${trace.length - 2 * ROWS_SHOWN} steps ...`);
    }
    if (at >= ROWS_SHOWN && at < trace.length - ROWS_SHOWN) continue;
    if (at > 0 && trace[at - 1]!.cpu !== step.cpu) {
      switches++;
      lines.push(`${' '.repeat(STEP_WIDTH + 2)}${'-'.repeat(total)} switch ${switches}`);
    }
    lines.push(rowOf(step, cells[at]!, widths, sites[at]!));
  }
  if (cpu >= 0) {
    lines.push(`${' '.repeat(STEP_WIDTH + 2 + sum(widths, cpu))}! ${failure.error.message}`);
  }
  return lines;
}

/** A store that reaches memory before anything else happens is one step. */
function withoutFlushes(trace: readonly TraceStep[]): TraceStep[] {
  return trace.flatMap((one) => {
    const { link, ...store } = one;
    if (one.kind === 'flush') return link === one.step - 1 ? [] : [one];
    const flush = link === one.step + 1 ? trace[link] : undefined;
    if (flush?.before === undefined || flush.after === undefined) return [one];
    return [{ ...store, before: flush.before, after: flush.after }];
  });
}

/** The steps that some other CPU could notice; of a short execution all. */
function visibleSteps({ trace: all, step, otherStep }: Drawn): readonly TraceStep[] {
  const trace = withoutFlushes(all);
  if (trace.length <= LONG) return trace;
  const users = new Map<string, number>();
  for (const { location, cpu } of trace) {
    if (location !== undefined) users.set(location, (users.get(location) ?? 0) | (1 << cpu));
  }
  const isShared = (bits: number) => (bits & (bits - 1)) !== 0;
  return trace.filter(
    (one) =>
      one.step === step ||
      one.step === otherStep ||
      (one.location !== undefined && isShared(users.get(one.location) ?? 0)),
  );
}

function title(name: string, column: number): string {
  return `CPU${column} ${name}`;
}

function rowOf(step: TraceStep, text: string, widths: readonly number[], site: string): string {
  const left = ' '.repeat(sum(widths, step.cpu));
  const cells = `${left}${text}`.padEnd(sum(widths, widths.length));
  return `${String(step.step + 1).padStart(STEP_WIDTH)}  ${cells}${site}`.trimEnd();
}

function sum(widths: readonly number[], upTo: number): number {
  return widths.slice(0, upTo).reduce((all, width) => all + width, 0);
}

/** One access in words; a star marks the one that decides the failure. */
function textOf(step: TraceStep, failure: Drawn): string {
  const isDeciding = step.step === failure.step || step.step === failure.otherStep;
  const from = step.readsFrom === undefined ? undefined : failure.trace[step.readsFrom];
  const isFromOther = from !== undefined && from.cpu !== step.cpu;
  const arrow = isDeciding && isFromOther ? ` <- step ${from.step + 1} (CPU${from.cpu})` : '';
  return `${isDeciding ? '* ' : '  '}${stepText(step)}${arrow}`;
}
