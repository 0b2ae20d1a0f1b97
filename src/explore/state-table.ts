/** A hash table from 64-bit hashes to 32-bit numbers, in typed arrays. */

const CAPACITY_FIRST = 1 << 12;
/** It grows when more than this share is in use. */
const LOAD_MAX = 0.6;

/** Open addressing, linear probing; nothing is ever taken out. */
export class StateTable {
  size = 0;
  #capacity = CAPACITY_FIRST;
  #high = new Uint32Array(CAPACITY_FIRST);
  #low = new Uint32Array(CAPACITY_FIRST);
  #value = new Int32Array(CAPACITY_FIRST);
  #used = new Uint8Array(CAPACITY_FIRST);

  /** Puts a new key in. @returns false, and changes nothing, when it is there already */
  insert(high: number, low: number, value: number): boolean {
    let at = this.#find(high, low);
    if (this.#used[at] !== 0) return false;
    if (this.size + 1 > this.#capacity * LOAD_MAX) {
      this.#grow();
      at = this.#find(high, low);
    }
    this.#set(at, high, low, value);
    this.size++;
    return true;
  }

  /** The value of a key that is there. */
  valueOf(high: number, low: number): number {
    return this.#value[this.#find(high, low)]!;
  }

  /** Another value for a key that is there. */
  update(high: number, low: number, value: number): void {
    this.#value[this.#find(high, low)] = value;
  }

  /** The place of a key, or the free one where it belongs. */
  #find(high: number, low: number): number {
    let at = low & (this.#capacity - 1);
    while (this.#used[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) {
      at = (at + 1) & (this.#capacity - 1);
    }
    return at;
  }

  #set(at: number, high: number, low: number, value: number): void {
    this.#used[at] = 1;
    this.#high[at] = high;
    this.#low[at] = low;
    this.#value[at] = value;
  }

  #grow(): void {
    const [high, low, value, used] = [this.#high, this.#low, this.#value, this.#used];
    this.#capacity *= 2;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#value = new Int32Array(this.#capacity);
    this.#used = new Uint8Array(this.#capacity);
    for (let at = 0; at < used.length; at++) {
      if (used[at] === 0) continue;
      this.#set(this.#find(high[at]!, low[at]!), high[at]!, low[at]!, value[at]!);
    }
  }
}
