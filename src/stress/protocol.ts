/** What the threads of a stress run and their caller say to each other. */
import type { StressCall } from './call-log.js';
import type { Change } from './carry.js';
import type { StageData } from './stage.js';
import type { SentError } from './thread-cpu.js';

/** Given to a thread when it starts. */
export interface ThreadData {
  /** Address of the module with the scenario. */
  readonly module: string;
  readonly seed: number;
  readonly stopOnFailure: boolean;
  /** The number of its first round. */
  readonly from: number;
  /** Rounds to be run, and milliseconds after which no further one begins; Infinity: no limit. */
  readonly rounds: number;
  readonly milliseconds: number;
  /** Of every thread but the first: which CPU to be. */
  readonly part?: Part;
}

/** What the first thread has prepared for the others. */
export interface Booted {
  readonly scenario: string;
  readonly cpuNames: readonly string[];
  readonly control: SharedArrayBuffer;
  readonly stage: StageData;
}

/** One CPU of it. */
export interface Part extends Booted {
  readonly cpu: number;
}

/** What a CPU leaves behind a round. */
export interface RoundReport {
  readonly at: number;
  /** Milliseconds that its program took. */
  readonly busy: number;
  readonly outcomes: readonly string[];
  readonly changes: readonly Change[];
  readonly error?: SentError;
  /** The scenario itself is wrong. */
  readonly fault?: string;
}

/** What a CPU did in a round that broke a promise. */
export interface StressCpu {
  readonly name: string;
  /** What it was doing; undefined if it had ended. */
  readonly doing: string | undefined;
  /** Its last operations. */
  readonly calls: readonly StressCall[];
}

/** A broken promise as data. */
export interface SentFailure {
  readonly error: SentError;
  readonly round: number;
  /** The CPU that showed it; -1 for none. */
  readonly cpu: number;
  readonly cpus: readonly StressCpu[];
}

/** What was counted. */
export interface Counts {
  readonly rounds: number;
  readonly failures: number;
  readonly outcomes: readonly (readonly [outcome: string, rounds: number])[];
  /** Failures by what broke, values left out. */
  readonly kinds: readonly (readonly [kind: string, rounds: number])[];
  readonly failure?: SentFailure;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly booted: Booted }
  | { readonly counts: Counts }
  /** The last counts: all rounds are run, or it was told to stop. */
  | { readonly ended: Counts }
  /** This thread has done its part, and leaves. */
  | { readonly left: true }
  /** The scenario itself is wrong, or its module is. */
  | { readonly fault: string };
