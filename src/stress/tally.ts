import type { Counts, SentFailure } from './protocol.js';

/** More outcomes than that are not told apart: they are counted together. */
const OUTCOMES_MAX = 10_000;
const OTHERS = '(others)';

/** Counts rounds. */
export class Tally {
  rounds = 0;
  failures = 0;
  readonly outcomes = new Map<string, number>();
  readonly kinds = new Map<string, number>();
  failure: SentFailure | undefined;

  /** A round has ended like this. */
  count(outcome: string): void {
    const isKnown = this.outcomes.has(outcome) || this.outcomes.size < OUTCOMES_MAX;
    add(this.outcomes, isKnown ? outcome : OTHERS, 1);
  }

  /** A round has broken a promise. */
  fail(failure: SentFailure): void {
    this.failures++;
    const { kind, message } = failure.error;
    add(this.kinds, `${kind}: ${message.replace(/-?\b(0x[0-9a-f]+|\d+)\b/g, '#')}`, 1);
    this.failure ??= failure;
  }

  /** Adds what another tally has counted. */
  add(counts: Counts): void {
    this.rounds += counts.rounds;
    this.failures += counts.failures;
    for (const [outcome, rounds] of counts.outcomes) add(this.outcomes, outcome, rounds);
    for (const [kind, rounds] of counts.kinds) add(this.kinds, kind, rounds);
    this.failure ??= counts.failure;
  }

  /** As data. */
  get counts(): Counts {
    const { rounds, failures, failure } = this;
    const counts = { rounds, failures, outcomes: [...this.outcomes], kinds: [...this.kinds] };
    return failure === undefined ? counts : { ...counts, failure };
  }
}

function add(counts: Map<string, number>, name: string, more: number): void {
  counts.set(name, (counts.get(name) ?? 0) + more);
}
