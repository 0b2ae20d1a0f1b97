import { PAGE_SIZE, WRITTEN_END, WRITTEN_HEAD, WRITTEN_MAP } from '../../wasm/generated/layout.js';
import type { CoreViews } from '../../wasm/views.js';

/** Pages of the largest memory that there can be. */
const PAGES_MAX = 2 ** 32 / PAGE_SIZE;
const SINCE_START = 1;
const SINCE_HASH = 2;
const HEAD = WRITTEN_HEAD / 4;
const MAP = WRITTEN_MAP / 4;
/** As the word is read: signed. */
const END = WRITTEN_END | 0;

/**
 * The pages that were written, by number: explore.wasm links each into a list when it is written
 * (assembly/lib/written.ts), and here the list is taken from it. What the host writes itself it
 * must name with `note`.
 */
export class WrittenPages {
  /** Since the execution has begun, each once. */
  readonly sinceStart: number[] = [];
  /** Since they were last hashed, each once. */
  readonly sinceHash: number[] = [];
  readonly #words: Int32Array;
  readonly #known = new Uint8Array(PAGES_MAX);

  constructor(views: CoreViews) {
    this.#words = views.i32;
  }

  /** Takes what the core has written since the last time. */
  collect(): void {
    const words = this.#words;
    let link = words[HEAD]!;
    if (link === 0) return;
    while (link !== END && link !== 0) {
      const page = link >>> 1;
      link = words[MAP + page]!;
      words[MAP + page] = 0;
      this.note(page);
    }
    words[HEAD] = 0;
  }

  /** Whether the core has written a page since the last `collect`. */
  isListed(page: number): boolean {
    return this.#words[MAP + page] !== 0;
  }

  /** A page that the host writes. */
  note(page: number): void {
    const known = this.#known[page]!;
    if (known === (SINCE_START | SINCE_HASH)) return;
    if ((known & SINCE_START) === 0) this.sinceStart.push(page);
    if ((known & SINCE_HASH) === 0) this.sinceHash.push(page);
    this.#known[page] = SINCE_START | SINCE_HASH;
  }

  /** All that was written is hashed. */
  hashed(): void {
    for (const page of this.sinceHash) this.#known[page]! &= ~SINCE_HASH;
    this.sinceHash.length = 0;
  }

  /** An execution begins: nothing is written yet. */
  restart(): void {
    this.hashed();
    for (const page of this.sinceStart) this.#known[page] = 0;
    this.sinceStart.length = 0;
  }
}
