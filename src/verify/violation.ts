import { INVARIANTS, type Invariant } from './invariants.js';

/** Something that does not agree with something else. */
export interface Violation {
  /** Which rule is broken: a name such as `refcount`. */
  readonly invariant: string;
  /** What breaks it: `page 17`, `inode 3 (memfd "buf")`, `mm of pid 2`. */
  readonly object: string;
  readonly expected: number | string;
  readonly found: number | string;
  /** All of it as a sentence. */
  readonly message: string;
}

/** One wild pointer can break a million things: nobody reads more than this. */
const VIOLATIONS_MAX = 1000;

/** Collects violations. */
export class Findings {
  readonly violations: Violation[] = [];

  /** True while nothing is wrong. */
  get sound(): boolean {
    return this.violations.length === 0;
  }

  /** Notes a violation; `detail` says what was looked at, where the rule alone does not. */
  report(
    invariant: Invariant,
    object: string,
    expected: number | string,
    found: number | string,
    detail?: string,
  ): void {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    const what = detail === undefined ? INVARIANTS[invariant] : detail;
    const message = `${object}: ${what}: expected ${expected}, found ${found}`;
    this.violations.push({ invariant, object, expected, found, message });
  }

  /** Notes a violation unless both are the same. `object` is made only then: names are costly. */
  equal(
    invariant: Invariant,
    object: string | (() => string),
    expected: number | string,
    found: number | string,
    detail?: string,
  ): boolean {
    if (expected === found) return true;
    const name = typeof object === 'string' ? object : object();
    this.report(invariant, name, expected, found, detail);
    return false;
  }
}
