import { SchedNote } from '../../../wasm/generated/layout.js';
import type { Oracle, OracleContext } from './oracle.js';

/** Files whose functions take locks for others. */
export const LOCKERS = /\/(lib\/(lockdep|spinlock|rwsem)|mm\/(page_lock|inode_lock))\//;

/** A lock that a CPU has. */
export interface HeldLock {
  readonly address: number;
  readonly cpu: number;
  /** The step in which it was taken. */
  readonly step: number;
  readonly place: string | undefined;
}

/** Which locks each CPU holds, in the order in which it has taken them. */
export class HeldLocks implements Oracle {
  readonly #context: OracleContext;
  readonly #held: HeldLock[][];

  constructor(context: OracleContext) {
    this.#context = context;
    this.#held = context.cpuNames.map(() => []);
  }

  begin(): void {
    for (const locks of this.#held) if (locks.length > 0) locks.length = 0;
  }

  note(cpu: number, note: number, address: number): void {
    if (cpu < 0) return; // setup has nobody to wait for
    if (note === SchedNote.Acquire || note === SchedNote.TryAcquire) {
      const step = this.#context.step();
      this.#held[cpu]!.push({ address, cpu, step, place: this.#context.place(LOCKERS) });
    } else if (note === SchedNote.Release && !this.#drop(cpu, address)) {
      // Taken by another CPU for this one.
      for (let other = 0; other < this.#held.length; other++) this.#drop(other, address);
    }
  }

  /** What a CPU holds, the first taken first. */
  of(cpu: number): readonly HeldLock[] {
    return this.#held[cpu] ?? [];
  }

  /** Who holds a lock: several CPUs may, for reading. */
  holdersOf(address: number): readonly HeldLock[] {
    return this.#held.flat().filter((lock) => lock.address === address);
  }

  #drop(cpu: number, address: number): boolean {
    const locks = this.#held[cpu]!;
    let at = locks.length - 1;
    while (at >= 0 && locks[at]!.address !== address) at--;
    if (at < 0) return false;
    // Mostly it is the last one.
    for (let next = at + 1; next < locks.length; next++) locks[next - 1] = locks[next]!;
    locks.pop();
    return true;
  }
}
