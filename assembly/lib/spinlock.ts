import { Atomic } from './atomic';
import { lockAcquire, lockRelease, lockTryAcquire } from './lockdep';
import { SchedNamed } from './sched_point';
import { waitWhile } from './wait';

const UNLOCKED: u32 = 0;
const LOCKED: u32 = 1;
/** Locked, and somebody may sleep on the word. */
const CONTENDED: u32 = 2;

/**
 * A lock for short sections (Linux: spinlock_t). Uncontended it costs one compare-and-swap and one
 * exchange. A CPU that meets it locked marks it CONTENDED and sleeps, so that a lock holder whose
 * thread lost its core does not make the others burn theirs; the one who gets the lock after a
 * sleep leaves it CONTENDED, since others may sleep still. In the SCHED build a waiting CPU leaves
 * no mark, and the lock is released as Linux on x86 does it: by a store.
 */
@unmanaged
export class SpinLock {
  private _word: u32;


  @inline get word(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SpinLock>('_word'));
  }

  /** Takes the lock (Linux: spin_lock). */
  @inline lock(): void {
    this.lockNested(0);
  }

  /**
   * Takes the lock while another of its class is held, in an order that the subclass stands for
   * (Linux: spin_lock_nested).
   */
  @inline lockNested(subclass: u32): void {
    if (isDefined(SCHED)) this.word.addWhen(~0, UNLOCKED, LOCKED, SchedNamed.SpinLock);
    else if (this.word.cmpxchg(UNLOCKED, LOCKED) != UNLOCKED) lockContended(this);
    lockAcquire(changetype<usize>(this), subclass);
  }

  /** Takes the lock if it is free (Linux: spin_trylock). */
  @inline tryLock(): bool {
    const isTaken = this.word.cmpxchg(UNLOCKED, LOCKED) == UNLOCKED;
    if (isTaken) lockTryAcquire(changetype<usize>(this));
    return isTaken;
  }

  /** Releases the lock (Linux: spin_unlock). */
  @inline unlock(): void {
    if (isDefined(SCHED)) this.word.unlockBy(SchedNamed.SpinUnlock, UNLOCKED);
    else if (this.word.exchange(UNLOCKED) == CONTENDED) this.word.notifyAll();
    lockRelease(changetype<usize>(this));
  }

  /** True while anybody holds the lock (Linux: spin_is_locked). */
  @inline get isLocked(): bool {
    return this.word.load() != UNLOCKED;
  }
}

function lockContended(lock: SpinLock): void {
  while (lock.word.exchange(CONTENDED) != UNLOCKED) waitWhile(lock.word, CONTENDED);
}
