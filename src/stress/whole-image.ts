import type { ResolvedOptions } from '../options.js';
import { SNAPSHOT_PAGE, usedPages } from '../snapshot/regions.js';
import type { CoreViews } from '../wasm/views.js';

const WORDS_A_PAGE = SNAPSHOT_PAGE / 8;

/**
 * The memory of a machine as it was at one moment, and the way back to it. Threads note no writes,
 * as CPUs that are explored do (explore/core/memory-image.ts), so all pages are copied that hold
 * something, then or now: what lies behind the frontiers of the allocators was never touched.
 */
export class WholeImage {
  readonly #views: CoreViews;
  readonly #options: ResolvedOptions;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(views: CoreViews, options: ResolvedOptions) {
    this.#views = views;
    this.#options = options;
    const words = new BigUint64Array(views.memory.buffer);
    for (const number of this.#used()) {
      if (isZero(words, number)) continue;
      const at = number * SNAPSHOT_PAGE;
      this.#pages.set(number, views.u8.slice(at, at + SNAPSHOT_PAGE));
    }
  }

  /** Puts the memory back. */
  restore(): void {
    const { u8 } = this.#views;
    for (const number of this.#used()) {
      if (!this.#pages.has(number))
        u8.fill(0, number * SNAPSHOT_PAGE, (number + 1) * SNAPSHOT_PAGE);
    }
    for (const [number, bytes] of this.#pages) u8.set(bytes, number * SNAPSHOT_PAGE);
  }

  *#used(): Generator<number> {
    for (const [first, behind] of usedPages(this.#views, this.#options)) {
      for (let number = first; number < behind; number++) yield number;
    }
  }
}

function isZero(words: BigUint64Array, number: number): boolean {
  const start = number * WORDS_A_PAGE;
  for (let at = start; at < start + WORDS_A_PAGE; at++) if (words[at] !== 0n) return false;
  return true;
}
