/** What an execution that does not end does again and again. */
import type { EventLog } from './event-log.js';

/** Longer cycles are not looked for. */
const PERIOD_MAX = 2000;
/** So often the same steps must come in a row to be taken for a cycle. */
const ROUNDS = 3;

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
 */
export function findCycle(log: EventLog): Cycle | undefined {
  const longest = Math.min(PERIOD_MAX, Math.floor(log.length / ROUNDS));
  for (let period = 1; period <= longest; period++) {
    let start = log.length - period;
    while (start > 0 && isSame(log, start - 1, start - 1 + period)) start--;
    const end = start + ROUNDS * period;
    if (end <= log.length) return { start, period, end };
  }
  return undefined;
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
