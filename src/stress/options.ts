import { finite, inRange } from '../check.js';

/** How far a stress run is. */
export interface StressProgress {
  readonly rounds: number;
  readonly failures: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
}

/** What `stress()` can be asked for. */
export interface StressOptions {
  /** Rounds after which it ends. @defaultValue Infinity */
  readonly rounds?: number;
  /** Seconds after which no further round begins. @defaultValue 10 */
  readonly seconds?: number;
  /**
   * Of the random delays. It does not decide how threads meet: no seed repeats a run.
   * @defaultValue 1
   */
  readonly seed?: number;
  /** Ends at the first broken promise. @defaultValue true */
  readonly stopOnFailure?: boolean;
  /** Seconds after which a round that has not ended hangs. @defaultValue 5 */
  readonly patience?: number;
  readonly onProgress?: (progress: StressProgress) => void;
  /** Ends the run early; what there is by then is returned. */
  readonly signal?: AbortSignal;
}

/** The options with every default filled in. */
export type StressSettings = Required<Omit<StressOptions, 'onProgress' | 'signal'>> &
  Pick<StressOptions, 'onProgress' | 'signal'>;

const SECONDS_MAX = 1e9;

/**
 * Fills in the defaults.
 * @throws RangeError, TypeError that name the option
 */
export function stressSettings(options: StressOptions): StressSettings {
  const { rounds = Infinity, stopOnFailure = true } = options;
  if (rounds !== Infinity) inRange(rounds, 1, 2 ** 31 - 1, 'rounds');
  return {
    ...options,
    rounds,
    seconds: above0(options.seconds ?? 10, 'seconds'),
    seed: inRange(options.seed ?? 1, 0, 0xffff_ffff, 'seed'),
    stopOnFailure,
    patience: above0(options.patience ?? 5, 'patience'),
  };
}

function above0(value: number, name: string): number {
  if (value === Infinity) return value;
  if (finite(value, name) > 0 && value <= SECONDS_MAX) return value;
  throw new RangeError(`${name}: expected seconds above 0, got ${value}`);
}
