import { SchedNamed, SchedOp, schedAwait, schedPoint } from './sched_point';

/**
 * An aligned integer in shared memory that is touched only through atomic instructions
 * (Linux: atomic_t, and any field that is read with READ_ONCE and written with WRITE_ONCE).
 * A view, never allocated: obtain one from the struct that embeds it.
 *
 * The method names the order that Linux would name. WebAssembly has sequential consistency only, so
 * the release build makes every one of them that; the SCHED build announces the name.
 */
@unmanaged
export class Atomic<T> {
  private value: T;

  /** Reads without any order (Linux: READ_ONCE, atomic_read). */
  @inline load(): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.Load, sizeof<T>());
    return atomic.load<T>(changetype<usize>(this));
  }

  /** Reads; what follows stays behind it (Linux: smp_load_acquire). */
  @inline loadAcquire(): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.LoadAcquire, sizeof<T>());
    return atomic.load<T>(changetype<usize>(this));
  }

  /**
   * Reads what leads to something else: that was written before it was published (Linux:
   * rcu_dereference, and what follows any pointer that was read with READ_ONCE).
   */
  @inline dereference(): T {
    return this.loadAcquire();
  }

  /** Writes without any order (Linux: WRITE_ONCE, atomic_set). */
  @inline store(value: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.Store, sizeof<T>());
    atomic.store<T>(changetype<usize>(this), value);
  }

  /** Writes; what came before stays before it (Linux: smp_store_release). */
  @inline storeRelease(value: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.StoreRelease, sizeof<T>());
    atomic.store<T>(changetype<usize>(this), value);
  }

  /**
   * Writes a cell that no other CPU acts upon yet: of an object that is not published, or of a page
   * that its allocator still owns. The publishing store or the lock that follows orders it.
   */
  @inline init(value: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.Store, sizeof<T>());
    put<T>(changetype<usize>(this), value);
  }

  /** Adds `delta` and returns the value before the addition; a full barrier. */
  @inline fetchAdd(delta: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.FetchAdd, sizeof<T>());
    return atomic.add<T>(changetype<usize>(this), delta);
  }

  /** Subtracts `delta` and returns the value before the subtraction; a full barrier. */
  @inline fetchSub(delta: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.FetchSub, sizeof<T>());
    return atomic.sub<T>(changetype<usize>(this), delta);
  }

  /** Sets the bits of `mask` and returns the value before; a full barrier. */
  @inline fetchOr(mask: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.FetchOr, sizeof<T>());
    return atomic.or<T>(changetype<usize>(this), mask);
  }

  /** Keeps only the bits of `mask` and returns the value before; a full barrier. */
  @inline fetchAnd(mask: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.FetchAnd, sizeof<T>());
    return atomic.and<T>(changetype<usize>(this), mask);
  }

  /** Adds without a result and without a barrier (Linux: atomic_add). */
  @inline add(delta: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.Add, sizeof<T>());
    atomic.add<T>(changetype<usize>(this), delta);
  }

  /** Subtracts without a result and without a barrier (Linux: atomic_sub). */
  @inline sub(delta: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.Sub, sizeof<T>());
    atomic.sub<T>(changetype<usize>(this), delta);
  }

  /** Sets bits without a result and without a barrier (Linux: set_bit). */
  @inline or(mask: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.Or, sizeof<T>());
    atomic.or<T>(changetype<usize>(this), mask);
  }

  /** Keeps only bits of `mask`, without a result and without a barrier (Linux: clear_bit). */
  @inline and(mask: T): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.And, sizeof<T>());
    atomic.and<T>(changetype<usize>(this), mask);
  }

  /** Stores `value` and returns the value before; a full barrier. */
  @inline exchange(value: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.Exchange, sizeof<T>());
    return atomic.xchg<T>(changetype<usize>(this), value);
  }

  /**
   * Stores `desired` if the value is `expected`; returns the value seen; full barrier on success.
   */
  @inline cmpxchg(expected: T, desired: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.Cmpxchg, sizeof<T>());
    return atomic.cmpxchg<T>(changetype<usize>(this), expected, desired);
  }

  /**
   * Sleeps while the value is `expected`, until notified, for at most so many nanoseconds
   * (-1: for ever). Only 32-bit cells. Callers use `waitWhile`, which names the wait.
   */
  @inline wait(expected: T, timeoutNs: i64): void {
    atomic.wait<T>(changetype<usize>(this), expected, timeoutNs);
  }

  /**
   * Of the SCHED build alone, where CPUs are coroutines of one thread: goes on when the bits of
   * `mask` are `bits`, and adds `delta` in the same step. Only 32-bit cells. The name is that of
   * the lock.
   */
  @inline addWhen(mask: u32, bits: u32, delta: u32, name: SchedNamed): void {
    const address = changetype<usize>(this);
    schedAwait(address, mask, bits, true, name);
    put<u32>(address, peek<u32>(address) + delta);
  }

  /** The same, for what other CPUs may do as well without taking notice of each other. */
  @inline addSharedWhen(mask: u32, bits: u32, delta: u32): void {
    const address = changetype<usize>(this);
    schedAwait(address, mask, bits, true, SchedNamed.DownRead);
    put<u32>(address, peek<u32>(address) + delta);
  }

  /** `fetchSub` that takes such an addition back: nothing but a waiter cares for the result. */
  @inline fetchSubShared(delta: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.UpRead, sizeof<T>());
    return atomic.sub<T>(changetype<usize>(this), delta);
  }

  /** Of the SCHED build alone: goes on when the bits of `mask` are 0, and sets them. */
  @inline setWhenClear(mask: u32): void {
    const address = changetype<usize>(this);
    schedAwait(address, mask, 0, true, SchedNamed.FolioLock);
    put<u32>(address, peek<u32>(address) | mask);
  }

  /** Of the SCHED build alone: `storeRelease` that gives a lock back. */
  @inline unlockBy(name: SchedNamed, value: T): void {
    schedPoint(changetype<usize>(this), name, sizeof<T>());
    atomic.store<T>(changetype<usize>(this), value);
  }

  /** `fetchSub` that gives a lock back. */
  @inline fetchSubBy(name: SchedNamed, delta: T): T {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), name, sizeof<T>());
    return atomic.sub<T>(changetype<usize>(this), delta);
  }

  /**
   * Of the SCHED build alone: goes on when the value is not `value` any more (Linux:
   * smp_cond_load_acquire).
   */
  @inline awaitOther(value: u32): void {
    schedAwait(changetype<usize>(this), ~0, value, false, SchedOp.LoadAcquire);
  }

  /** Wakes every CPU that sleeps on this cell. */
  @inline notifyAll(): void {
    atomic.notify(changetype<usize>(this), -1);
  }
}

