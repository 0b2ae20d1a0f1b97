import { hashText, mix } from './hash.js';

/** Seeds of the two halves of a hash. */
export const HASH_SEEDS = [0x2545f491, 0x6c078965] as const;

/**
 * What each CPU has got so far from what it did, as two hashes: with its generator, which always
 * does the same with the same results, that is all that it can remember.
 *
 * Few searches ask for states, and numbers come with every step. So until somebody asks, which must
 * be before the first step of an execution, only what comes before that step is taken in.
 */
export class Histories {
  readonly #halves: Int32Array;
  #isOpen = true;
  #isWanted = false;

  constructor(cpus: number) {
    this.#halves = new Int32Array(cpus * 2);
  }

  /** Whether numbers are taken in now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** An execution begins: its CPUs run up to their first steps. */
  restart(): void {
    const halves = this.#halves;
    for (let at = 0; at < halves.length; at++) halves[at] = 1;
    this.#isOpen = true;
  }

  /** The first step is next. */
  started(): void {
    this.#isOpen = this.#isWanted;
  }

  /** Somebody asks, after so many steps. @throws TypeError if that is too late */
  want(steps: number): void {
    if (!this.#isWanted && steps > 0) throw new TypeError('a hash begins at step 0');
    this.#isWanted = true;
    this.#isOpen = true;
  }

  /** One half of what a CPU remembers. */
  half(cpu: number, half: number): number {
    return this.#halves[cpu * 2 + half]!;
  }

  /** A CPU has got one number more. */
  add(cpu: number, value: number): void {
    if (!this.#isOpen) return;
    const at = cpu * 2;
    this.#halves[at] = mix(this.#halves[at]! ^ HASH_SEEDS[0], value);
    this.#halves[at + 1] = mix(this.#halves[at + 1]! ^ HASH_SEEDS[1], value);
  }

  /** A CPU has said that it still knows only these values. */
  remember(cpu: number, label: string, values: readonly number[]): void {
    if (!this.#isOpen) return;
    for (let half = 0; half < 2; half++) this.#halves[cpu * 2 + half] = HASH_SEEDS[half]!;
    this.add(cpu, hashText(label));
    for (const value of values) this.add(cpu, value);
  }
}
