/** What the footprints say about contention: which written cache lines are shared with whom. */
import type { FootprintLine, FootprintRow, LineScope, Sharing } from './types.js';

/** Who shares the struct of that name; structs that are not listed are shared by everyone. */
const SCOPES: ReadonlyMap<string, LineScope> = new Map([
  ['percpu', 'cpu'],
  ['per_cpu', 'cpu'],
  ['cpu', 'cpu'],
  ['task', 'cpu'],
  ['task_struct', 'cpu'],
  ['page', 'page'],
  ['folio', 'page'],
  ['address_space', 'file'],
  ['inode', 'file'],
  ['shmem_inode_info', 'file'],
  ['file', 'file'],
]);

/** The scopes whose lines are shared between threads, by how the pinned pages are related. */
const CONTENDED: Readonly<Record<Sharing, readonly LineScope[]>> = {
  'same-page': ['page', 'file', 'machine'],
  'same-file': ['file', 'machine'],
  'separate-files': ['machine'],
};

/** Who shares a cache line, by the name of the struct in it (`page[3]` counts as `page`). */
export function scopeOfLine(line: FootprintLine): LineScope {
  return line.scope ?? SCOPES.get(structOf(line.line)) ?? 'machine';
}

/** True when the line is written, so that another CPU that uses it has to fetch it anew. */
export function isWritten(line: FootprintLine): boolean {
  return line.stores + line.rmws > 0;
}

/** True when threads that pin pages related as `sharing` take this line away from each other. */
export function isContended(line: FootprintLine, sharing: Sharing): boolean {
  return isWritten(line) && CONTENDED[sharing].includes(scopeOfLine(line));
}

/** The traffic of one pin and its unpin together. */
export interface PairFootprint {
  readonly policy: string;
  readonly batch: number;
  /** The pin's row, then the unpin's; one of them when the other was not counted. */
  readonly phases: readonly FootprintRow[];
}

/** Puts the pin and the unpin of each policy and batch together, in the order of the rows. */
export function pairFootprints(rows: readonly FootprintRow[]): PairFootprint[] {
  const pairs = new Map<string, { policy: string; batch: number; phases: FootprintRow[] }>();
  for (const row of rows) {
    const key = `${row.policy}/${row.batch}`;
    const pair = pairs.get(key) ?? { policy: row.policy, batch: row.batch, phases: [] };
    pair.phases.push(row);
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/**
 * Names of the distinct cache lines that a pin and its unpin write and that other threads, pinning
 * pages related as `sharing`, use too.
 */
export function contendedLines(pair: PairFootprint, sharing: Sharing): string[] {
  const lines = pair.phases.flatMap((row) => row.lines);
  return [...new Set(lines.filter((line) => isContended(line, sharing)).map(({ line }) => line))];
}

/** Cache lines that are used alike, such as the pages of a batch. */
export interface LineGroup {
  /** `page[3]` for one line, `page` for several. */
  readonly name: string;
  readonly count: number;
  /** The first of them; the others have the same struct, fields and accesses. */
  readonly first: FootprintLine;
}

/** Puts lines of the same struct with the same fields and accesses together, in order. */
export function groupLines(lines: readonly FootprintLine[]): LineGroup[] {
  const groups = new Map<string, FootprintLine[]>();
  for (const line of lines) {
    const key = [structOf(line.line), line.fields, line.loads, line.stores, line.rmws].join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  return [...groups.values()].map((alike) => {
    const first = alike[0] as FootprintLine;
    const name = alike.length === 1 ? first.line : structOf(first.line);
    return { name, count: alike.length, first };
  });
}

/** The struct's name without its number. */
function structOf(line: string): string {
  return line.replace(/\[.*$/, '').trim();
}
