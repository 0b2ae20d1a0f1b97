import { SchedNote } from '../../../wasm/generated/layout.js';
import type { ExploreError } from '../../explore-error.js';
import { LockOrders } from '../../lock-orders.js';
import { LOCKERS, type HeldLocks } from './held-locks.js';
import { LockClasses } from './lock-classes.js';
import { cpuName, type Oracle, type OracleContext } from './oracle.js';

/**
 * The order in which the core takes its locks (Linux: lockdep), by classes. A lock that is only
 * tried for gives no order, since nobody waits for it.
 */
export class LockOrder implements Oracle {
  readonly orders: LockOrders;
  readonly #context: OracleContext;
  readonly #held: HeldLocks;
  readonly #classes: LockClasses;
  /** The subclass in which each lock was taken last. */
  readonly #subclasses = new Map<number, number>();

  /** @param held - hears of each note after this one */
  constructor(context: OracleContext, held: HeldLocks) {
    this.#context = context;
    this.#held = held;
    this.#classes = new LockClasses(context);
    this.orders = new LockOrders(context.log, (lockClass) => this.#classes.nameOf(lockClass));
  }

  begin(): void {
    this.orders.begin();
  }

  note(cpu: number, note: number, address: number, subclass: number): void {
    if (cpu < 0) return;
    if (note !== SchedNote.Acquire && note !== SchedNote.TryAcquire) return;
    const to = this.#classes.classOf(address, subclass);
    this.#subclasses.set(address, subclass);
    const held = this.#held.of(cpu);
    if (note !== SchedNote.Acquire || held.length === 0) return;
    const taker = {
      who: cpuName(this.#context, cpu),
      place: (isNew: boolean) => this.#context.place(LOCKERS, isNew),
    };
    for (const lock of held) {
      const from = this.#classes.classOf(lock.address, this.#subclasses.get(lock.address) ?? 0);
      this.orders.add(from, to, taker);
    }
  }

  end(): ExploreError | undefined {
    return this.orders.verdict();
  }
}
