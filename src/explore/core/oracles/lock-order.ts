import { SchedNote } from '../../../wasm/generated/layout.js';
import type { ExploreError } from '../../explore-error.js';
import { LockOrders, type LockTaker } from '../../lock-orders.js';
import { LOCKERS, type HeldLocks } from './held-locks.js';
import { LockClasses } from './lock-classes.js';
import { cpuName, type Oracle, type OracleContext } from './oracle.js';

/**
 * The order in which the core takes its locks (Linux: lockdep), by classes. A lock that is only
 * tried for gives no order, since nobody waits for it.
 */
export class LockOrder implements Oracle {
  readonly orders: LockOrders;
  readonly #held: HeldLocks;
  readonly #classes: LockClasses;
  /** By address of a lock: the class in which it was taken last. */
  readonly #classOf = new Map<number, number>();
  readonly #takers: readonly LockTaker[];

  /** @param held - hears of each note after this one */
  constructor(context: OracleContext, held: HeldLocks) {
    this.#held = held;
    this.#classes = new LockClasses(context);
    this.orders = new LockOrders(context.log, (lockClass) => this.#classes.nameOf(lockClass));
    this.#takers = context.cpuNames.map((_, cpu) => ({
      who: cpuName(context, cpu),
      place: (isNew) => context.place(LOCKERS, isNew),
    }));
  }

  begin(): void {
    this.orders.begin();
  }

  note(cpu: number, note: number, address: number, subclass: number): void {
    if (cpu < 0) return;
    if (note !== SchedNote.Acquire && note !== SchedNote.TryAcquire) return;
    const to = this.#classes.classOf(address, subclass);
    this.#classOf.set(address, to);
    if (note !== SchedNote.Acquire) return;
    const held = this.#held.of(cpu);
    for (let at = 0; at < held.length; at++) {
      this.orders.add(this.#classOf.get(held[at]!.address)!, to, this.#takers[cpu]!);
    }
  }

  end(): ExploreError | undefined {
    return this.orders.verdict();
  }
}
