import { CONTENTS_BASE, PAGE_SIZE, SchedOp } from '../../wasm/generated/layout.js';
import * as access from '../access.js';

/** Bytes that one location covers. */
const GRAIN = 8;
const ALL_BYTES = 0xff;

/**
 * Numbers for what the core accesses: aligned groups of 8 bytes, and whole frames of contents. They
 * are given out in the order of first use and stay for all executions of a program.
 */
export class Locations {
  readonly #first: number;
  readonly #numbers = new Map<number, number>();
  readonly #addresses: number[] = [];

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
    const grain = address >= CONTENTS_BASE ? PAGE_SIZE : GRAIN;
    const start = address - (address % grain);
    let number = this.#numbers.get(start);
    if (number === undefined) {
      number = this.count;
      this.#numbers.set(start, number);
      // The whole is named by the first part of it that anybody touches.
      this.#addresses.push(grain === GRAIN && size < GRAIN ? address : start);
    }
    return number;
  }

  /** Where a location, or the bytes `mask` of it, begins. */
  addressOf(number: number, mask?: number): number {
    const address = this.#addresses[number - this.#first] ?? 0;
    if (mask === undefined || mask === 0 || address >= CONTENTS_BASE) return address;
    return address - (address % GRAIN) + (31 - Math.clz32(mask & -mask));
  }
}

/** The bytes of an access within its location, a bit each. */
export function maskOf(address: number, size: number): number {
  if (size >= GRAIN) return ALL_BYTES;
  return ((1 << size) - 1) << (address % GRAIN);
}

/** The explorer's kind for an access of the core. */
export function kindOf(op: number, waits: boolean, equal: boolean, size: number): number {
  if (waits) return equal ? access.LOCK : access.WAIT_WHILE;
  // Frames are written in bulk, and reach memory at once (see store-views.ts).
  if (op === SchedOp.Store && size > GRAIN) return access.STORE;
  switch (op) {
    case SchedOp.Load:
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
