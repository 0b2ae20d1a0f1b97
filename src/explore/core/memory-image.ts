import type { ResolvedOptions } from '../../options.js';
import { SNAPSHOT_PAGE, usedPages } from '../../snapshot/regions.js';
import { MACHINE_BASE, PERCPU_SCRATCH } from '../../wasm/generated/layout.js';
import type { CoreViews } from '../../wasm/views.js';
import type { WrittenPages } from './written-pages.js';

const WORDS_A_PAGE = SNAPSHOT_PAGE / 4;

/**
 * The memory of a machine as it was at one moment, and the way back to it. Only pages are copied
 * that hold something, and only those are put back that were written since.
 */
export class MemoryImage {
  readonly #views: CoreViews;
  readonly #written: WrittenPages;
  readonly #pages = new Map<number, Int32Array>();
  /** Pages that the host writes: struct machine with its clock, and the CPUs' scratch memory. */
  readonly #hosts: readonly number[];

  constructor(views: CoreViews, options: ResolvedOptions, written: WrittenPages) {
    this.#views = views;
    this.#written = written;
    const scratch = Array.from({ length: options.cpus }, (_, cpu) => views.perCpu(cpu));
    this.#hosts = [
      MACHINE_BASE / SNAPSHOT_PAGE,
      ...scratch.map((at) => (at + PERCPU_SCRATCH) / SNAPSHOT_PAGE),
    ];
    for (const [first, behind] of usedPages(views, options)) {
      for (let number = first; number < behind; number++) this.#keep(number);
    }
    written.collect();
    written.restart();
  }

  /** What a page held, as words; undefined for zeros. */
  page(number: number): Int32Array | undefined {
    return this.#pages.get(number);
  }

  /** Notes the pages that the host may have written. */
  noteHost(): void {
    for (const number of this.#hosts) this.#written.note(number);
  }

  /** Puts the memory back. */
  restore(): void {
    const { i32 } = this.#views;
    this.#written.collect();
    this.noteHost();
    for (const number of this.#written.sinceStart) {
      const at = number * WORDS_A_PAGE;
      const page = this.#pages.get(number);
      if (page === undefined) i32.fill(0, at, at + WORDS_A_PAGE);
      else i32.set(page, at);
    }
    this.#written.restart();
  }

  #keep(number: number): void {
    const at = number * WORDS_A_PAGE;
    const words = this.#views.i32.subarray(at, at + WORDS_A_PAGE);
    if (words.some((word) => word !== 0)) this.#pages.set(number, words.slice());
  }
}
