import { Atomic } from './atomic';
import { VM_BUG_ON } from './bug';
import { lockAcquire, lockRelease, lockTryAcquire } from './lockdep';
import { SchedNamed } from './sched_point';
import { waitWhile } from './wait';

/** Somebody sleeps on the word: whoever releases must wake. */
const WAITERS: u32 = 1;
const WRITER: u32 = 2;
/** A writer waits: new readers stay out, so that readers cannot starve it. */
const WRITER_WAITS: u32 = 4;
const READER: u32 = 8;
const READERS: u32 = ~(READER - 1);

/**
 * Many readers or one writer (Linux: rw_semaphore), in one word. A CPU that must wait sets WAITERS
 * (and WRITER_WAITS) in the very compare-and-swap whose result it then sleeps on; a release that
 * could let somebody in takes these bits away and wakes all, and each looks again.
 */
@unmanaged
export class RwSem {
  private _word: u32;


  @inline get word(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<RwSem>('_word'));
  }

  /** Takes the lock for reading (Linux: down_read). */
  downRead(): void {
    if (isDefined(SCHED)) {
      this.word.addSharedWhen(WRITER | WRITER_WAITS, 0, READER);
      lockAcquire(changetype<usize>(this), 0);
      return;
    }
    while (true) {
      if (this.tryDownRead()) return;
      const seen = this.word.load();
      if ((seen & (WRITER | WRITER_WAITS)) == 0) continue;
      sleepOn(this.word, seen, seen | WAITERS);
    }
  }

  /** Takes the lock for reading if that is possible at once (Linux: down_read_trylock). */
  tryDownRead(): bool {
    let seen = this.word.load();
    while ((seen & (WRITER | WRITER_WAITS)) == 0) {
      const before = this.word.cmpxchg(seen, seen + READER);
      if (before == seen) {
        lockTryAcquire(changetype<usize>(this));
        return true;
      }
      seen = before;
    }
    return false;
  }

  /** Releases a read lock (Linux: up_read). */
  upRead(): void {
    const before = this.word.fetchSubShared(READER);
    lockRelease(changetype<usize>(this));
    VM_BUG_ON((before & READERS) == 0, 102);
    if ((before & READERS) == READER && (before & WAITERS) != 0) wake(this.word);
  }

  /** Takes the lock for writing (Linux: down_write). */
  downWrite(): void {
    this.downWriteNested(0);
  }

  /** As `downWrite`, while another of its class is held (Linux: down_write_nested). */
  downWriteNested(subclass: u32): void {
    if (isDefined(SCHED)) {
      this.word.addWhen(WRITER | READERS, 0, WRITER, SchedNamed.DownWrite);
      lockAcquire(changetype<usize>(this), subclass);
      return;
    }
    while (true) {
      if (this.tryDownWrite()) return;
      const seen = this.word.load();
      if ((seen & (WRITER | READERS)) == 0) continue;
      sleepOn(this.word, seen, seen | WAITERS | WRITER_WAITS);
    }
  }

  /** Takes the lock for writing if that is possible at once (Linux: down_write_trylock). */
  tryDownWrite(): bool {
    let seen = this.word.load();
    while ((seen & (WRITER | READERS)) == 0) {
      const before = this.word.cmpxchg(seen, seen | WRITER);
      if (before == seen) {
        lockTryAcquire(changetype<usize>(this));
        return true;
      }
      seen = before;
    }
    return false;
  }

  /** Releases the write lock (Linux: up_write). */
  upWrite(): void {
    const before = this.word.fetchSubBy(SchedNamed.UpWrite, WRITER);
    lockRelease(changetype<usize>(this));
    VM_BUG_ON((before & WRITER) == 0, 103);
    if ((before & WAITERS) != 0) wake(this.word);
  }

  /** Turns the write lock into a read lock, without a gap (Linux: downgrade_write). */
  downgradeWrite(): void {
    const before = this.word.fetchAdd(READER - WRITER);
    VM_BUG_ON((before & WRITER) == 0, 104);
    if ((before & WAITERS) != 0) wake(this.word);
  }

  /** True while anybody holds the lock for writing. */
  @inline get isWriteLocked(): bool {
    return (this.word.load() & WRITER) != 0;
  }

  /** True while anybody holds the lock (Linux: rwsem_is_locked). */
  @inline get isLocked(): bool {
    return (this.word.load() & (WRITER | READERS)) != 0;
  }
}

/** Publishes `marked` in place of `seen`, then sleeps while the word stays so. */
function sleepOn(word: Atomic<u32>, seen: u32, marked: u32): void {
  if (seen == marked || word.cmpxchg(seen, marked) == seen) waitWhile(word, marked);
}

function wake(word: Atomic<u32>): void {
  word.and(~(WAITERS | WRITER_WAITS));
  word.notifyAll();
}
