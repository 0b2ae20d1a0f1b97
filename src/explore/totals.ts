/** What an exploration has seen so far. */
import type { Failure } from './failure.js';

/** One part of an exploration: what one strategy did. */
export interface Phase {
  readonly strategy: string;
  readonly executions: number;
  readonly blocked: number;
}

/** The result of `explore()`. */
export interface ExploreResult {
  readonly scenario: string;
  /**
   * Executions that ran to an end; in mode `states` the states in which they end. When nobody chose
   * a strategy: those of the last one that ran; `phases` has all.
   */
  readonly executions: number;
  /** Executions that were begun and given up, since they showed nothing new. */
  readonly blocked: number;
  /** Accesses to shared memory in all of them. */
  readonly steps: number;
  /** True if every inequivalent interleaving was seen, to its end. */
  readonly complete: boolean;
  /** What the CPUs saw, joined by blanks, and in how many executions. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The first broken promise, in its simplest form. */
  readonly failure: Failure | undefined;
  /** Executions that broke a promise. */
  readonly failures: number;
  /** Executions that were cut in a loop that waits for others; `cpu.waitWhile` avoids that. */
  readonly cut: number;
  /** Mode `states`: distinct states and the steps between them. */
  readonly states: number | undefined;
  readonly transitions: number | undefined;
  readonly phases: readonly Phase[];
  /** Milliseconds. */
  readonly elapsed: number;
}

/** Counts while it goes on. */
export class Totals {
  executions = 0;
  blocked = 0;
  failures = 0;
  cut = 0;
  readonly outcomes = new Map<string, number>();
  failure: Failure | undefined;

  /** One more execution that ended with this outcome. */
  countOutcome(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}
