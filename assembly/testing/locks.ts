import { RwSem } from '../lib/rwsem';
import { SeqCount } from '../lib/seqlock';
import { SpinLock } from '../lib/spinlock';

/** SpinLock.lock. */
export function spinLock(lock: SpinLock): void {
  lock.lock();
}

/** SpinLock.tryLock. */
export function spinTryLock(lock: SpinLock): bool {
  return lock.tryLock();
}

/** SpinLock.unlock. */
export function spinUnlock(lock: SpinLock): void {
  lock.unlock();
}

/** SpinLock.isLocked. */
export function spinIsLocked(lock: SpinLock): bool {
  return lock.isLocked;
}

/** RwSem.downRead. */
export function rwDownRead(sem: RwSem): void {
  sem.downRead();
}

/** RwSem.tryDownRead. */
export function rwTryDownRead(sem: RwSem): bool {
  return sem.tryDownRead();
}

/** RwSem.upRead. */
export function rwUpRead(sem: RwSem): void {
  sem.upRead();
}

/** RwSem.downWrite. */
export function rwDownWrite(sem: RwSem): void {
  sem.downWrite();
}

/** RwSem.tryDownWrite. */
export function rwTryDownWrite(sem: RwSem): bool {
  return sem.tryDownWrite();
}

/** RwSem.upWrite. */
export function rwUpWrite(sem: RwSem): void {
  sem.upWrite();
}

/** RwSem.downgradeWrite. */
export function rwDowngradeWrite(sem: RwSem): void {
  sem.downgradeWrite();
}

/** RwSem.isLocked. */
export function rwIsLocked(sem: RwSem): bool {
  return sem.isLocked;
}

/** RwSem.isWriteLocked. */
export function rwIsWriteLocked(sem: RwSem): bool {
  return sem.isWriteLocked;
}

/** SeqCount.read. */
export function seqRead(seq: SeqCount): u32 {
  return seq.read();
}

/** SeqCount.retry. */
export function seqRetry(seq: SeqCount, start: u32): bool {
  return seq.retry(start);
}

/** SeqCount.writeBegin. */
export function seqWriteBegin(seq: SeqCount): void {
  seq.writeBegin();
}

/** SeqCount.writeEnd. */
export function seqWriteEnd(seq: SeqCount): void {
  seq.writeEnd();
}
