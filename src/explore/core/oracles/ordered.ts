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
  /** By half of a location: which come before its writes, and, behind those, before its reads. */
  const halves = (highest(log) + 1) * 2;
  const noted = new Int32Array(halves * 2);
  const firsts = bitsBy(pairs, 'first');
  const seconds = bitsBy(pairs, 'second');
  const end = Math.max(...seconds.keys());
  for (let step = Math.min(...firsts.keys()); step <= end; step++) {
    const cpu = log.agent[step]! % cpus;
    let bits = behind[cpu]!;
    const touches = log.touches[step]!;
    const isWrite = touches === access.TOUCHES_WRITE;
    const mask = touches === access.TOUCHES_NOTHING ? 0 : log.mask[step]!;
    const half = log.location[step]! * 2;
    if ((mask & LOWER) !== 0) bits |= noted[half]! | (isWrite ? noted[half + halves]! : 0);
    if ((mask & ~LOWER) !== 0) bits |= noted[half + 1]! | (isWrite ? noted[half + 1 + halves]! : 0);
    bits |= firsts.get(step) ?? 0;
    const missing = (seconds.get(step) ?? 0) & ~bits;
    if (missing !== 0) return pairs[31 - Math.clz32(missing & -missing)];
    behind[cpu] = bits;
    if (bits === 0) continue;
    const at = isWrite ? half : half + halves;
    if ((mask & LOWER) !== 0) noted[at]! |= bits;
    if ((mask & ~LOWER) !== 0) noted[at + 1]! |= bits;
  }
  return undefined;
}

/** The highest number of a location in the log. */
function highest({ length, location }: EventLog): number {
  let most = 0;
  for (let step = 0; step < length; step++) most = Math.max(most, location[step]!);
  return most;
}

/** By step: the pairs whose earlier, or later, step it is. */
function bitsBy(pairs: readonly StepPair[], which: 'first' | 'second') {
  const bits = new Map<number, number>();
  for (const [bit, pair] of pairs.entries()) {
    bits.set(pair[which], (bits.get(pair[which]) ?? 0) | (1 << bit));
  }
  return bits;
}
