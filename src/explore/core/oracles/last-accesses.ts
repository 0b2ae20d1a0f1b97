/**
 * In which step each CPU has accessed each part of a region last, in the execution under way. What
 * earlier executions have left is told apart by time, which goes on.
 */
export class LastAccesses {
  readonly #base: number;
  /** A grain has 2 to this power of bytes. */
  readonly #shift: number;
  /** By CPU and grain: the time. */
  readonly #times: Float64Array[];
  /** The time at which the execution began. */
  #start = 1;

  /** @param grain - bytes, a power of 2 */
  constructor(cpus: number, base: number, grain: number) {
    this.#base = base;
    this.#shift = 31 - Math.clz32(grain);
    this.#times = Array.from({ length: cpus }, () => new Float64Array(1024));
  }

  /** An execution begins, after one of so many steps. */
  begin(steps: number): void {
    this.#start += steps + 1;
  }

  /** A CPU makes an access. */
  set(cpu: number, address: number, step: number): void {
    const grain = (address - this.#base) >>> this.#shift;
    let times = this.#times[cpu]!;
    if (grain >= times.length) times = this.#grow(cpu, grain + 1);
    times[grain] = this.#start + step;
  }

  /** The last step of this execution in which a CPU accessed a range; -1 for none. */
  of(cpu: number, address: number, size: number): number {
    const times = this.#times[cpu]!;
    const first = (address - this.#base) >>> this.#shift;
    const behind = Math.min(times.length, first + Math.max(1, size >>> this.#shift));
    let last = 0;
    for (let grain = first; grain < behind; grain++) {
      if (times[grain]! > last) last = times[grain]!;
    }
    return last < this.#start ? -1 : last - this.#start;
  }

  #grow(cpu: number, least: number): Float64Array {
    const before = this.#times[cpu]!;
    const larger = new Float64Array(Math.max(least, 2 * before.length));
    larger.set(before);
    this.#times[cpu] = larger;
    return larger;
  }
}
