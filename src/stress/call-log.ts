/** What a CPU has done in a round, kept cheaply; it becomes text only when somebody asks. */
import { KIND_NAMES } from '../explore/access.js';
import * as access from '../explore/access.js';
import { givenText } from '../explore/core/call-text.js';
import { now } from './clock.js';

/** One call, or one access to a raw word. */
export interface StressCall {
  /** With its arguments. */
  readonly call: string;
  /** What it gave, or the error; undefined while it has not ended. */
  readonly result: string | undefined;
  /** Milliseconds since the first call of the round; undefined for accesses to raw words. */
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** Operations that are kept: the last ones of a round. */
const KEPT = 256;

interface Entry {
  readonly order: number;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly start: number;
  end: number | undefined;
  result: unknown;
}

/** The operations of one CPU in one round. */
export class CallLog {
  #entries: Entry[] = [];
  #operations = 0;
  /** Of accesses to raw words, four numbers each: kind, word, operand, result. */
  readonly #words = new Int32Array(KEPT * 4);
  readonly #orders = new Float64Array(KEPT);
  #accesses = 0;

  /** A new round. */
  begin(): void {
    this.#entries = [];
    this.#operations = 0;
    this.#accesses = 0;
  }

  /** A call begins. */
  enter(name: string, args: readonly unknown[]): Entry {
    const order = this.#operations++;
    const entry = { order, name, args, start: now(), end: undefined, result: undefined };
    if (this.#entries.length === KEPT) this.#entries.shift();
    this.#entries.push(entry);
    return entry;
  }

  /** It has given a result, or thrown an error. */
  leave(entry: Entry, result: unknown): void {
    entry.end = now();
    entry.result = result;
  }

  /** An access to a raw word was made. */
  word(kind: number, word: number, operand: number, result: number): void {
    const slot = this.#accesses++ % KEPT;
    this.#orders[slot] = this.#operations++;
    this.#words[slot * 4] = kind;
    this.#words[slot * 4 + 1] = word;
    this.#words[slot * 4 + 2] = operand;
    this.#words[slot * 4 + 3] = result;
  }

  /** All of it, in order. */
  told(): StressCall[] {
    const calls = this.#entries.map((entry) => ({ order: entry.order, told: this.#tell(entry) }));
    const kept = Array.from({ length: Math.min(this.#accesses, KEPT) }, (_, slot) => ({
      order: this.#orders[slot]!,
      told: this.#tellWord(slot),
    }));
    return [...calls, ...kept].sort((a, b) => a.order - b.order).map(({ told }) => told);
  }

  #tell({ name, args, start, end, result }: Entry): StressCall {
    return {
      call: `${name}(${args.map(givenText).join(', ')})`,
      result: end === undefined ? undefined : givenText(result),
      start,
      end,
    };
  }

  #tellWord(slot: number): StressCall {
    const [kind, word, operand, result] = this.#words.subarray(slot * 4, slot * 4 + 4);
    const takes = kind! > access.LOAD_PLAIN && kind !== access.LOCK && kind !== access.UNLOCK;
    const call = `${KIND_NAMES[kind!]}(words[${word}]${takes ? `, ${operand}` : ''})`;
    const text = kind === access.FENCE ? 'fence()' : call;
    const gives = access.returnsValue(kind!) && kind !== access.LOCK ? `${result}` : '';
    return { call: text, result: gives, start: undefined, end: undefined };
  }
}
