/**
 * The store buffers of x86 (total store order): each CPU has a queue of stores that only itself
 * sees until they reach memory, oldest first.
 */

/** The buffers of all CPUs. */
export class StoreBuffers {
  /** The CPUs whose buffer holds something, a bit each. */
  filled = 0;
  readonly #location: number[][];
  readonly #value: number[][];
  readonly #step: number[][];

  constructor(cpus: number) {
    this.#location = Array.from({ length: cpus }, () => []);
    this.#value = Array.from({ length: cpus }, () => []);
    this.#step = Array.from({ length: cpus }, () => []);
  }

  /** Empties all. */
  reset(): void {
    if (this.filled === 0) return;
    this.filled = 0;
    for (const queue of [...this.#location, ...this.#value, ...this.#step]) queue.length = 0;
  }

  /** Puts a store that was made in a step at the end of a CPU's queue. */
  push(cpu: number, location: number, value: number, step: number): void {
    this.#location[cpu]!.push(location);
    this.#value[cpu]!.push(value);
    this.#step[cpu]!.push(step);
    this.filled |= 1 << cpu;
  }

  /** The location of the oldest store of a CPU that has one. */
  oldestLocation(cpu: number): number {
    return this.#location[cpu]![0]!;
  }

  /** The value of the oldest store. */
  oldestValue(cpu: number): number {
    return this.#value[cpu]![0]!;
  }

  /** The step that made the oldest store. */
  oldestStep(cpu: number): number {
    return this.#step[cpu]![0]!;
  }

  /** Takes the oldest store away. */
  shift(cpu: number): void {
    this.#location[cpu]!.shift();
    this.#value[cpu]!.shift();
    this.#step[cpu]!.shift();
    if (this.#location[cpu]!.length === 0) this.filled &= ~(1 << cpu);
  }

  /** What a CPU sees at a location: its own newest store to it, or else `inMemory`. */
  seen(cpu: number, location: number, inMemory: number): number {
    if ((this.filled & (1 << cpu)) === 0) return inMemory;
    const at = this.#location[cpu]!.lastIndexOf(location);
    return at < 0 ? inMemory : this.#value[cpu]![at]!;
  }

  /** Hands every store to `add`, CPU by CPU, oldest first, each CPU's count before its stores. */
  forEach(add: (word: number) => void): void {
    for (const [cpu, locations] of this.#location.entries()) {
      add(locations.length);
      for (const [at, location] of locations.entries()) {
        add(location);
        add(this.#value[cpu]![at]!);
      }
    }
  }
}
