import type { EventLog } from './event-log.js';
import type { ExploreError } from './explore-error.js';
import { LockOrders } from './lock-orders.js';

/**
 * Which CPU holds which raw words as locks (`cpu.lock`), and in which order they are taken. Each
 * word is a class of its own: a scenario has few, and nobody says which of them are alike.
 */
export class WordLocks {
  readonly orders: LockOrders;
  /** By CPU, in the order in which it has taken them. */
  readonly #held: number[][];
  #isUsed = false;
  readonly #takers: { readonly who: string; place(): undefined }[];

  constructor(log: EventLog, cpuNames: readonly string[]) {
    this.orders = new LockOrders(log, (word) => `words[${word}]`);
    this.#held = cpuNames.map(() => []);
    this.#takers = cpuNames.map((name) => ({ who: `"${name}"`, place: () => undefined }));
  }

  /** An execution begins. */
  begin(): void {
    if (!this.#isUsed) return;
    this.#isUsed = false;
    for (const words of this.#held) if (words.length > 0) words.length = 0;
    this.orders.begin();
  }

  /** The step under way takes a lock. */
  take(cpu: number, word: number): void {
    this.#isUsed = true;
    const held = this.#held[cpu]!;
    for (const other of held) this.orders.add(other, word, this.#takers[cpu]!);
    held.push(word);
  }

  /** The step under way gives a lock back, perhaps one that another CPU has taken. */
  giveBack(cpu: number, word: number): void {
    if (this.#drop(this.#held[cpu]!, word)) return;
    for (const held of this.#held) this.#drop(held, word);
  }

  /** What is wrong with the orders, as far as the execution under way shows it. */
  verdict(): ExploreError | undefined {
    return this.orders.verdict();
  }

  #drop(held: number[], word: number): boolean {
    const at = held.lastIndexOf(word);
    if (at >= 0) held.splice(at, 1);
    return at >= 0;
  }
}
