import type { CoreViews } from '../../wasm/views.js';
import * as access from '../access.js';
import type { StepNote } from '../program.js';
import { WordPending } from '../word-cpu.js';
import type { WordMemory } from '../word-memory.js';
import { coreSite, type LineOf } from './core-sites.js';
import type { ExploredMachine } from './explored-machine.js';
import { isOfBits, kindOf, Locations, maskOf } from './locations.js';
import { LocationNames } from './location-names.js';
import { operationName } from './operation-names.js';
import type { Target } from './store-views.js';
import { wideValue } from './wide-value.js';

/** What the CPUs of an explored machine have announced: addresses, locations, names and values. */
export class Announced {
  readonly pending: WordPending;
  readonly #explored: ExploredMachine;
  readonly #views: CoreViews;
  readonly #words: WordMemory;
  readonly #lineOf: LineOf;
  /** Address and size of what each CPU has announced. */
  readonly #addresses: Float64Array;
  readonly #sizes: Int32Array;
  /** Where each CPU has announced it and as what, while somebody wants to know. */
  readonly #notes: StepNote[] = [];
  #locations: Locations | undefined;
  #isRecording = false;
  /**
   * What each location was when it was first accessed in the execution under way or just ended,
   * while sites are recorded: a kernel page may be something else by the end.
   */
  readonly #names = new Map<number, string>();

  constructor(cpus: number, explored: ExploredMachine, words: WordMemory, lineOf: LineOf) {
    this.pending = new WordPending(cpus);
    this.#explored = explored;
    this.#views = explored.machine.kernel.views;
    this.#words = words;
    this.#lineOf = lineOf;
    this.#addresses = new Float64Array(cpus);
    this.#sizes = new Int32Array(cpus);
  }

  /** Whether the first setup is over, which says how many raw words there are. */
  get isSettled(): boolean {
    return this.#locations !== undefined;
  }

  /** The first setup is over. */
  settle(): void {
    this.#locations = new Locations(this.#words.count);
  }

  /** A new execution; with `isRecording` places and names are noted. */
  begin(isRecording: boolean): void {
    this.#isRecording = isRecording;
    this.#names.clear();
  }

  /** Locations that exist. */
  get count(): number {
    return this.#locations?.count ?? this.#words.count;
  }

  /** A CPU has announced an access from inside the core. */
  announce(cpu: number): void {
    const { address, op, size, waits, mask, value, equal } = this.#explored.coroutines.pending(cpu);
    const { pending } = this;
    const bytes = isOfBits(op) ? 8 : size;
    const kind = kindOf(op, waits, equal, bytes);
    pending.kind[cpu] = kind;
    pending.location[cpu] = access.isFence(kind) ? -1 : this.#known().numberOf(address, bytes);
    pending.mask[cpu] = maskOf(address, op, isOfBits(op) && waits ? mask : size, cpu);
    pending.operand[cpu] = operandOf(kind, mask, value);
    this.#addresses[cpu] = address;
    this.#sizes[cpu] = bytes;
    if (this.#isRecording) this.#note(cpu, kind);
  }

  /** A CPU sleeps; its next step is to wake. */
  announceSleep(cpu: number): void {
    this.pending.kind[cpu] = access.FENCE;
    this.pending.location[cpu] = -1;
    this.pending.mask[cpu] = 0;
  }

  /** Bytes of what a CPU has announced. */
  sizeOf(cpu: number): number {
    return this.#sizes[cpu]!;
  }

  /** Where a CPU has announced its access and as what, if that was noted. */
  noteOf(cpu: number): StepNote | undefined {
    return this.#notes[cpu];
  }

  /** What a CPU has announced, or has just accessed. */
  targetOf(cpu: number): Target {
    const location = this.pending.location[cpu]!;
    const mask = this.pending.mask[cpu]!;
    const address = location < this.#words.count ? -1 : this.#addresses[cpu]!;
    return { location, mask, address, size: this.#sizes[cpu]! };
  }

  /** The value of what a CPU has announced, or has just accessed. */
  valueOf(cpu: number): number {
    const location = this.pending.location[cpu]!;
    if (location < 0) return 0;
    if (location < this.#words.count) return this.#words.values[location]!;
    const size = this.#sizes[cpu]!;
    const { i32 } = this.#views;
    const at = this.#addresses[cpu]! >>> 2;
    if (size === 8) return wideValue(i32[at]! >>> 0, i32[at + 1]!);
    return size === 4 ? i32[at]! : 0;
  }

  /** A readable name of a location, or of some bytes of it. */
  symbol(location: number, mask?: number): string {
    if (location < this.#words.count) return `words[${location}]`;
    const noted = this.#names.get(keyOf(location, mask));
    if (noted !== undefined) return noted;
    const frame = this.#known().frameOf(location);
    if (frame !== undefined) return `contents of page[${frame}]`;
    const names = new LocationNames(this.#views);
    return names.nameOf(this.#known().addressOf(location, mask));
  }

  #note(cpu: number, kind: number): void {
    const { named, waits, equal } = this.#explored.coroutines.pending(cpu);
    // A wait for whatever comes has no name of its own.
    const operation = waits && !equal ? undefined : operationName(named, this.#sizes[cpu]!);
    this.#notes[cpu] = { site: coreSite(this.#lineOf), operation };
    const location = this.pending.location[cpu]!;
    const mask = this.pending.mask[cpu]!;
    const key = keyOf(location, mask);
    if (access.isFence(kind) || this.#names.has(key)) return;
    this.#names.set(key, this.symbol(location, mask));
  }

  #known(): Locations {
    if (this.#locations === undefined) throw new TypeError('the program has not begun');
    return this.#locations;
  }
}

/** What is known of an access before it is made: a compareExchange does not say what it expects. */
function operandOf(kind: number, mask: number, value: number): number {
  if (kind === access.COMPARE_EXCHANGE) return NaN;
  return kind === access.LOCK ? mask : value;
}

/** One number for a part of a location. */
function keyOf(location: number, mask = 0): number {
  return location * 2 ** 32 + mask;
}
