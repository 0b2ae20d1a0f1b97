import { localIrqRestore, localIrqSave, synchronize } from '../lib/rcu';
import { cellAt } from '../lib/atomic';
import { Shared } from './shared';

/**
 * Walkers use an object that they found without a lock; a freer puts another in its place and
 * spoils the old one once no walker can be left in it.
 */

/** What an object holds while it may be found. */
const ALIVE: u32 = 0x600d;
const SPOILT: u32 = 0xdead;

/** Replaces the object `rounds` times, between the two at `objects` and `objects + 64`. */
export function hammerFreer(shared: Shared, cpus: u32, rounds: u32, objects: usize): u32 {
  begin(shared, cpus, objects);
  for (let i: u32 = 0; i < rounds; i++) {
    const old = replace(shared, objects);
    synchronize();
    cellAt<u32>(old).store(SPOILT);
  }
  shared.stop.store(1);
  return 0;
}

/** The same without waiting for walkers, for the proof that they notice. */
export function hammerHastyFreer(shared: Shared, cpus: u32, rounds: u32, objects: usize): u32 {
  begin(shared, cpus, objects);
  for (let i: u32 = 0; i < rounds; i++) {
    const old = replace(shared, objects);
    cellAt<u32>(old).store(SPOILT);
  }
  shared.stop.store(1);
  return 0;
}

function begin(shared: Shared, cpus: u32, objects: usize): void {
  cellAt<u32>(objects).store(ALIVE);
  shared.pointer.store(<u32>objects);
  shared.meet(cpus);
}

/** Lets walkers find the other object from now on; returns the one they found before. */
function replace(shared: Shared, objects: usize): usize {
  const old = <usize>shared.pointer.load();
  const next = old == objects ? objects + 64 : objects;
  cellAt<u32>(next).store(ALIVE);
  shared.pointer.store(<u32>next);
  return old;
}

/** Walks until told to stop; returns how often an object was spoilt under the walker. */
export function hammerWalker(shared: Shared, cpus: u32): u32 {
  let spoilt: u32 = 0;
  shared.meet(cpus);
  while (shared.stop.load() == 0) {
    localIrqSave();
    const object = <usize>shared.pointer.load();
    for (let look = 0; look < 40; look++) {
      if (cellAt<u32>(object).load() != ALIVE) spoilt++;
    }
    localIrqRestore();
  }
  return spoilt;
}
