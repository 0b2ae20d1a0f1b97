import { Shared } from './shared';

/** Loops under an rw_semaphore. Each returns how often it saw what the lock forbids. */

/** Reads both words `rounds` times. */
export function hammerReaders(shared: Shared, cpus: u32, rounds: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) torn += readOnce(shared);
  return torn;
}

/** Reads both words until told to stop. */
export function hammerReadersUntilStop(shared: Shared, cpus: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  while (shared.stop.load() == 0) torn += readOnce(shared);
  return torn;
}

/** Writes both words `rounds` times, then tells the readers to stop. */
export function hammerWriters(shared: Shared, cpus: u32, rounds: u32): u32 {
  let torn: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    shared.rwSem.downWrite();
    torn += shared.torn();
    shared.bump();
    shared.rwSem.upWrite();
  }
  shared.stop.store(1);
  return torn;
}

/** Writes both words `rounds` times, each time going on as a reader: nobody may write meanwhile. */
export function hammerDowngraders(shared: Shared, cpus: u32, rounds: u32): u32 {
  let wrong: u32 = 0;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    shared.rwSem.downWrite();
    wrong += shared.torn();
    shared.bump();
    const mine = load<u64>(changetype<usize>(shared), 128);
    shared.rwSem.downgradeWrite();
    for (let look = 0; look < 20; look++) {
      shared.stop.load();
      if (load<u64>(changetype<usize>(shared), 128) != mine) wrong++;
    }
    shared.rwSem.upRead();
  }
  return wrong;
}

function readOnce(shared: Shared): u32 {
  shared.rwSem.downRead();
  let torn = shared.torn();
  shared.stop.load();
  torn += shared.torn();
  shared.rwSem.upRead();
  return torn;
}
