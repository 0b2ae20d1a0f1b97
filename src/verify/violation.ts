import { hex } from './core-memory.js';
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

/** A text, or what makes it once it is needed. */
type Text = string | (() => string);

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

  /** Notes a violation unless both are the same. Texts may be functions: names are costly. */
  equal(
    invariant: Invariant,
    object: Text,
    expected: number | string,
    found: number | string,
    detail?: Text,
  ): boolean {
    if (expected === found) return true;
    this.report(invariant, textOf(object), expected, found, detail && textOf(detail));
    return false;
  }

  /** The same for addresses and words of flags. */
  equalHex(
    invariant: Invariant,
    object: Text,
    expected: number,
    found: number,
    detail?: Text,
  ): boolean {
    return expected === found || this.equal(invariant, object, hex(expected), hex(found), detail);
  }
}

function textOf(text: Text): string {
  return typeof text === 'string' ? text : text();
}
