/**
 * What the explorer explores: CPUs that announce each access to shared memory before they make it.
 * This is the narrow interface between the search and what it runs; raw words
 * (words-program.ts) are one program, the core with its CPUs as coroutines is another.
 */
import type { EventLog } from './event-log.js';
import type { TraceCall } from './trace-call.js';
import type { LockOrders } from './lock-orders.js';

/** The next access of each CPU, indexed by CPU; meaningless for a CPU that has ended. */
export interface Pending {
  /** One of the kinds of access.ts. */
  readonly kind: Uint8Array;
  /** What is accessed: a small number that the program gives to each aligned 8 bytes it uses. */
  readonly location: Int32Array;
  /** The part of the location: accesses whose masks share no bit do not meet there. */
  readonly mask: Uint32Array;
  /** What to store, to add, to expect, to wait for. */
  readonly operand: Float64Array;
  /** What to store if the expected value is there. */
  readonly replacement: Float64Array;
}

/** What is noted of a step while somebody wants to know; undefined where it is not known. */
export interface StepNote {
  /** Where in the sources it stands. */
  readonly site: string | undefined;
  /** What Linux calls the access. */
  readonly operation: string | undefined;
}

/** What stopped a CPU: an error that it threw, or one of the program as such. */
export interface Fault {
  /** The CPU; -1 for none. */
  readonly cpu: number;
  readonly error: unknown;
}

/** At most so many agents: a set of them is one 32-bit number. */
export const AGENTS_MAX = 30;

/** The answer of `step` that says nothing about who goes next. */
export const UNDECIDED = -2;

/** A program that can be run again and again, step by step, in any order of its CPUs. */
export interface Program {
  /** The scenario's name. */
  readonly name: string;
  /** A hash of everything that decides what the program does, for replays. */
  readonly build: string;
  readonly cpuNames: readonly string[];
  /** CPUs, and store buffers if there are any. */
  readonly agents: number;
  /** The steps of this execution; `step` appends. */
  readonly log: EventLog;
  readonly pending: Pending;
  /** Set when a CPU has thrown; nothing more is to be run then. */
  readonly fault: Fault | undefined;
  /** What executions teach that decides how later ones are judged. */
  readonly lockOrders: LockOrders;

  /** Starts an execution: memory as after setup, every CPU before its first access. */
  begin(): void;
  /** The agents that can make a step, a bit each. */
  runnable(): number;
  /** The CPUs that have not ended, a bit each. */
  unfinished(): number;
  /**
   * Makes the announced access of an agent that can, and runs its CPU up to the next one.
   * @param decide - says who makes the next step; a program for which it is cheaper to let the same
   * CPU go on than to stop it asks there, and makes more steps as long as that is the answer; the
   * answer UNDECIDED stops it
   * @returns the last answer, or UNDECIDED if it did not ask
   */
  step(agent: number, decide: () => number): number;
  /** What each CPU recorded as its outcome, joined by blanks. */
  outcome(): string;
  /** Runs the scenario's own check of an execution that has ended; throws what that throws. */
  check(): void;
  /** Locations that exist at least; may grow while an execution runs. */
  locations(): number;
  /** The value of a location at the start of the execution. */
  initial(location: number): number;
  /** A readable name of a location, or of some bytes of it. */
  symbol(location: number, mask?: number): string;
  /**
   * Notes what each announced access is and where it stands from now on, which takes time.
   * @returns the notes of the steps since, by step
   */
  recordNotes(on: boolean): readonly (StepNote | undefined)[];
  /** The calls of processes and pages in the execution that was noted last. */
  notedCalls?(): readonly TraceCall[];
  /** Calls of processes and pages that a CPU has begun; undefined where it makes accesses only. */
  callsBegun?(cpu: number): number;
  /** What a CPU waits for that cannot go on, and who could end that, where the program knows. */
  whoWaits?(cpu: number): string | undefined;
  /**
   * A hash of the state in two 32-bit halves, written to `into`: equal states have equal ones. Only
   * while no CPU runs: not from `decide`.
   */
  hash(into: Uint32Array): void;
}
