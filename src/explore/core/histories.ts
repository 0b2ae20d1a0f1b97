import { mix } from '../hash.js';

/** Seeds of the two halves of a hash. */
export const HASH_SEEDS = [0x2545f491, 0x6c078965] as const;
/**
 * What each CPU has got so far from what it did, as two hashes: with its generator, which always
 * does the same with the same results, that is all that it can remember.
 */
export class Histories {
  readonly #halves: Int32Array;

  constructor(cpus: number) {
    this.#halves = new Int32Array(cpus * 2);
  }

  /** An execution begins. */
  restart(): void {
    this.#halves.fill(1);
  }

  /** One half of what a CPU remembers. */
  half(cpu: number, half: number): number {
    return this.#halves[cpu * 2 + half]!;
  }

  /** A CPU has got one number more. */
  add(cpu: number, value: number): void {
    const at = cpu * 2;
    this.#halves[at] = mix(this.#halves[at]! ^ HASH_SEEDS[0], value);
    this.#halves[at + 1] = mix(this.#halves[at + 1]! ^ HASH_SEEDS[1], value);
  }

  /** A CPU has said that it still knows only these values. */
  remember(cpu: number, label: number, values: readonly number[]): void {
    for (let half = 0; half < 2; half++) this.#halves[cpu * 2 + half] = HASH_SEEDS[half]!;
    this.add(cpu, label);
    for (const value of values) this.add(cpu, value);
  }
}
