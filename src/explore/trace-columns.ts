/** An execution in columns: a CPU each, time downwards, where in the sources at the right. */
import { stepText } from './step-text.js';
import { rowsOf, type Drawn, type Row } from './trace-rows.js';
import type { TraceStep } from './trace.js';

const STEP_WIDTH = 5;
const COLUMN_WIDTH_MIN = 16;
/** Columns that need more than this reach into each other: only one CPU has text in a row. */
const TOTAL_WIDTH_MAX = 90;
/** Of even more rows so many at the start and at the end. */
const ROWS_SHOWN = 200;

/** The columns, line by line. */
export function columnsOf(drawn: Drawn): string[] {
  const rows = rowsOf(drawn);
  const texts = rows.map((row) => rowText(row, drawn));
  const starts = startsOf(drawn.cpuNames, rows, texts);
  const ends = rows.map(({ cpu }, at) => starts[cpu]! + texts[at]!.length);
  const width = ends.reduce((most, end) => Math.max(most, end), starts.at(-1)! + COLUMN_WIDTH_MIN);
  const margin = ' '.repeat(STEP_WIDTH + 2);
  const lines = [headOf(drawn.cpuNames, starts)];
  const lastStep = rows.findLastIndex(({ kind }) => kind !== 'call');
  let switches = 0;
  for (const [at, row] of rows.entries()) {
    const isSwitch = at > 0 && at <= lastStep && rows[at - 1]!.cpu !== row.cpu;
    if (isSwitch) switches++;
    const left = drawn.isFull ? 0 : rows.length - 2 * ROWS_SHOWN;
    if (left > 0 && at === ROWS_SHOWN) lines.push(`${margin}... ${left} rows ...`);
    if (left > 0 && at >= ROWS_SHOWN && at < rows.length - ROWS_SHOWN) continue;
    if (isSwitch) lines.push(`${margin}${'-'.repeat(width)} switch ${switches}`);
    lines.push(lineOf(row, `${' '.repeat(starts[row.cpu]!)}${texts[at]!}`.padEnd(width)));
  }
  for (const { cpu, what } of drawn.waiting) {
    lines.push(`${margin}${' '.repeat(starts[cpu]!)}! ${what}`);
  }
  if (drawn.cpu >= 0) {
    lines.push(`${margin}${' '.repeat(starts[drawn.cpu]!)}! ${drawn.error.message}`);
  }
  return lines;
}

/** Where the column of each CPU begins. */
function startsOf(
  names: readonly string[],
  rows: readonly Row[],
  texts: readonly string[],
): number[] {
  const titles = names.map((name, cpu) => Math.max(COLUMN_WIDTH_MIN, titleOf(name, cpu).length));
  const widest = [...titles];
  for (const [at, { cpu }] of rows.entries()) {
    widest[cpu] = Math.max(widest[cpu]!, texts[at]!.length);
  }
  const isWide = widest.reduce((sum, width) => sum + width, 0) > TOTAL_WIDTH_MAX;
  const widths = isWide ? titles : widest;
  return widths.map((_, cpu) => widths.slice(0, cpu).reduce((sum, width) => sum + width + 2, 0));
}

function headOf(names: readonly string[], starts: readonly number[]): string {
  const titles = names.reduce(
    (head, name, cpu) => head.padEnd(starts[cpu]!) + titleOf(name, cpu),
    '',
  );
  return `${'step'.padStart(STEP_WIDTH)}  ${titles}`;
}

function titleOf(name: string, cpu: number): string {
  return `CPU${cpu} ${name}`;
}

function lineOf(row: Row, text: string): string {
  const step = row.kind === 'step' ? row.step : undefined;
  const number = step === undefined ? '' : String(step.step + 1);
  return `${number.padStart(STEP_WIDTH)}  ${text}  ${step?.site ?? ''}`.trimEnd();
}

function rowText(row: Row, drawn: Drawn): string {
  if (row.kind === 'call') return row.text;
  return row.kind === 'fold' ? foldText(row.steps) : accessText(row.step, drawn);
}

/** An access with what it reads from; a star marks the one that decides the failure. */
function accessText(step: TraceStep, drawn: Drawn): string {
  const { trace, step: deciding, otherStep, waiting } = drawn;
  const from = step.readsFrom === undefined ? undefined : trace[step.readsFrom];
  const isFromOther = from !== undefined && from.cpu !== step.cpu;
  const arrow = isFromOther ? ` <- step ${from.step + 1} (CPU${from.cpu})` : '';
  // What decides a deadlock is what nobody does any more.
  const isOfFailure = step.step === deciding || step.step === otherStep;
  const isDeciding = waiting.length === 0 && isOfFailure;
  return `${isDeciding ? '* ' : '  '}${stepText(step)}${arrow}`;
}

/** How many accesses are left out, and in which functions they stand. */
function foldText(steps: readonly TraceStep[]): string {
  const isOwn = steps.every(({ dependsOn = [] }) => dependsOn.length === 0);
  const functions = [steps[0], steps.at(-1)].map((step) => step?.site?.split(' ')[0]);
  const [first, last] = functions;
  const where = [first, last === first ? undefined : last].filter((name) => name !== undefined);
  const which = isOwn ? 'accesses of its own' : 'more accesses';
  return `  ... ${steps.length} ${which}${where.length === 0 ? '' : `: ${where.join(' … ')}`}`;
}
