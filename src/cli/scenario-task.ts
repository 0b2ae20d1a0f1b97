/** What the command line asks the thread for that runs scenarios, and what it hears from it. */
import type { Checkpoint, ExploreOptions, ExploreProgress, JobReport } from '../index.js';

/** The options of `explore()` that can be sent to a thread. */
export type PlainOptions = Omit<ExploreOptions, 'signal' | 'onProgress' | 'onCheckpoint' | 'onJob'>;

/** A scenario file, and what is to be done with it. */
export type ScenarioTask =
  | {
      readonly do: 'explore';
      readonly file: string;
      readonly options: PlainOptions;
      /** Whether a failure is printed with every access. */
      readonly full?: true;
      /** Whether checkpoints are wanted. */
      readonly checkpoints?: true;
      /** Whether each job is to be reported. */
      readonly jobs?: true;
    }
  | {
      readonly do: 'replay';
      readonly file: string;
      readonly schedule: string;
      readonly mode: 'exact' | 'anchored';
      readonly full?: true;
    };

/** What came of it. */
export interface ScenarioAnswer {
  /** True if a promise was broken. */
  readonly isBroken: boolean;
  /** For a person, and as plain data. */
  readonly text: string;
  readonly json: object;
}

/** What the thread says. */
export type ScenarioMessage =
  | { readonly progress: ExploreProgress }
  | { readonly checkpoint: Checkpoint }
  | { readonly job: JobReport }
  | { readonly answer: ScenarioAnswer }
  /** The scenario itself is wrong, or its file is. */
  | { readonly fault: string };
