import { localIrqRestore, localIrqSave, synchronize } from '../lib/rcu';
import {
  XA_NONE,
  XArray,
  xaEraseLocked,
  xaLoad,
  xaNext,
  xaReapLocked,
  xaStoreLocked,
} from '../lib/xarray';
import { Shared, nextRandom } from './shared';

/** One writer changes an array that others read without its lock. An entry tells its index. */

const INDICES: u32 = 256;

/** Stores and erases `rounds` times; returns how often memory was exhausted. */
export function hammerXaWriter(shared: Shared, cpus: u32, rounds: u32, xa: XArray): u32 {
  let failed: u32 = 0;
  let seed: u32 = 0x9e3779b9;
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    seed = nextRandom(seed);
    const slot = (seed >> 8) % INDICES;
    xa.lock.lock();
    if ((seed & 1) == 0) {
      if (!xaStoreLocked(xa, indexOf(slot), entryOf(slot))) failed++;
    } else {
      xaEraseLocked(xa, indexOf(slot));
    }
    const hasGarbage = xa.garbage != null;
    xa.lock.unlock();
    if (hasGarbage) {
      synchronize();
      xa.lock.lock();
      xaReapLocked(xa);
      xa.lock.unlock();
    }
  }
  shared.stop.store(1);
  return failed;
}

/** Loads and searches until told to stop; returns how often the answer was impossible. */
export function hammerXaReader(shared: Shared, cpus: u32, xa: XArray, start: u32): u32 {
  let wrong: u32 = 0;
  let seed = start;
  shared.meet(cpus);
  while (shared.stop.load() == 0) {
    seed = nextRandom(seed);
    const slot = (seed >> 8) % INDICES;
    localIrqSave();
    const entry = xaLoad(xa, indexOf(slot));
    const next = xaNext(xa, indexOf(slot));
    localIrqRestore();
    if (entry != 0 && entry != entryOf(slot)) wrong++;
    if (next != XA_NONE && (next < indexOf(slot) || next != indexOf(slotOf(next)))) wrong++;
  }
  return wrong;
}

/** Spread out, so that leaves, and nodes above them, come and go. */
function indexOf(slot: u32): u64 {
  return <u64>slot * 9 + ((slot & 1) == 0 ? 0 : 0x10_0000);
}

function slotOf(index: u64): u32 {
  return <u32>(index >= 0x10_0000 ? (index - 0x10_0000) / 9 : index / 9);
}

function entryOf(slot: u32): usize {
  return 0x1000 + ((<usize>slot) << 2);
}
