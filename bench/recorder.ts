import { bootstrapMedian, hashString, mulberry32 } from '../dist/contend/statistics.js';
import type { Estimate } from '../dist/contend/types.js';
import { FIGURES, type Figure, type SectionName, type Target } from './figures.js';

/** `met` and `missed` are by the median; `none`: there is no target, or nothing was measured. */
export type Verdict = 'met' | 'missed' | 'none';

/** One figure as measured. */
export interface Result extends Figure {
  /** Median and 95 % interval; undefined when nothing was measured. */
  readonly value?: Estimate;
  /** How many values the median is of. */
  readonly samples: number;
  readonly verdict: Verdict;
  /** True if the interval reaches over the end of the target that decides. */
  readonly close: boolean;
  /** Why there is no value. */
  readonly skipped?: string;
}

/** Rounds that did not count because a thread had no core of its own for all of its time. */
export interface Voids {
  readonly runs: number;
  readonly void: number;
}

/** Collects the values of all figures, so that what there is can be printed at any moment. */
export class Recorder {
  readonly #values = new Map<string, number[]>();
  readonly #skipped = new Map<string, string>();
  readonly #known: ReadonlySet<string> = new Set(FIGURES.map(({ id }) => id));
  #runs = 0;
  #void = 0;

  /**
   * One more value of a figure; undefined, where a round could not be used, is left out.
   * @throws RangeError for a figure that does not exist, and a value that is no number
   */
  add(id: string, value: number | undefined): void {
    if (!this.#known.has(id)) throw new RangeError(`there is no figure "${id}"`);
    if (value === undefined) return;
    if (!Number.isFinite(value)) throw new RangeError(`${id}: ${value} is no measurement`);
    this.#values.set(id, [...(this.#values.get(id) ?? []), value]);
  }

  /** Why the figures whose ids begin so have no value. */
  skip(prefix: string, reason: string): void {
    this.#skipped.set(prefix, reason);
  }

  /** Counts one run of threads, and whether it was void. */
  countRun(isVoid: boolean): void {
    this.#runs++;
    if (isVoid) this.#void++;
  }

  get voids(): Voids {
    return { runs: this.#runs, void: this.#void };
  }

  /** The figures of the sections that were asked for. */
  results(sections: readonly SectionName[]): Result[] {
    return FIGURES.filter(({ section }) => sections.includes(section)).map((figure) =>
      this.#resultOf(figure),
    );
  }

  #resultOf(figure: Figure): Result {
    const values = this.#values.get(figure.id) ?? [];
    if (values.length === 0) {
      const skipped = this.#reasonFor(figure.id);
      return { ...figure, samples: 0, verdict: 'none', close: false, skipped };
    }
    const value = bootstrapMedian(values, mulberry32(hashString(figure.id)));
    const verdict = verdictOf(value.median, figure.target);
    return {
      ...figure,
      value,
      samples: values.length,
      verdict,
      close: isClose(value, figure.target),
    };
  }

  #reasonFor(id: string): string {
    const [, reason] = [...this.#skipped].find(([prefix]) => id.startsWith(prefix)) ?? [];
    return reason ?? 'no round of it was completed';
  }
}

/** Whether a value is as the target says. */
export function verdictOf(value: number, target: Target | undefined): Verdict {
  if (target === undefined) return 'none';
  const { atLeast = -Infinity, atMost = Infinity } = target;
  return value >= atLeast && value <= atMost ? 'met' : 'missed';
}

function isClose({ low, median, high }: Estimate, target: Target | undefined): boolean {
  const verdict = verdictOf(median, target);
  return verdictOf(low, target) !== verdict || verdictOf(high, target) !== verdict;
}
