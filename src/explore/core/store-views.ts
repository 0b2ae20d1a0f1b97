import { SNAPSHOT_PAGE } from '../../snapshot/regions.js';
import type { CoreViews } from '../../wasm/views.js';
import type { WordMemory } from '../word-memory.js';
import { wideValue } from './wide-value.js';
import type { WrittenPages } from './written-pages.js';

/**
 * Store buffers (memory model tso) for CPUs that know of none: the core stores straight to memory.
 *
 * So memory is what the CPU that runs sees of it. When a CPU is entered, its stores that nobody
 * else sees yet are laid over memory, oldest first, and what they cover is kept; when it is left,
 * they are taken away, newest first. Its loads find its own newest store or what all see, as they
 * must, and what it stores while it runs is found where it was stored:
 *
 *   the CPU announces a store       `cover` keeps what is there
 *   it makes it, and goes on        `push` takes what is there now into the buffer
 *   the buffer's oldest store       `flush`, while no CPU is entered: it reaches memory for all
 *
 * Not every store is announced: plain fields, and pages that are cleared as a whole. These reach
 * memory at once, and overtake older stores that the buffer still holds. Nobody can tell: whoever
 * may look at them has taken the lock that the CPU gave back later, or has found the pointer that
 * it published later, and both come out of the buffer behind the older stores. So no execution is
 * shown that x86 does not have; what is not shown is a plain field that somebody reads too early.
 * Where such a store hits what an announced one covers, that one counts as made with the new
 * value.
 *
 * The contents of frames are stored at once, too, and need an empty buffer.
 */
export class StoreViews {
  /** The CPUs whose buffer holds something, a bit each. */
  filled = 0;
  readonly #queues: BufferedStore[][];
  readonly #words: WordMemory;
  readonly #u8: Uint8Array;
  readonly #written: WrittenPages;
  /** The CPU whose stores lie over memory; -1 for none. */
  #entered = -1;
  #covered = new Uint8Array(0);

  constructor(cpus: number, words: WordMemory, views: CoreViews, written: WrittenPages) {
    this.#queues = Array.from({ length: cpus }, () => []);
    this.#words = words;
    this.#u8 = views.u8;
    this.#written = written;
  }

  /** Empties all buffers; memory is somebody else's care. */
  reset(): void {
    this.filled = 0;
    this.#entered = -1;
    for (const queue of this.#queues) queue.length = 0;
  }

  /** Whether a CPU's buffer holds something. */
  holds(cpu: number): boolean {
    return ((this.filled >>> cpu) & 1) !== 0;
  }

  /** Memory becomes what a CPU sees; nobody is entered. */
  enter(cpu: number): void {
    this.#entered = cpu;
    for (const store of this.#queues[cpu]!) {
      const place = this.#placeOf(store);
      store.covered.set(place);
      place.set(store.bytes);
    }
  }

  /** Memory becomes what all see. */
  leave(): void {
    if (this.#entered < 0) return;
    const queue = this.#queues[this.#entered]!;
    this.#entered = -1;
    for (let at = queue.length - 1; at >= 0; at--) {
      const store = queue[at]!;
      const place = this.#placeOf(store);
      store.bytes.set(place);
      place.set(store.covered);
    }
  }

  /** What `look` gives with memory as a CPU sees it. */
  seenBy<T>(cpu: number, look: () => T): T {
    this.enter(cpu);
    const seen = look();
    this.leave();
    return seen;
  }

  /** The CPU that is entered is about to store there: keeps what is covered. */
  cover(target: Target): void {
    this.#covered = this.#placeOf(target).slice();
  }

  /** It has stored, in this step: the store is the newest of its buffer. Gives the value. */
  push(target: Target, step: number): number {
    const bytes = this.#placeOf(target).slice();
    const { location, mask, address, size } = target;
    const value = numberOf(bytes);
    const store = { location, mask, address, size, step, bytes, covered: this.#covered };
    this.#queues[this.#entered]!.push(store);
    this.filled |= 1 << this.#entered;
    return value;
  }

  /** A CPU's oldest store reaches memory; nobody is entered. */
  flush(cpu: number): Flushed {
    const queue = this.#queues[cpu]!;
    const store = queue.shift()!;
    if (queue.length === 0) this.filled &= ~(1 << cpu);
    const place = this.#placeOf(store);
    const before = numberOf(place);
    place.set(store.bytes);
    if (store.address >= 0) this.#written.note(Math.floor(store.address / SNAPSHOT_PAGE));
    const { location, mask, step } = store;
    return { location, mask, step, before, value: numberOf(store.bytes) };
  }

  /** Hands all that the buffers hold to `add`, CPU by CPU, oldest first. */
  eachPart(add: (part: number) => void): void {
    for (const queue of this.#queues) {
      add(queue.length);
      for (const { location, mask, bytes } of queue) {
        add(location);
        add(mask);
        for (const byte of bytes) add(byte);
      }
    }
  }

  /** The bytes of memory, or of the words, that are stored to. */
  #placeOf({ location, address, size }: Target): Uint8Array {
    if (address >= 0) return this.#u8.subarray(address, address + size);
    const { values } = this.#words;
    return new Uint8Array(values.buffer, values.byteOffset + location * WORD_SIZE, WORD_SIZE);
  }
}

/** Where a CPU stores. */
export interface Target {
  readonly location: number;
  /** The bytes within the location, a bit each. */
  readonly mask: number;
  /** In the core's memory; -1 for a raw word. */
  readonly address: number;
  readonly size: number;
}

/** A store that has reached memory. */
export interface Flushed {
  readonly location: number;
  readonly mask: number;
  /** The step that made it. */
  readonly step: number;
  /** What all saw before, and see now. */
  readonly before: number;
  readonly value: number;
}

interface BufferedStore extends Target {
  readonly step: number;
  readonly bytes: Uint8Array;
  /** What lay there when the CPU was entered, while it is. */
  readonly covered: Uint8Array;
}

const WORD_SIZE = 4;

/** So many bytes as a number: 32 bits signed, 64 bits not. */
function numberOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== 8) return bytes.length === WORD_SIZE ? view.getInt32(0, true) : 0;
  return wideValue(view.getUint32(0, true), view.getUint32(4, true));
}
