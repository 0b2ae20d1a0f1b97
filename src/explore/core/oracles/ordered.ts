import * as access from '../../access.js';
import type { EventLog } from '../../event-log.js';

/** Two steps of different CPUs, the earlier first. */
export interface StepPair {
  readonly first: number;
  readonly second: number;
}

/** Pairs that are looked at together: a bit each. */
const PAIRS_MAX = 30;
/** First steps that come before the accesses to a part of a location. */
interface Noted {
  readonly mask: number;
  bits: number;
}

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
  /** By location: which come before writes of its parts, and before reads. */
  const writes = new Map<number, Noted[]>();
  const reads = new Map<number, Noted[]>();
  const firsts = bitsBy(pairs, 'first');
  const seconds = bitsBy(pairs, 'second');
  const end = Math.max(...seconds.keys());
  for (let step = Math.min(...firsts.keys()); step <= end; step++) {
    const cpu = log.agent[step]! % cpus;
    let bits = behind[cpu]!;
    const touches = log.touches[step]!;
    const isWrite = touches === access.TOUCHES_WRITE;
    const mask = touches === access.TOUCHES_NOTHING ? 0 : log.mask[step]!;
    const location = log.location[step]!;
    bits |= notedOf(writes.get(location), mask);
    if (isWrite) bits |= notedOf(reads.get(location), mask);
    bits |= firsts.get(step) ?? 0;
    const missing = (seconds.get(step) ?? 0) & ~bits;
    if (missing !== 0) return pairs[31 - Math.clz32(missing & -missing)];
    behind[cpu] = bits;
    if (bits !== 0 && mask !== 0) note(isWrite ? writes : reads, location, mask, bits);
  }
  return undefined;
}

/** By step: the pairs whose earlier, or later, step it is. */
function bitsBy(pairs: readonly StepPair[], which: 'first' | 'second') {
  const bits = new Map<number, number>();
  for (const [bit, pair] of pairs.entries()) {
    bits.set(pair[which], (bits.get(pair[which]) ?? 0) | (1 << bit));
  }
  return bits;
}

function notedOf(noted: readonly Noted[] | undefined, mask: number): number {
  let bits = 0;
  for (const one of noted ?? []) if ((one.mask & mask) !== 0) bits |= one.bits;
  return bits;
}

function note(all: Map<number, Noted[]>, location: number, mask: number, bits: number): void {
  const noted = all.get(location) ?? [];
  all.set(location, noted);
  const same = noted.find((one) => one.mask === mask);
  if (same === undefined) noted.push({ mask, bits });
  else same.bits |= bits;
}
