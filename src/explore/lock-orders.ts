/**
 * Lock-order inversions (Linux: lockdep). Each time a CPU takes a lock while it holds another,
 * their classes are in an order. If the orders of all executions so far make a circle, then some
 * other interleaving, perhaps of other callers, is a deadlock, even if this scenario cannot reach
 * it.
 *
 * The orders of all executions are kept, each with the steps that lead to it: a circle that needs
 * several executions is shown again by running them one after the other. Those of the execution
 * under way are kept apart, to prefer a circle that one execution shows alone.
 *
 * Orders are learnt when the second lock is taken, not at the end of an execution, since a search
 * gives executions up. That loses nothing: in which order one CPU takes its locks depends on what
 * it has done so far and not on what others do later, so each order is met wherever its steps are.
 */
import type { EventLog } from './event-log.js';
import { ExploreError } from './explore-error.js';

/** More classes than there are, so that two of them are one number. */
const CLASSES_MAX = 2 ** 22;

/** One class was taken while another was held. */
interface Order {
  readonly from: number;
  readonly to: number;
  readonly who: string;
  readonly place: string | undefined;
  /** In the execution that it was seen in, and the schedule of that up to there. */
  readonly step: number;
  readonly agents: Uint8Array;
}

/** What was learnt from earlier executions. */
export interface LearntOrders {
  readonly orders: ReadonlyMap<number, unknown>;
  readonly closing: ReadonlyMap<number, unknown>;
}

/** Who takes a lock, and where: of that only what is cheap is worked out each time. */
export interface LockTaker {
  readonly who: string;
  /** @param isNew - nobody has seen this order before */
  place(isNew: boolean): string | undefined;
}

/** The orders in which the CPUs of one program take classes of locks. */
export class LockOrders {
  readonly #log: EventLog;
  readonly #nameOf: (lockClass: number) => string;
  /** By from * CLASSES_MAX + to. */
  #orders = new Map<number, Order>();
  /** Orders that close a circle, and that circle. */
  #closing = new Map<number, readonly Order[]>();
  /** Orders of this execution: where they are in it. */
  readonly #here = new Map<number, Order>();
  readonly #closed: Order[] = [];

  constructor(log: EventLog, nameOf: (lockClass: number) => string) {
    this.#log = log;
    this.#nameOf = nameOf;
  }

  /** An execution begins. */
  begin(): void {
    if (this.#here.size > 0) this.#here.clear();
    if (this.#closed.length > 0) this.#closed.length = 0;
  }

  /** The step under way takes a lock of one class while its CPU holds one of another. */
  add(from: number, to: number, taker: LockTaker): void {
    const key = from * CLASSES_MAX + to;
    if (this.#here.has(key)) return;
    const known = this.#orders.get(key);
    const place = taker.place(known === undefined);
    const step = this.#log.length - 1;
    const agents = known?.agents ?? this.#log.agent.slice(0, step + 1);
    const order = { from, to, who: taker.who, place, step, agents };
    this.#here.set(key, order);
    if (known === undefined) {
      this.#orders.set(key, order);
      const circle = circleOf(order, this.#orders);
      if (circle !== undefined) this.#closing.set(key, circle);
    }
    if (this.#closing.has(key)) this.#closed.push(order);
  }

  /** Whether the execution under way has closed a circle. */
  get isBroken(): boolean {
    return this.#closed.length > 0;
  }

  /** The circle that this execution has closed, if any. */
  verdict(): ExploreError | undefined {
    const [first] = this.#closed;
    if (first === undefined) return undefined;
    for (const order of this.#closed) {
      const own = circleOf(order, this.#here);
      if (own !== undefined) return this.#inversion(own);
    }
    return this.#inversion(this.#closing.get(keyOf(first))!);
  }

  /** Schedules that show, one after the other, all orders that are known. */
  schedules(): Uint8Array[] {
    return unique([...this.#orders.values()].map(({ agents }) => agents));
  }

  /** Knows nothing any more. @returns what it knew, for `recall` */
  forget(): LearntOrders {
    const learnt = { orders: this.#orders, closing: this.#closing };
    this.#orders = new Map();
    this.#closing = new Map();
    return learnt;
  }

  /** Knows what it knew, and nothing else. */
  recall({ orders, closing }: LearntOrders): void {
    this.#orders = orders as Map<number, Order>;
    this.#closing = closing as Map<number, readonly Order[]>;
  }

  #inversion(circle: readonly Order[]): ExploreError {
    const here = circle.map((order) => this.#here.get(keyOf(order)));
    const lines = circle.map((order, at) => {
      const when = here[at] === undefined ? ', in another execution' : '';
      return this.#text(here[at] ?? order) + when;
    });
    const names = circle.map(({ from }) => this.#nameOf(from));
    const earlier = unique(circle.filter((_, at) => !here[at]).map(({ agents }) => agents));
    const where = earlier.length === 0 ? '' : ', seen in different executions';
    const message = `lock-order inversion of ${names.join(', ')}${where}: ${lines.join('; ')}`;
    return new ExploreError('lock-order', message, {
      step: here[0]?.step ?? -1,
      other: here.find((order, at) => at > 0 && order !== undefined)?.step ?? -1,
      object: [...names].sort().join() + where,
      ...(earlier.length === 0 ? {} : { earlier }),
    });
  }

  #text({ from, to, who, place }: Order): string {
    const where = place === undefined ? '' : ` in ${place}`;
    const [held, taken] = [this.#nameOf(from), this.#nameOf(to)];
    return from === to
      ? `${who} takes two locks ${held}${where}, and nothing says in which order`
      : `${who} takes ${taken} with ${held} held${where}`;
  }
}

function keyOf({ from, to }: Order): number {
  return from * CLASSES_MAX + to;
}

/** The orders from the end of one back to its start, that order first; undefined for none. */
function circleOf(order: Order, orders: ReadonlyMap<number, Order>): Order[] | undefined {
  if (order.from === order.to) return [order];
  const cameBy = new Map<number, Order>();
  const open = [order.to];
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    for (const next of orders.values()) {
      if (next.from !== at || cameBy.has(next.to)) continue;
      cameBy.set(next.to, next);
      if (next.to === order.from) return [order, ...pathTo(next, order.to, cameBy)];
      open.push(next.to);
    }
  }
  return undefined;
}

/** The orders that lead to the end of `last`, from the class `from` on. */
function pathTo(last: Order, from: number, cameBy: ReadonlyMap<number, Order>): Order[] {
  const path = [last];
  for (let at = last.from; at !== from;) {
    const order = cameBy.get(at)!;
    path.unshift(order);
    at = order.from;
  }
  return path;
}

/** Each schedule once, and none that another one begins with. */
function unique(schedules: readonly Uint8Array[]): Uint8Array[] {
  const texts = schedules.map((agents) => `${agents.join()},`);
  return schedules.filter(
    (_, at) =>
      !texts.some(
        (text, other) =>
          text.startsWith(texts[at]!) && (text.length > texts[at]!.length || other < at),
      ),
  );
}
