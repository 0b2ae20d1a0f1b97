import { machine } from '../lib/machine';
import { lockPage, unlockPage } from '../mm/page_lock';
import { Page } from '../types/page';
import { Shared } from './shared';

/** Loops under locks that exclude everybody. Each returns how often it saw the words differ. */

/** Takes the spinlock `rounds` times. */
export function hammerSpin(shared: Shared, cpus: u32, rounds: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    shared.spinLock.lock();
    torn += shared.torn();
    shared.bump();
    shared.spinLock.unlock();
  }
  return torn;
}

/** Tries to take the spinlock until it has succeeded `rounds` times. */
export function hammerTryLock(shared: Shared, cpus: u32, rounds: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds;) {
    if (!shared.spinLock.tryLock()) continue;
    torn += shared.torn();
    shared.bump();
    shared.spinLock.unlock();
    i++;
  }
  return torn;
}

/** Counts without any lock, for the proof that counts get lost then. */
export function hammerWithoutLock(shared: Shared, cpus: u32, rounds: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    shared.stop.load();
    torn += shared.torn();
    shared.bump();
  }
  return torn;
}

/** Takes the lock of a page `rounds` times, while other bits of its flags change. */
export function hammerPageLock(shared: Shared, cpus: u32, rounds: u32, page: Page): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    page.flags.or((<u64>1) << (40 + (i & 7)));
    lockPage(page);
    torn += shared.torn();
    shared.bump();
    unlockPage(page);
    page.flags.and(~((<u64>1) << (40 + (i & 7))));
  }
  return torn;
}

/** Takes the spinlock in as many separate calls, as CPU 0 would see a worker do. */
export function hammerComeAndGo(shared: Shared, cpus: u32, rounds: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    machine().workersRunning.fetchAdd(1);
    shared.spinLock.lock();
    torn += shared.torn();
    shared.bump();
    shared.spinLock.unlock();
    machine().workersRunning.fetchSub(1);
  }
  shared.stop.fetchAdd(1);
  return torn;
}

/** CPU 0 takes the spinlock until all others have ended; returns how often. */
export function hammerSpinAsCpu0(shared: Shared, cpus: u32): u32 {
  let rounds: u32 = 0;
  machine().workersRunning.fetchAdd(1);
  shared.meet(cpus);
  machine().workersRunning.fetchSub(1);
  while (shared.stop.load() < cpus - 1) {
    shared.spinLock.lock();
    shared.bump();
    shared.spinLock.unlock();
    rounds++;
  }
  return rounds;
}
