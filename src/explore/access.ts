/**
 * What a CPU can do to shared memory: the kinds of accesses, and which of them conflict. Numbers,
 * so that an execution is a few typed arrays.
 */

/** A sequentially consistent load. */
export const LOAD = 0;
/** A relaxed load (Linux: READ_ONCE). */
export const READ_ONCE = 1;
/** A load that the program does not mark. */
export const LOAD_PLAIN = 2;
/** A sequentially consistent store. */
export const STORE = 3;
/** A relaxed store (Linux: WRITE_ONCE). */
export const WRITE_ONCE = 4;
/** A store that the program does not mark. */
export const STORE_PLAIN = 5;
/** Adds, and returns the value before. */
export const FETCH_ADD = 6;
/** Stores, and returns the value before (Linux: xchg). */
export const EXCHANGE = 7;
/** Stores if the value is the expected one (Linux: cmpxchg); one that fails is a load. */
export const COMPARE_EXCHANGE = 8;
/** A full barrier (Linux: smp_mb). */
export const FENCE = 9;
/** A load that waits until the value is another one; no step while it waits. */
export const WAIT_WHILE = 10;
/** Takes a lock word whose bits in the operand are 0; no step while they are not. */
export const LOCK = 11;
/** Gives a lock word back: a store of 0 with release order. */
export const UNLOCK = 12;
/** The oldest store of a CPU's buffer reaches memory (memory model tso). */
export const FLUSH = 13;
/** A store that what came before stays before (Linux: smp_store_release). */
export const STORE_RELEASE = 14;
/** A barrier between loads (Linux: smp_rmb). */
export const READ_FENCE = 15;

/** Names of the kinds, by number, as they stand in traces. */
export const KIND_NAMES = [
  'load',
  'readOnce',
  'loadPlain',
  'store',
  'writeOnce',
  'storePlain',
  'fetchAdd',
  'exchange',
  'compareExchange',
  'fence',
  'waitWhile',
  'lock',
  'unlock',
  'flush',
  'storeRelease',
  'readFence',
] as const;

/** The name of a kind of access. */
export type KindName = (typeof KIND_NAMES)[number];

/** What a step does to memory: nothing that another CPU could see. */
export const TOUCHES_NOTHING = 0;
/** Sees memory. */
export const TOUCHES_READ = 1;
/** Changes memory. */
export const TOUCHES_WRITE = 2;

/** True for kinds that access nothing. */
export function isFence(kind: number): boolean {
  return kind === FENCE || kind === READ_FENCE;
}

/** True for kinds that a CPU may have to wait for, by the value of their location. */
export function waits(kind: number): boolean {
  return kind === WAIT_WHILE || kind === LOCK;
}

/** True for kinds that return a value to the program. */
export function returnsValue(kind: number): boolean {
  return kind <= LOAD_PLAIN || (kind >= FETCH_ADD && kind <= COMPARE_EXCHANGE) || waits(kind);
}

/** True for stores that a store buffer may hold back. */
export function isBuffered(kind: number): boolean {
  return kind === WRITE_ONCE || kind === STORE_PLAIN || kind === UNLOCK || kind === STORE_RELEASE;
}

/** True for kinds that need this CPU's store buffer to be empty. */
export function drains(kind: number): boolean {
  return (kind >= FETCH_ADD && kind <= FENCE) || kind === STORE || kind === LOCK;
}

/** Whether a waiting kind can make its step while its location has this value. */
export function isEnabledAt(kind: number, operand: number, value: number): boolean {
  return kind === LOCK ? (value & operand) === 0 : value !== operand;
}

/** What an access does to memory when it finds this value. */
export function touchOf(kind: number, operand: number, value: number): number {
  if (isFence(kind)) return TOUCHES_NOTHING;
  if (kind === COMPARE_EXCHANGE) return value === operand ? TOUCHES_WRITE : TOUCHES_READ;
  return kind <= LOAD_PLAIN || kind === WAIT_WHILE ? TOUCHES_READ : TOUCHES_WRITE;
}
