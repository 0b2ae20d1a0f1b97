import { SchedNote } from '../../../wasm/generated/layout.js';
import type { ExploreError } from '../../explore-error.js';
import type { LockOrders } from '../../lock-orders.js';
import { ContentWrites } from './content-writes.js';
import { FileWrites } from './file-writes.js';
import { HeldLocks } from './held-locks.js';
import { Lifetimes } from './lifetimes.js';
import { addressOfWord } from './lock-classes.js';
import { LockOrder } from './lock-order.js';
import type { Oracle, OracleContext } from './oracle.js';
import { PinnedPages } from './pinned-pages.js';
import { SealedFiles } from './sealed-files.js';

/** Everything that is watched without being asked for, as one. */
export class Oracles {
  /** Who holds which lock. */
  readonly locks: HeldLocks;
  readonly #lifetimes: Lifetimes;
  readonly #lockOrder: LockOrder;
  readonly #writes: ContentWrites;
  readonly #sealed: SealedFiles;
  readonly #pinned: PinnedPages;
  readonly #fileWrites: FileWrites;
  readonly #atEnd: readonly Oracle[];
  readonly #all: readonly Oracle[];

  constructor(context: OracleContext) {
    this.locks = new HeldLocks(context);
    this.#lifetimes = new Lifetimes(context);
    this.#lockOrder = new LockOrder(context, this.locks);
    this.#writes = new ContentWrites(context);
    this.#sealed = new SealedFiles(context, this.#writes);
    this.#pinned = new PinnedPages(context, this.#writes);
    this.#fileWrites = new FileWrites(context, this.#writes);
    this.#atEnd = [this.#lifetimes, this.#sealed, this.#pinned, this.#fileWrites];
    this.#all = [...this.#atEnd, this.#lockOrder, this.locks, this.#writes];
  }

  /** Setup has run. */
  keep(): void {
    for (const oracle of this.#all) oracle.keep?.();
  }

  /** An execution begins. */
  begin(): void {
    for (const oracle of this.#all) oracle.begin?.();
  }

  /**
   * A note of the core's, by a CPU or by setup (-1), for those whom it concerns: most are of locks.
   */
  note(cpu: number, note: number, address: number, detail: number, behind: number): void {
    if (note >= SchedNote.Acquire && note <= SchedNote.Release) {
      this.#lockOrder.note(cpu, note, address, detail); // asks what was held before it
      this.locks.note(cpu, note, address);
      return;
    }
    if (note <= SchedNote.Free) this.#lifetimes.note(cpu, note, address, detail);
    if (note === SchedNote.Alloc) return;
    this.#sealed.note(cpu, note, address, detail);
    this.#pinned.note(cpu, note, address, detail, behind);
    this.#fileWrites.note(cpu, note, address, detail, behind);
  }

  /** A CPU takes a raw word as a lock, or gives it back. */
  wordLock(cpu: number, isTaken: boolean, word: number): void {
    const event = isTaken ? SchedNote.Acquire : SchedNote.Release;
    this.#lockOrder.note(cpu, event, addressOfWord(word), 0);
    this.locks.note(cpu, event, addressOfWord(word));
  }

  /** An access that is about to be made; what is wrong with it, if anything is. */
  access(cpu: number, address: number, op: number, size: number): ExploreError | undefined {
    this.#writes.access(cpu, address, op, size);
    return this.#lifetimes.access(cpu, address, op, size);
  }

  /** What the execution has broken, by the state that it has left. */
  end(): ExploreError | undefined {
    for (const oracle of this.#atEnd) {
      const error = oracle.end?.();
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** What decides, beside the memory of the machine, what is found later. */
  eachPart(take: (part: number) => void): void {
    for (const oracle of this.#atEnd) oracle.eachPart?.(take);
  }

  /** In which orders locks were taken so far, in all executions. */
  get lockOrders(): LockOrders {
    return this.#lockOrder.orders;
  }

  /** What may go wrong in another execution: for one that has nothing worse to show. */
  afterwards(): ExploreError | undefined {
    return this.#lockOrder.end();
  }
}
