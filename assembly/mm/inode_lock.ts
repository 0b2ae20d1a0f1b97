import { EDEADLK } from '../lib/errno';
import { aloneOnMachine } from '../lib/wait';
import { Inode } from '../types/address_space';

/**
 * Takes i_rwsem for writing (Linux: inode_lock). It may be held by a call that sleeps on the clock:
 * -EDEADLK when that call is further up on this very CPU's stack and nobody else runs, so that the
 * wait could never end. Callers take it first, before they change anything.
 */
export function inodeLock(inode: Inode): i32 {
  if (inode.iRwsem.tryDownWrite()) return 0;
  if (aloneOnMachine()) return -EDEADLK;
  inode.iRwsem.downWrite();
  return 0;
}

/** Releases it (Linux: inode_unlock). */
export function inodeUnlock(inode: Inode): void {
  inode.iRwsem.upWrite();
}
