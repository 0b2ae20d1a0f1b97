/** The shared words of a scenario. */
import { ScenarioError, type MachineWords, type Word } from './scenario.js';

const WORDS_MAX = 1 << 20;

/** The machine of a scenario that uses raw words only. */
export class WordMemory implements MachineWords {
  /** Words in use. */
  count = 0;
  /** Their values; those behind `count` mean nothing. */
  values = new Int32Array(64);

  /** Forgets all words. */
  reset(): void {
    this.count = 0;
  }

  words(n: number, initial: number | readonly number[] = 0): Word[] {
    if (!Number.isInteger(n) || n < 1 || n > WORDS_MAX - this.count) {
      throw new ScenarioError(`machine.words(n): expected 1 to ${WORDS_MAX} words, got ${n}`);
    }
    if (typeof initial !== 'number' && initial.length !== n) {
      throw new ScenarioError(`machine.words(${n}): got ${initial.length} initial values`);
    }
    while (this.count + n > this.values.length) this.#grow();
    const made: Word[] = [];
    for (let i = 0; i < n; i++) {
      const value = typeof initial === 'number' ? initial : initial[i]!;
      this.values[this.count] = wordValue(value, 'initial');
      made.push(this.count++);
    }
    return made;
  }

  peek(word: Word): number {
    return this.values[this.wordOf(word)]!;
  }

  poke(word: Word, value: number): void {
    this.values[this.wordOf(word)] = wordValue(value, 'value');
  }

  /** The number of a word; the array that `words(1)` gave may stand for its only word. */
  wordOf(word: unknown): Word {
    if (this.#has(word)) return word;
    if (Array.isArray(word) && word.length === 1 && this.#has(word[0])) return word[0];
    const got = Array.isArray(word) ? `an array of ${word.length}` : String(word);
    throw new ScenarioError(`word: expected one that machine.words() gave, got ${got}`);
  }

  #has(word: unknown): word is Word {
    return typeof word === 'number' && (word | 0) === word && word >= 0 && word < this.count;
  }

  #grow(): void {
    const longer = new Int32Array(this.values.length * 2);
    longer.set(this.values);
    this.values = longer;
  }
}

/** A value as a word holds it: 32 bits, signed. */
export function wordValue(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (value >= -0x8000_0000 && value <= 0xffff_ffff) return value | 0;
  }
  throw new ScenarioError(`${name}: expected a whole number of 32 bits, got ${String(value)}`);
}
