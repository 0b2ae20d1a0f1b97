/** Strategy: whoever chance says, uniformly or by weights. */
import { has, nthOf, sizeOf } from './bits.js';
import { Prng } from './prng.js';
import type { Strategy } from './strategy.js';

/** Every step goes to a random agent. */
export class RandomStrategy implements Strategy {
  readonly name = 'random';
  readonly isExhaustive = false;
  readonly needsCuts = false;
  readonly #prng: Prng;
  readonly #weights: readonly number[] | undefined;

  /** @param weights - by agent; none: all the same */
  constructor(seed: number, weights?: readonly number[]) {
    this.#prng = new Prng(seed);
    this.#weights = weights;
  }

  next(): boolean {
    return true;
  }

  pick(runnable: number): number {
    if (this.#weights !== undefined) return this.#weighted(runnable, this.#weights);
    return nthOf(runnable, this.#prng.below(sizeOf(runnable)));
  }

  finished(): boolean {
    // Nothing is learnt from an execution.
    return true;
  }

  #weighted(runnable: number, weights: readonly number[]): number {
    const total = weights.reduce((sum, weight, a) => (has(runnable, a) ? sum + weight : sum), 0);
    let ticket = (this.#prng.next() / 2 ** 32) * total;
    let agent = 0;
    for (const [candidate, weight] of weights.entries()) {
      if (!has(runnable, candidate)) continue;
      agent = candidate;
      ticket -= weight;
      if (ticket < 0) break;
    }
    return agent;
  }
}
