/**
 * Trees of sequences of steps that are still to be run from some state (Abdulla and others, 2014).
 *
 * A sequence is worth inserting only if no branch leads to an equivalent execution anyway. So it is
 * followed down the tree: along a branch whose agent could make its step first in the sequence, or
 * whose step nothing in the sequence conflicts with. Where the way ends at a leaf, what follows
 * there is free and will be found; where no branch fits, the rest becomes a new last branch.
 */
import { TOUCHES_NOTHING, TOUCHES_WRITE } from './access.js';

/** One step of a sequence, with what can follow it. */
export interface WakeupStep {
  readonly agent: number;
  /** The agent, or of a store buffer its CPU: the two never conflict. */
  readonly cpu: number;
  readonly location: number;
  readonly mask: number;
  readonly touches: number;
  /** Of a flush and of its store: the step of the store in the execution they were seen in. */
  readonly link: number;
  /** The store buffer that must be empty for this step; -1 for none. */
  readonly drains: number;
  readonly then: WakeupStep[];
}

/** A step of which only the agent matters: it is run next, whatever it does. */
export function makeStep(agent: number): WakeupStep {
  const touches = TOUCHES_NOTHING;
  return { agent, cpu: agent, location: -1, mask: 0, touches, link: -1, drains: -1, then: [] };
}

/** What decides whether two steps conflict. */
type Access = Pick<WakeupStep, 'cpu' | 'location' | 'mask' | 'touches'>;

/** Whether two accesses of different CPUs touch a common byte and one of them writes. */
export function conflict(a: Access, b: Access): boolean {
  if (a.cpu === b.cpu) return false;
  if (a.location !== b.location || (a.mask & b.mask) === 0) return false;
  if (a.touches === TOUCHES_NOTHING || b.touches === TOUCHES_NOTHING) return false;
  return a.touches === TOUCHES_WRITE || b.touches === TOUCHES_WRITE;
}

/**
 * Whether an agent could make its step before everything in a sequence without changing it, be it
 * in the sequence or not.
 * @param step - the agent's next step, for an agent that is not in the sequence
 */
export function isWeakInitial(step: WakeupStep, sequence: readonly WakeupStep[]): boolean {
  const at = sequence.findIndex(({ agent }) => agent === step.agent);
  if (at >= 0) return isInitial(sequence, at);
  // It can be made now, so no store or flush of the sequence is what it waits for.
  return !sequence.some((other) => conflict(step, other));
}

/**
 * Inserts a sequence below the branches of a state; `sequence` is used up. The first branch is the
 * one that is being run: the sequence reverses a race with its step, so it never leads there.
 */
export function insertSequence(branches: WakeupStep[], sequence: WakeupStep[]): void {
  let level = branches;
  let from = 1;
  while (sequence.length > 0) {
    const branch = level.find((step, at) => at >= from && isWeakInitial(step, sequence));
    from = 0;
    if (branch === undefined) {
      appendChain(level, sequence);
      return;
    }
    if (branch.then.length === 0) return;
    const at = sequence.findIndex(({ agent }) => agent === branch.agent);
    if (at >= 0) sequence.splice(at, 1);
    level = branch.then;
  }
}

function appendChain(level: WakeupStep[], sequence: readonly WakeupStep[]): void {
  let below = level;
  for (const step of sequence) {
    below.push(step);
    below = step.then;
  }
}

/** Whether nothing in a sequence must come before one of its steps. */
function isInitial(sequence: readonly WakeupStep[], at: number): boolean {
  const step = sequence[at]!;
  for (let i = 0; i < at; i++) {
    if (isOrdered(sequence[i]!, step)) return false;
  }
  return true;
}

function isOrdered(earlier: WakeupStep, later: WakeupStep): boolean {
  if (earlier.link >= 0 && earlier.link === later.link) return true;
  return later.drains === earlier.agent || conflict(earlier, later);
}
