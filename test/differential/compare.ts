/**
 * Comparing what the two kernels answer.
 */
import type { Answer } from '../syscalls/calls.js';
import type { Answers, Sequence } from './native.js';

/** The first line that is answered differently. */
export interface Difference {
  readonly line: number;
  readonly native: string;
  readonly emulated: string;
}

function show(answer: Answer | undefined): string {
  if (!answer) return 'nothing';
  const known = Object.entries(answer).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Where the answers part; undefined if they are the same. */
export function difference(native: Answers, emulated: Answers): Difference | undefined {
  if ('died' in native)
    return { line: 0, native: `wait status ${native.died}`, emulated: 'answers' };
  if ('died' in emulated) throw new Error('the emulator cannot die');
  const line = native.findIndex((answer, i) => show(answer) !== show(emulated[i]));
  if (line < 0) return undefined;
  return { line, native: show(native[line]), emulated: show(emulated[line]) };
}

/** A sequence as calls, with the answers to the line that differs. */
export function explain(lines: Sequence, { line, native, emulated }: Difference): string {
  const numbered = lines.slice(0, line + 1).map((text, i) => `${i === line ? '=>' : '  '} ${text}`);
  return [...numbered, `   Linux:    ${native}`, `   emulator: ${emulated}`].join('\n');
}
