/**
 * Which parts of a region of memory are free, and a number for the event that freed them. What an
 * execution changes is undone in one go. A range that is freed or taken has one owner before, too:
 * objects do not straddle one another.
 */
export class FreedRegion {
  readonly #base: number;
  /** A grain has 2 to this power of bytes. */
  readonly #shift: number;
  /** By grain: 0 while it is in use, or was never freed. */
  #events = new Int32Array(1024);
  /** Of each change: first grain, number of grains, the event before. */
  readonly #undo: number[] = [];

  /** @param grain - bytes that are freed together at least, a power of 2 */
  constructor(base: number, grain: number) {
    this.#base = base;
    this.#shift = 31 - Math.clz32(grain);
  }

  /** The event that freed the memory at an address; 0 while it is in use. */
  eventAt(address: number): number {
    const grain = (address - this.#base) >>> this.#shift;
    return grain < this.#events.length ? this.#events[grain]! : 0;
  }

  /** Notes that an event freed a range; with event 0, that it is in use. */
  mark(address: number, size: number, event: number): void {
    const first = (address - this.#base) >>> this.#shift;
    const count = Math.max(1, size >>> this.#shift);
    if (first + count > this.#events.length) this.#grow(first + count);
    this.#undo.push(first, count, this.#events[first]!);
    this.#events.fill(event, first, first + count);
  }

  /** What is so now is what `undo` comes back to. */
  keep(): void {
    this.#undo.length = 0;
  }

  /** Undoes everything since `keep`. */
  undo(): void {
    for (let at = this.#undo.length - 3; at >= 0; at -= 3) {
      const first = this.#undo[at]!;
      this.#events.fill(this.#undo[at + 2]!, first, first + this.#undo[at + 1]!);
    }
    if (this.#undo.length > 0) this.#undo.length = 0;
  }

  #grow(least: number): void {
    const larger = new Int32Array(Math.max(least, 2 * this.#events.length));
    larger.set(this.#events);
    this.#events = larger;
  }
}
