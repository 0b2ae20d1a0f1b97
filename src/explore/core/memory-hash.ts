import { SNAPSHOT_PAGE } from '../../snapshot/regions.js';
import {
  NR_VM_ITEMS,
  PERCPU_BASE,
  PERCPU_EVENTS,
  PERCPU_MAGAZINES,
  PERCPU_SCRATCH,
  PERCPU_SIZE,
  PERCPU_TRACE,
  PERCPU_LRU,
} from '../../wasm/generated/layout.js';
import { offsetOf, type CoreViews } from '../../wasm/views.js';
import { lowest } from '../bits.js';
import { finish, mix } from '../hash.js';
import type { MemoryImage } from './memory-image.js';
import type { WrittenPages } from './written-pages.js';

/** As in hash.ts. */
const { imul } = Math;

const WORDS_A_PAGE = SNAPSHOT_PAGE / 4;
const WORDS_A_BLOCK = WORDS_A_PAGE / 32;
const PAGES_MAX = 2 ** 32 / SNAPSHOT_PAGE;
const PERCPU_FIRST = PERCPU_BASE / SNAPSHOT_PAGE;
const PERCPU_PAGES = PERCPU_SIZE / SNAPSHOT_PAGE;
const SEEDS = [0x2545f491, 0x6c078965] as const;

const SCRATCH_WORD = PERCPU_SCRATCH / 4;

/** Counters that a CPU has beside its events: 64 bits each. */
const PINS = [offsetOf('PerCpu', 'pinsAcquired'), offsetOf('PerCpu', 'pinsReleased')];
const COUNTERS = [
  ...PINS,
  ...Array.from({ length: NR_VM_ITEMS }, (_, item) => PERCPU_EVENTS + item * 8),
].map((offset) => offset / 4);
/** What of a CPU's area is no state, as [from, to) in bytes. */
const LEFT_OUT = [
  ...PINS.map((at) => [at, at + 8] as const),
  [offsetOf('PerCpu', 'traceNext'), offsetOf('PerCpu', 'traceNext') + 4],
  [PERCPU_EVENTS, PERCPU_MAGAZINES],
  [PERCPU_SCRATCH, PERCPU_TRACE],
  [PERCPU_TRACE, PERCPU_LRU],
] as const;

/**
 * A hash of what a machine's memory holds otherwise than at the start of the execution, kept up
 * with what is written. States with equal memory have equal ones.
 *
 * Three things of a CPU's area are left out, since nothing that the core does depends on them: the
 * trace for panic reports; scratch memory, of which those who use it must hash what is in use; and
 * what each CPU counted alone. Counters go in as sums over the CPUs, as everybody reads them
 * (mm/vmstat.ts). All else is in: lists of free pages and objects, batches, sequence numbers.
 */
export class MemoryHash {
  /** The two halves. */
  high = 0;
  low = 0;
  readonly #words: Int32Array;
  readonly #image: MemoryImage;
  readonly #written: WrittenPages;
  readonly #cpus: number;
  /** By page: its share of the two sums. */
  readonly #highs = new Int32Array(PAGES_MAX);
  readonly #lows = new Int32Array(PAGES_MAX);
  #highSum = 0;
  #lowSum = 0;
  /** By word of a CPU's area: 1 if it is left out. */
  readonly #isLeftOut = new Uint8Array(PERCPU_SIZE / 4);

  constructor(views: CoreViews, image: MemoryImage, written: WrittenPages, cpus: number) {
    this.#words = views.i32;
    this.#image = image;
    this.#written = written;
    this.#cpus = cpus;
    for (const [from, to] of LEFT_OUT) this.#isLeftOut.fill(1, from / 4, to / 4);
  }

  /** An execution begins. To be called before the pages are forgotten that the last one wrote. */
  restart(): void {
    for (const page of this.#written.sinceStart) {
      this.#highs[page] = 0;
      this.#lows[page] = 0;
    }
    this.#highSum = 0;
    this.#lowSum = 0;
  }

  /** Works out `high` and `low` for what the memory holds now. */
  update(): void {
    this.#written.collect();
    this.#image.noteHost();
    for (const page of this.#written.sinceHash) this.#take(page);
    this.#written.hashed();
    const [high, low] = this.#counters();
    this.high = finish(this.#highSum ^ high);
    this.low = finish(this.#lowSum ^ low);
  }

  #take(page: number): void {
    const within = page - PERCPU_FIRST;
    const isPerCpu = within >= 0 && within < this.#cpus * PERCPU_PAGES;
    const area = isPerCpu ? (within % PERCPU_PAGES) * WORDS_A_PAGE : -1;
    if (area === SCRATCH_WORD) return;
    const copy = this.#image.copyOf(page);
    const { words } = this.#image;
    const start = page * WORDS_A_PAGE;
    const before = copy >>> 2;
    let high = SEEDS[0] ^ page;
    let low = SEEDS[1] ^ page;
    let count = 0;
    let blocks = this.#image.differences(page, copy);
    while (blocks !== 0) {
      const first = lowest(blocks) * WORDS_A_BLOCK;
      blocks &= blocks - 1;
      for (let word = first; word < first + WORDS_A_BLOCK; word++) {
        const value = words[start + word]!;
        if (value === words[before + word]!) continue;
        if (area >= 0 && this.#isLeftOut[area + word] === 1) continue;
        // Two steps that have nothing in common: a freed page is all poison, so they are short.
        high = imul(high ^ value ^ imul(word, 0x9e3779b1), 0x85ebca6b);
        high ^= high >>> 15;
        const turned = (low << 7) + (low >>> 25);
        low = imul(turned + value + imul(word, 0x27d4eb2f), 0xc2b2ae35);
        low ^= low >>> 13;
        count++;
      }
    }
    high = count === 0 ? 0 : finish(high);
    low = count === 0 ? 0 : finish(low);
    this.#highSum = (this.#highSum + high - this.#highs[page]!) | 0;
    this.#lowSum = (this.#lowSum + low - this.#lows[page]!) | 0;
    this.#highs[page] = high;
    this.#lows[page] = low;
  }

  /** Of the sums of the counters: their lower halves, of which no count in an execution leaves. */
  #counters(): [number, number] {
    let [high, low]: [number, number] = [SEEDS[1], SEEDS[0]];
    for (const counter of COUNTERS) {
      let sum = 0;
      for (let cpu = 0; cpu < this.#cpus; cpu++) {
        sum += this.#words[(PERCPU_BASE + cpu * PERCPU_SIZE) / 4 + counter]!;
      }
      if (sum === 0) continue;
      high = mix(high ^ counter, sum | 0);
      low = mix(low ^ counter, sum | 0);
    }
    return [high, low];
  }
}
