/**
 * What an operation on a word returns: one object for all operations of a CPU. `yield*` takes it,
 * stops at it once, and goes on with the result that the execution has left here. So a step
 * allocates nothing.
 *
 * An operation that is announced but never yielded would be lost without a word; the next
 * operation, and the end of the generator, look for one.
 */
import { ScenarioError } from './scenario.js';

const IDLE = 0;
const ANNOUNCED = 1;
const YIELDED = 2;

/** What a generator gives when its announced access is to be made. */
export const AT_ACCESS: IteratorYieldResult<undefined> = { done: false, value: undefined };

/** The operation of one CPU. */
export class WordOperation implements Iterable<undefined, number> {
  /** What the access gave. */
  result = 0;
  /**
   * Makes the announced access at once and gives its result: for an engine that need not stop the
   * CPU there.
   */
  perform: (() => number) | undefined;
  readonly #cpu: string;
  #phase = IDLE;
  #call = '';
  readonly #done: { done: true; value: number } = { done: true, value: 0 };

  constructor(cpu: string) {
    this.#cpu = cpu;
  }

  /** Forgets what an execution left that was given up. */
  reset(): void {
    this.#phase = IDLE;
  }

  /** A CPU has called `cpu.<call>()`. */
  announce(call: string): void {
    if (this.#phase !== IDLE) this.refuseLost();
    this.#phase = ANNOUNCED;
    this.#call = call;
  }

  /** What was announced is yielded, and made by somebody else: a call of a machine. */
  handOver(): void {
    this.#phase = IDLE;
  }

  /** True when the CPU stopped at this operation; else it has yielded something else. */
  get isYielded(): boolean {
    return this.#phase === YIELDED;
  }

  /** @throws ScenarioError for an operation that was announced and never yielded */
  checkIdle(): void {
    if (this.#phase !== IDLE) this.refuseLost();
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<undefined, number> {
    if (this.#phase === ANNOUNCED && this.perform === undefined) {
      this.#phase = YIELDED;
      return AT_ACCESS;
    }
    if (this.#phase === ANNOUNCED) {
      this.result = this.perform!();
      this.#phase = YIELDED;
    }
    if (this.#phase !== YIELDED) {
      throw new ScenarioError(`cpu "${this.#cpu}": an operation was yielded twice`);
    }
    this.#phase = IDLE;
    this.#done.value = this.result;
    return this.#done;
  }

  private refuseLost(): never {
    throw new ScenarioError(
      `cpu "${this.#cpu}": cpu.${this.#call}() was called without yield*, so it does nothing`,
    );
  }
}
