/** Accesses to raw words by a thread: each is the processor's own, as near as JavaScript gets. */
import * as access from '../explore/access.js';
import type { WordPending } from '../explore/word-cpu.js';
import { STOPPED, type Control } from './control.js';
import { WORD } from './deeds.js';

/** Words lie so many apart: two in one line of the cache would move together. */
export const WORD_STRIDE = 16;
/** Looks at a word before the thread sleeps, and how long it sleeps then (ms). */
const SPINS = 2000;
const SLEEP = 1;

/** The raw words as one CPU accesses them. */
export class WordAccess {
  readonly #cpu: number;
  readonly #pending: WordPending;
  readonly #words: Int32Array;
  readonly #control: Control;
  /** A word of its own, for fences. */
  readonly #own = new Int32Array(new SharedArrayBuffer(64));

  constructor(cpu: number, pending: WordPending, words: Int32Array, control: Control) {
    this.#cpu = cpu;
    this.#pending = pending;
    this.#words = words;
    this.#control = control;
  }

  /**
   * Makes the access that the CPU has announced; gives the value before. Marked and unmarked
   * relaxed accesses are plain ones: JavaScript has nothing in between, and the processor may delay
   * their stores.
   */
  perform(): number {
    const { kind, location, operand, replacement } = this.#pending;
    const cpu = this.#cpu;
    const words = this.#words;
    const at = location[cpu]! * WORD_STRIDE;
    const value = operand[cpu]!;
    switch (kind[cpu]) {
      case access.LOAD:
        return Atomics.load(words, at);
      case access.READ_ONCE:
      case access.LOAD_PLAIN:
        return words[at]!;
      case access.STORE:
      case access.UNLOCK:
        return Atomics.store(words, at, value);
      case access.WRITE_ONCE:
      case access.STORE_PLAIN:
        return (words[at] = value);
      case access.FETCH_ADD:
        return Atomics.add(words, at, value);
      case access.EXCHANGE:
        return Atomics.exchange(words, at, value);
      case access.COMPARE_EXCHANGE:
        return Atomics.compareExchange(words, at, value, replacement[cpu]!);
      case access.FENCE:
        return Atomics.add(this.#own, 0, 1);
      case access.WAIT_WHILE:
        return this.#waitWhile(at, value);
      default:
        return this.#lock(at, replacement[cpu]!);
    }
  }

  #waitWhile(at: number, value: number): number {
    for (let looks = 0; ; looks++) {
      const seen = Atomics.load(this.#words, at);
      if (seen !== value) return seen;
      this.#pause(looks, at, value);
    }
  }

  #lock(at: number, holder: number): number {
    for (let looks = 0; ; looks++) {
      const seen = Atomics.compareExchange(this.#words, at, 0, holder);
      if (seen === 0) return 0;
      this.#pause(looks, at, seen);
    }
  }

  /** @throws STOPPED when the wait is in vain */
  #pause(looks: number, at: number, value: number): void {
    if (looks < SPINS) return;
    const kind = this.#pending.kind[this.#cpu]!;
    if (looks === SPINS) this.#control.doing(this.#cpu, WORD + kind, at / WORD_STRIDE);
    if (this.#control.isAbandoned) throw STOPPED;
    Atomics.wait(this.#words, at, value, SLEEP);
  }
}
