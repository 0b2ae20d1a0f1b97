import * as access from '../../access.js';
import type { EventLog } from '../../event-log.js';

/** Two steps of different CPUs, the earlier first. */
export interface StepPair {
  readonly first: number;
  readonly second: number;
}

/** Pairs that are looked at together: a bit each. */
const PAIRS_MAX = 30;
/** The lower bytes of a location, which another field has than the upper ones. */
const LOWER = 0x0f;

/**
 * The first of some pairs that nothing keeps in order: there is an execution, equivalent to the one
 * in the log, in which they come the other way round. Kept in order is what a chain of conflicts
 * and of program order joins, as in happens-before.ts; for a few pairs it is enough to follow what
 * comes behind each first step.
 */
export function findUnordered<P extends StepPair>(
  log: EventLog,
  cpus: number,
  pairs: readonly P[],
): P | undefined {
  for (let from = 0; from < pairs.length; from += PAIRS_MAX) {
    const found = unorderedOf(log, cpus, pairs.slice(from, from + PAIRS_MAX));
    if (found !== undefined) return found;
  }
  return undefined;
}

function unorderedOf<P extends StepPair>(
  log: EventLog,
  cpus: number,
  pairs: readonly P[],
): P | undefined {
  /** Which first steps come before what each CPU does next. */
  const behind = new Int32Array(cpus);
  /** By half of a location: which come before its writes, and before its reads. */
  const writes = new Map<number, number>();
  const reads = new Map<number, number>();
  const start = Math.min(...pairs.map(({ first }) => first));
  const end = Math.max(...pairs.map(({ second }) => second));
  for (let step = start; step <= end; step++) {
    const cpu = log.agent[step]! % cpus;
    let bits = behind[cpu]!;
    const isWrite = log.touches[step] === access.TOUCHES_WRITE;
    const halves = log.touches[step] === access.TOUCHES_NOTHING ? [] : halvesOf(log, step);
    for (const half of halves) {
      bits |= writes.get(half) ?? 0;
      if (isWrite) bits |= reads.get(half) ?? 0;
    }
    for (const [bit, pair] of pairs.entries()) {
      if (pair.first === step) bits |= 1 << bit;
      if (pair.second === step && ((bits >>> bit) & 1) === 0) return pair;
    }
    behind[cpu] = bits;
    if (bits === 0) continue;
    const noted = isWrite ? writes : reads;
    for (const half of halves) noted.set(half, (noted.get(half) ?? 0) | bits);
  }
  return undefined;
}

function halvesOf({ location, mask }: EventLog, step: number): number[] {
  const at = location[step]! * 2;
  const [lower, upper] = [mask[step]! & LOWER, mask[step]! & ~LOWER];
  if (lower !== 0 && upper !== 0) return [at, at + 1];
  return lower !== 0 ? [at] : [at + 1];
}
