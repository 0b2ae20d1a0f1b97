/** The result of a stress run as text. */
import type { StressResult } from '../index.js';

/** Lines of each list. */
const SHOWN = 50;

/** The first broken promise, how often each was broken, how much was run, and the outcomes. */
export function stressText(result: StressResult): string {
  const { scenario, rounds, threads, failures, failuresBy, seed, elapsed, outcomes } = result;
  const seconds = (elapsed / 1000).toFixed(1);
  const verdict =
    failures === 0
      ? 'no promise was broken in what was seen'
      : `a promise was broken in ${counted(failures, 'round')}`;
  const lines = [
    ...(result.failure === undefined ? [] : [result.failure.format()]),
    `"${scenario}": ${verdict}`,
    `${counted(rounds, 'round')} on ${counted(threads, 'thread')} in ${seconds} s; seed ${seed}`,
  ];
  if (failuresBy.size > 1) lines.push(...list('broken', failuresBy));
  if (outcomes.size > 1 || !outcomes.has('')) lines.push(...list('outcomes', outcomes));
  return `${lines.join('\n')}\n`;
}

function list(title: string, counts: ReadonlyMap<string, number>): string[] {
  if (counts.size === 0) return [];
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const lines = sorted
    .slice(0, SHOWN)
    .map(([what, count]) => `${String(count).padStart(10)}  ${what || '(none)'}`);
  const more = sorted.length - SHOWN;
  return ['', title, ...lines, ...(more > 0 ? [`${''.padStart(10)}  and ${more} more`] : [])];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
