import type { ExploreError } from '../../explore-error.js';
import { HeldLocks } from './held-locks.js';
import { Lifetimes } from './lifetimes.js';
import { LockOrder } from './lock-order.js';
import type { Oracle, OracleContext } from './oracle.js';

/** Everything that is watched without being asked for, as one. */
export class Oracles {
  /** Who holds which lock. */
  readonly locks: HeldLocks;
  readonly #lifetimes: Lifetimes;
  readonly #lockOrder: LockOrder;
  /** In the order in which they hear of a note: LockOrder asks what was held before it. */
  readonly #all: readonly Oracle[];

  constructor(context: OracleContext) {
    this.locks = new HeldLocks(context);
    this.#lifetimes = new Lifetimes(context);
    this.#lockOrder = new LockOrder(context, this.locks);
    this.#all = [this.#lifetimes, this.#lockOrder, this.locks];
  }

  /** Setup has run. */
  keep(): void {
    for (const oracle of this.#all) oracle.keep?.();
  }

  /** An execution begins. */
  begin(): void {
    for (const oracle of this.#all) oracle.begin?.();
  }

  /** A note of the core's, by a CPU or by setup (-1). */
  note(cpu: number, note: number, address: number, detail: number): void {
    for (const oracle of this.#all) oracle.note?.(cpu, note, address, detail);
  }

  /** An access that is about to be made; what is wrong with it, if anything is. */
  access(cpu: number, address: number, op: number): ExploreError | undefined {
    return this.#lifetimes.access(cpu, address, op);
  }

  /** What the execution has broken, by the state that it has left. */
  end(): ExploreError | undefined {
    return this.#lifetimes.end();
  }

  /** What may go wrong in another execution: for one that has nothing worse to show. */
  afterwards(): ExploreError | undefined {
    return this.#lockOrder.end();
  }
}
