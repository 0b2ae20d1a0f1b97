/** What an execution that does not end does again and again. */
import type { EventLog } from './event-log.js';

/** Longer cycles are not looked for. */
const PERIOD_MAX = 2000;
/** So often the same steps must come in a row to be taken for a cycle. */
export const ROUNDS = 3;

/** Steps that repeat until the end of a log. */
export interface Cycle {
  /** The first step of the first round. */
  readonly start: number;
  /** Steps of one round. */
  readonly period: number;
  /** The step behind the rounds that are enough to see it. */
  readonly end: number;
}

/**
 * The shortest cycle that a log ends with: the same agents make the same accesses; undefined for
 * none. Values may differ: a retry loop counts events.
 * @param accepts - says by the length of its rounds whether a cycle is one that is looked for
 */
export function findCycle(
  log: EventLog,
  accepts: (period: number) => boolean = () => true,
): Cycle | undefined {
  const longest = Math.min(PERIOD_MAX, Math.floor(log.length / ROUNDS));
  for (let period = 1; period <= longest; period++) {
    const enough = log.length - ROUNDS * period;
    let start = startOf(log, period, enough);
    if (start > enough || !accepts(period)) continue;
    start = startOf(log, period, 0);
    return { start, period, end: start + ROUNDS * period };
  }
  return undefined;
}

/** From where on the steps of a log repeat with a period; not before `first`. */
function startOf(log: EventLog, period: number, first: number): number {
  let start = log.length - period;
  while (start > first && isSame(log, start - 1, start - 1 + period)) start--;
  return start;
}

function isSame(log: EventLog, one: number, other: number): boolean {
  return (
    log.agent[one] === log.agent[other] &&
    log.kind[one] === log.kind[other] &&
    log.location[one] === log.location[other] &&
    log.mask[one] === log.mask[other] &&
    log.touches[one] === log.touches[other]
  );
}
