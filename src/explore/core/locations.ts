import { CONTENTS_BASE, PAGE_SIZE, SchedOp } from '../../wasm/generated/layout.js';
import * as access from '../access.js';

/** Bytes that one location covers. */
const GRAIN = 8;
const ALL_BITS = 0xffff_ffff;
const GRAIN_SHIFT = 3;
/** Bits of a mask that stand for one byte. */
const BITS_OF_BYTE = 4;
/** Locations whose numbers are found without the map; a power of 2. */
const RECENT = 4096;

/**
 * Numbers for what the core accesses: aligned groups of 8 bytes, and whole frames of contents,
 * whose addresses are `CONTENTS_BASE` and their number in pages, however much of them there is.
 * They are given out in the order of first use and stay for all executions of a program.
 */
export class Locations {
  readonly #first: number;
  readonly #numbers = new Map<number, number>();
  readonly #frames = new Map<number, number>();
  readonly #addresses: number[] = [];
  /** By the lower bits of its address in grains: 1 + the grain asked for last, and its number. */
  readonly #recent = new Int32Array(RECENT);
  readonly #recentNumbers = new Int32Array(RECENT);

  /** @param first - numbers below it are somebody else's */
  constructor(first: number) {
    this.#first = first;
  }

  /** Numbers in use, those of others included. */
  get count(): number {
    return this.#first + this.#addresses.length;
  }

  /** The number of what so many bytes at an address belong to. */
  numberOf(address: number, size: number): number {
    if (size === PAGE_SIZE) return this.#numberIn(this.#frames, address, address);
    const grain = address >>> GRAIN_SHIFT;
    const slot = grain & (RECENT - 1);
    if (this.#recent[slot] === grain + 1) return this.#recentNumbers[slot]!;
    const number = this.#numberIn(this.#numbers, grain, address);
    this.#recent[slot] = grain + 1;
    this.#recentNumbers[slot] = number;
    return number;
  }

  #numberIn(numbers: Map<number, number>, key: number, address: number): number {
    let number = numbers.get(key);
    if (number === undefined) {
      number = this.count;
      numbers.set(key, number);
      // The whole is named by the first part of it that anybody touches.
      this.#addresses.push(address);
    }
    return number;
  }

  /** Where a location, or the part `mask` of it, begins. */
  addressOf(number: number, mask?: number): number {
    const address = this.#addresses[number - this.#first] ?? 0;
    if (mask === undefined || mask === 0 || this.frameOf(number) !== undefined) return address;
    const byte = Math.floor((31 - Math.clz32(mask & -mask)) / BITS_OF_BYTE);
    return address - (address % GRAIN) + byte;
  }

  /** The frame whose contents a location is; undefined for anything else. */
  frameOf(number: number): number | undefined {
    const address = this.#addresses[number - this.#first] ?? 0;
    if (this.#frames.get(address) !== number) return undefined;
    return (address - CONTENTS_BASE) / PAGE_SIZE;
  }
}

/**
 * What an access is about within its location, as a mask: two accesses whose masks share no bit do
 * not meet. Four bits stand for each byte. Single flags of a word of flags stand for themselves in
 * the 16 bits of its lower four bytes; those that are 16 apart share one. What CPUs share has one
 * bit for each CPU: they meet whoever wants all of it, and not each other.
 */
export function maskOf(address: number, op: number, size: number, cpu: number): number {
  if (isOfBits(op)) return (size | (size >>> 16)) & 0xffff;
  const shift = (address & (GRAIN - 1)) * BITS_OF_BYTE;
  if (op === SchedOp.RmwShared) return 1 << (shift + (cpu % (size * BITS_OF_BYTE)));
  return size >= GRAIN ? ALL_BITS : ((1 << (size * BITS_OF_BYTE)) - 1) << shift;
}

/** True for kinds of the core that are about single bits of 8 bytes: their size is a mask. */
export function isOfBits(op: number): boolean {
  return op >= SchedOp.LoadBits;
}

/** The explorer's kind for an access of the core. */
export function kindOf(op: number, waits: boolean, equal: boolean, size: number): number {
  if (waits) return equal ? access.LOCK : access.WAIT_WHILE;
  // Frames are written in bulk, and reach memory at once (see store-views.ts).
  if (op === SchedOp.Store && size > GRAIN) return access.STORE;
  switch (op) {
    case SchedOp.Load:
    case SchedOp.LoadBits:
      return access.READ_ONCE;
    case SchedOp.LoadAcquire:
      return access.LOAD;
    case SchedOp.Store:
      return access.WRITE_ONCE;
    case SchedOp.StoreRelease:
      return access.STORE_RELEASE;
    case SchedOp.Cmpxchg:
      return access.COMPARE_EXCHANGE;
    case SchedOp.Fence:
      return access.FENCE;
    case SchedOp.ReadFence:
      return access.READ_FENCE;
    default:
      return access.FETCH_ADD;
  }
}
