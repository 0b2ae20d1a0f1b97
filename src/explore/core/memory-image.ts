import type { ResolvedOptions } from '../../options.js';
import { SNAPSHOT_PAGE, usedPages } from '../../snapshot/regions.js';
import type { CoreExports } from '../../wasm/exports.js';
import { MACHINE_BASE, PERCPU_SCRATCH } from '../../wasm/generated/layout.js';
import { growTo } from '../../wasm/load.js';
import type { CoreViews } from '../../wasm/views.js';
import type { WrittenPages } from './written-pages.js';

const WORDS_A_PAGE = SNAPSHOT_PAGE / 4;

/** The core, for what it does faster with memory than the host. */
type PageTools = Pick<CoreExports, 'blocksThatDiffer' | 'putBack'>;

/**
 * The memory of a machine as it was at one moment, and the way back to it. Only pages are copied
 * that hold something, and only those are put back that were written since. The copies lie in the
 * machine's memory, behind all that it has, since the core compares and copies pages best.
 */
export class MemoryImage {
  readonly #written: WrittenPages;
  readonly #core: PageTools;
  /** By number of a page: where its copy begins. */
  readonly #copies = new Map<number, number>();
  /** A page of zeros: the copy of pages that held nothing. */
  readonly #zeros: number;
  readonly #words: Int32Array;
  /** Pages that the host writes: struct machine with its clock, and the CPUs' scratch memory. */
  readonly #hosts: readonly number[];

  constructor(views: CoreViews, options: ResolvedOptions, written: WrittenPages, core: PageTools) {
    this.#written = written;
    this.#core = core;
    const scratch = Array.from({ length: options.cpus }, (_, cpu) => views.perCpu(cpu));
    this.#hosts = [
      MACHINE_BASE / SNAPSHOT_PAGE,
      ...scratch.map((at) => (at + PERCPU_SCRATCH) / SNAPSHOT_PAGE),
    ];
    const used: number[] = [];
    for (const [first, behind] of usedPages(views, options)) {
      for (let number = first; number < behind; number++) {
        if (wordsOf(views, number).some((word) => word !== 0)) used.push(number);
      }
    }
    this.#zeros = views.memory.buffer.byteLength;
    growTo(views.memory, this.#zeros + (used.length + 1) * SNAPSHOT_PAGE);
    this.#words = new Int32Array(views.memory.buffer);
    for (const [at, number] of used.entries()) {
      const copy = this.#zeros + (at + 1) * SNAPSHOT_PAGE;
      this.#copies.set(number, copy);
      core.putBack(copy, number * SNAPSHOT_PAGE);
    }
    written.collect();
    written.restart();
  }

  /** The words of the memory, the copies included. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Where the copy of a page begins. */
  copyOf(number: number): number {
    return this.#copies.get(number) ?? this.#zeros;
  }

  /** Which 32nds of a page differ from its copy: a bit each. */
  differences(number: number, copy: number): number {
    return this.#core.blocksThatDiffer(number * SNAPSHOT_PAGE, copy);
  }

  /** Notes the pages that the host may have written. */
  noteHost(): void {
    for (const number of this.#hosts) this.#written.note(number);
  }

  /** Puts the memory back. */
  restore(): void {
    this.#written.collect();
    this.noteHost();
    for (const number of this.#written.sinceStart) {
      this.#core.putBack(number * SNAPSHOT_PAGE, this.copyOf(number));
    }
    this.#written.restart();
  }
}

function wordsOf(views: CoreViews, number: number): Int32Array {
  return views.i32.subarray(number * WORDS_A_PAGE, (number + 1) * WORDS_A_PAGE);
}
