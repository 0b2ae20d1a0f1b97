import { STRUCTS } from '../wasm/generated/layout.js';

type Structs = typeof STRUCTS;

/** Offsets of a struct's fields, by their names. */
export type Offsets<S extends keyof Structs> = {
  readonly [F in keyof Structs[S]['fields']]: number;
};

/** The offsets of a struct: looked up once, since a check reads millions of words. */
export function offsetsOf<S extends keyof Structs>(struct: S): Offsets<S> {
  const fields: Readonly<Record<string, { readonly offset: number }>> = STRUCTS[struct].fields;
  const entries = Object.entries(fields).map(([name, field]) => [name, field.offset]);
  return Object.fromEntries(entries) as Offsets<S>;
}

const TWO_TO_32 = 2 ** 32;

/**
 * Words of the core's memory by address, fast, and safe with wild pointers: what lies outside reads
 * as 0. Addresses need not be aligned down by the caller.
 */
export class CoreMemory {
  readonly #bytes: Uint8Array;
  readonly #unsigned: Uint32Array;
  readonly #signed: Int32Array;

  constructor(memory: WebAssembly.Memory) {
    this.#bytes = new Uint8Array(memory.buffer);
    this.#unsigned = new Uint32Array(memory.buffer);
    this.#signed = new Int32Array(memory.buffer);
  }

  u8(address: number): number {
    return this.#bytes[address] ?? 0;
  }

  u32(address: number): number {
    return this.#unsigned[address >>> 2] ?? 0;
  }

  s32(address: number): number {
    return this.#signed[address >>> 2] ?? 0;
  }

  /** An unsigned word of 64 bits as a number: exact below 2^53. */
  u64(address: number): number {
    return this.u32(address + 4) * TWO_TO_32 + this.u32(address);
  }

  /** A signed word of 64 bits as a number: exact between -2^53 and 2^53. */
  s64(address: number): number {
    return this.s32(address + 4) * TWO_TO_32 + this.u32(address);
  }

  /** True if every word of a range is 0; both ends are multiples of 4. */
  isZero(address: number, length: number): boolean {
    const words = this.#signed;
    for (let at = address >>> 2, end = (address + length) >>> 2; at < end; at++) {
      if (words[at] !== 0) return false;
    }
    return true;
  }
}

/** An address as people read it. */
export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