/**
 * A word of flags, each of them tested, set and cleared by itself (Linux: page flags, and set_bit
 * and its like). The SCHED build announces which flags an access is about: two CPUs that have to do
 * with different ones do not meet.
 */
@unmanaged
export class AtomicFlags {
  private value: u64;

  /** Those of `mask` that are set, without any order (Linux: test_bit). */
  @inline test(mask: u64): u64 {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.LoadBits, bits(mask));
    return atomic.load<u64>(changetype<usize>(this)) & mask;
  }

  /** Sets those of `mask`, without a result and without a barrier (Linux: set_bit). */
  @inline or(mask: u64): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.SetBit, bits(mask));
    atomic.or<u64>(changetype<usize>(this), mask);
  }

  /** Keeps only those of `mask`, without a result and without a barrier (Linux: clear_bit). */
  @inline and(mask: u64): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.ClearBit, bits(~mask));
    atomic.and<u64>(changetype<usize>(this), mask);
  }

  /** Sets those of `mask`; those that were set. A full barrier (Linux: test_and_set_bit). */
  @inline testAndSet(mask: u64): u64 {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.TestAndSetBit, bits(mask));
    return atomic.or<u64>(changetype<usize>(this), mask) & mask;
  }

  /** Clears those of `mask`; those that were set. A full barrier (Linux: test_and_clear_bit). */
  @inline testAndClear(mask: u64): u64 {
    if (isDefined(SCHED))
      schedPoint(changetype<usize>(this), SchedNamed.TestAndClearBit, bits(mask));
    return atomic.and<u64>(changetype<usize>(this), ~mask) & mask;
  }

  /**
   * Sets flags that mostly are set already, on a hot path (Linux: set_bit). Like there, and like
   * `or`, it takes the line for writing even so; but by adding nothing and looking at the result,
   * since engines make `or` a load and a compare-and-swap, which together take the line twice, and
   * fail and try again, where others write to it.
   */
  @inline orMostlySet(mask: u64): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedNamed.SetBit, bits(mask));
    if ((atomic.add<u64>(changetype<usize>(this), 0) & mask) != mask) this.or(mask);
  }

  /** Writes all of them, of a page that nobody else acts upon yet (see `Atomic.init`). */
  @inline init(value: u64): void {
    if (isDefined(SCHED)) schedPoint(changetype<usize>(this), SchedOp.Store, sizeof<u64>());
    put<u64>(changetype<usize>(this), value);
  }
}

/** The mask of an announcement, which has 32 bits. */
function bits(mask: u64): u32 {
  return <u32>(mask | (mask >> 32));
}

/**
 * The value of a cell that only this CPU writes. In the SCHED build an atomic instruction, so that
 * it is not taken for an access to a plain field.
 */
function peek<T>(address: usize): T {
  return isDefined(SCHED) ? atomic.load<T>(address) : load<T>(address);
}

/** Writes a cell that no other CPU acts upon; in the SCHED build as above. */
function put<T>(address: usize, value: T): void {
  if (isDefined(SCHED)) atomic.store<T>(address, value);
  else store<T>(address, value);
}

/** A full barrier (Linux: smp_mb). */
export function smpMb(): void {
  if (isDefined(SCHED)) schedPoint(0, SchedOp.Fence, 0);
  atomic.fence();
}

/**
 * Keeps loads on their side of it (Linux: smp_rmb). Loads of cells are in order anyway, so there is
 * nothing to do but to say so.
 */
export function smpRmb(): void {
  if (isDefined(SCHED)) schedPoint(0, SchedOp.ReadFence, 0);
}

/** Adds to a counter that only this CPU writes and others may read (Linux: this_cpu_add). */
export function thisCpuAdd(cell: Atomic<u64>, delta: u64): void {
  const address = changetype<usize>(cell);
  if (isDefined(SCHED)) schedPoint(address, SchedOp.Load, sizeof<u64>());
  if (isDefined(SCHED)) schedPoint(address, SchedOp.Store, sizeof<u64>());
  put<u64>(address, peek<u64>(address) + delta);
}

/** The cell at an address that was computed, such as an entry of a page table. */
export function cellAt<T>(address: usize): Atomic<T> {
  return changetype<Atomic<T>>(address);
}
