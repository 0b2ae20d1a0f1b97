import type { Recorder } from './recorder.js';
import type { SectionName } from './figures.js';

/** How much is measured. */
export interface Settings {
  readonly rounds: number;
  /** Seconds of one measurement in one round. */
  readonly seconds: number;
  /** Only to see that everything runs: the figures mean nothing. */
  readonly quick: boolean;
  readonly sections: readonly SectionName[];
}

/** What a section of the benchmark works with. */
export interface Bench {
  readonly settings: Settings;
  readonly recorder: Recorder;
  /** Aborted when the user wants to see what there is. */
  readonly signal: AbortSignal;
  /** False where the programs in C cannot be built: then only ours is measured. */
  readonly native: boolean;
  /** Tells a user at a terminal how far it is. */
  progress(done: string): void;
}

/** A part of the benchmark; returns early when the signal is aborted. */
export type Section = (bench: Bench) => Promise<void>;

/** Runs so many rounds, or fewer when aborted. */
export async function inRounds(
  bench: Bench,
  name: SectionName,
  round: (number: number) => Promise<void>,
): Promise<void> {
  const { rounds } = bench.settings;
  for (let number = 0; number < rounds && !bench.signal.aborted; number++) {
    bench.progress(`${name}: round ${number + 1} of ${rounds}`);
    await round(number);
  }
}

/** Why figures against a program in C are missing. */
export const NO_NATIVE = 'needs Linux, a C compiler and make';
