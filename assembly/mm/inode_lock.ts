import { EDEADLK } from '../lib/errno';
import { thisCpu } from '../lib/percpu';
import { Inode } from '../types/address_space';

/**
 * Takes i_rwsem for writing (Linux: inode_lock). A call that sleeps on the clock keeps it, and what
 * runs meanwhile may want it on the very same CPU, further down the stack: that wait could never
 * end, so it is -EDEADLK. Callers take the lock first, before they change anything.
 */
export function inodeLock(inode: Inode): i32 {
  if (inode.iRwsem.tryDownWrite()) return 0;
  if (inode.sleeper.load() == thisCpu().cpu + 1) return -EDEADLK;
  inode.iRwsem.downWrite();
  return 0;
}

/** Goes to sleep on the clock with the lock held. */
export function inodeSleepLocked(inode: Inode): void {
  inode.sleeper.store(thisCpu().cpu + 1);
}

/** Releases it (Linux: inode_unlock). */
export function inodeUnlock(inode: Inode): void {
  inode.sleeper.store(0);
  inode.iRwsem.upWrite();
}
