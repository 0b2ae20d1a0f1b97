/** Random numbers of our own, so that a seed means the same everywhere and always. */

/** A generator of random numbers (mulberry32). */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 random bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number from 0 to below `n`. The bias, below n / 2^32, does not matter here. */
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }
}
