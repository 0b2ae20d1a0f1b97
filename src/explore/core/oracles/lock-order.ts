import { SchedNote } from '../../../wasm/generated/layout.js';
import { ExploreError } from '../../explore-error.js';
import { LOCKERS, type HeldLocks } from './held-locks.js';
import { LockClasses } from './lock-classes.js';
import { cpuName, type Oracle, type OracleContext } from './oracle.js';

/** More classes than the core has, subclasses included. */
const CLASSES_MAX = 128;

/** One class was taken while another was held: where that was seen first. */
interface Edge {
  readonly from: number;
  readonly to: number;
  readonly who: string;
  readonly place: string | undefined;
  /** In the execution that saw it first. */
  readonly step: number;
}

/**
 * Lock-order inversions (Linux: lockdep). Each time a CPU takes a lock while it holds another,
 * their classes are in an order. If the orders of all executions so far make a circle, then some
 * other interleaving, perhaps of other callers, is a deadlock, even if this scenario cannot reach
 * it.
 * A lock that is only tried for gives no order, since nobody waits for it.
 *
 * The orders of all executions are kept. Those of the execution under way are kept apart, to prefer
 * a circle that one execution shows alone: its schedule shows it again.
 */
export class LockOrder implements Oracle {
  readonly #context: OracleContext;
  readonly #held: HeldLocks;
  readonly #classes: LockClasses;
  /** By from * CLASSES_MAX + to. */
  readonly #edges = new Map<number, Edge>();
  /** Edges that close a circle. */
  readonly #closing = new Set<number>();
  /** Edges of this execution: where they are in it. */
  readonly #here = new Map<number, Edge>();
  #closed: Edge | undefined;

  /** @param held - hears of each note after this one */
  constructor(context: OracleContext, held: HeldLocks) {
    this.#context = context;
    this.#held = held;
    this.#classes = new LockClasses(context);
  }

  begin(): void {
    this.#here.clear();
    this.#closed = undefined;
  }

  note(cpu: number, note: number, address: number, subclass: number): void {
    if (cpu < 0) return;
    if (note === SchedNote.Release) return;
    const to = this.#classes.classOf(address, subclass);
    this.#subclasses.set(address, subclass);
    if (note !== SchedNote.Acquire) return;
    for (const lock of this.#held.of(cpu)) {
      this.#add(cpu, this.#classes.classOf(lock.address, this.#subclassOf(lock.address)), to);
    }
  }

  end(): ExploreError | undefined {
    const edge = this.#closed;
    if (edge === undefined) return undefined;
    const own = this.#circle(edge, this.#here);
    const circle = own ?? this.#circle(edge, this.#edges) ?? [edge];
    const names = circle.map(({ from }) => this.#classes.nameOf(from));
    const lines = circle.map((one) => this.#text(one)).join('; ');
    const where = own === undefined ? ', seen in different executions' : '';
    const message = `lock-order inversion of ${names.join(', ')}${where}: ${lines}`;
    return new ExploreError('lock-order', message, {
      step: this.#here.get(keyOf(edge))?.step ?? -1,
      object: [...names].sort().join() + where,
    });
  }

  /** The subclass in which each lock was taken last. */
  readonly #subclasses = new Map<number, number>();

  #subclassOf(address: number): number {
    return this.#subclasses.get(address) ?? 0;
  }

  #add(cpu: number, from: number, to: number): void {
    const key = from * CLASSES_MAX + to;
    if (this.#here.has(key)) return;
    const isNew = !this.#edges.has(key);
    const step = this.#context.step();
    const place = this.#context.place(LOCKERS, isNew);
    const edge = { from, to, who: cpuName(this.#context, cpu), step, place };
    this.#here.set(key, edge);
    if (isNew) {
      this.#edges.set(key, edge);
      if (this.#circle(edge, this.#edges) !== undefined) this.#closing.add(key);
    }
    if (this.#closing.has(key)) this.#closed ??= edge;
  }

  /** The edges from the end of one back to its start, that edge first; undefined for none. */
  #circle(edge: Edge, edges: ReadonlyMap<number, Edge>): Edge[] | undefined {
    if (edge.from === edge.to) return [edge];
    const cameBy = new Map<number, Edge>();
    const open = [edge.to];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of edges.values()) {
        if (next.from !== at || cameBy.has(next.to)) continue;
        cameBy.set(next.to, next);
        if (next.to === edge.from) return [edge, ...pathTo(next, edge.to, cameBy)];
        open.push(next.to);
      }
    }
    return undefined;
  }

  #text(edge: Edge): string {
    const { from, to, who, place } = this.#here.get(keyOf(edge)) ?? edge;
    const where = place === undefined ? '' : ` in ${place}`;
    const [held, taken] = [this.#classes.nameOf(from), this.#classes.nameOf(to)];
    return from === to
      ? `${who} takes two locks ${held}${where}, and nothing says in which order`
      : `${who} takes ${taken} with ${held} held${where}`;
  }
}

function keyOf({ from, to }: Edge): number {
  return from * CLASSES_MAX + to;
}

/** The edges that lead to the end of `last`, from the class `from` on. */
function pathTo(last: Edge, from: number, cameBy: ReadonlyMap<number, Edge>): Edge[] {
  const path = [last];
  for (let at = last.from; at !== from;) {
    const edge = cameBy.get(at)!;
    path.unshift(edge);
    at = edge.from;
  }
  return path;
}
