import { PG_LOCKED, PG_WAITERS, Page } from '../types/page';
import { VM_BUG_ON } from '../lib/bug';
import { lockAcquire, lockRelease, lockTryAcquire } from '../lib/lockdep';
import { waitWhile } from '../lib/wait';

/**
 * The page lock (Linux: folio_lock in mm/filemap.c): PG_locked in the flags. A CPU that finds it
 * set sets PG_waiters beside it and sleeps on the lower word of the flags; the unlock clears both
 * bits in one operation, and wakes everybody if the second was set.
 */

/** Takes the lock, waiting if needed (Linux: folio_lock). */
export function lockPage(page: Page): void {
  if (isDefined(SCHED)) {
    page.flagsLow.setWhenClear(<u32>PG_LOCKED);
    lockAcquire(changetype<usize>(page.flagsLow), 0);
    return;
  }
  while (!trylockPage(page)) {
    const seen = page.flagsLow.load();
    if ((seen & (<u32>PG_LOCKED)) == 0) continue;
    const marked = seen | (<u32>PG_WAITERS);
    if (seen == marked || page.flagsLow.cmpxchg(seen, marked) == seen) {
      waitWhile(page.flagsLow, marked);
    }
  }
}

/** Takes the lock if it is free (Linux: folio_trylock). */
export function trylockPage(page: Page): bool {
  const isTaken = page.flags.testAndSet(PG_LOCKED) == 0;
  if (isTaken) lockTryAcquire(changetype<usize>(page.flagsLow));
  return isTaken;
}

/** Releases the lock (Linux: folio_unlock). */
export function unlockPage(page: Page): void {
  const before = page.flags.testAndClear(PG_LOCKED | PG_WAITERS);
  lockRelease(changetype<usize>(page.flagsLow));
  VM_BUG_ON((before & PG_LOCKED) == 0, 161);
  if ((before & PG_WAITERS) != 0) page.flagsLow.notifyAll();
}
