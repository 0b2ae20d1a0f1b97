import { cellAt } from '../lib/atomic';
import { Shared } from './shared';

/** Loops around a seqcount. The words are cells, as everything is that is read without a lock. */

const FIRST: usize = 128;
const SECOND: usize = 192;

/** Adds one to both words `rounds` times; several writers exclude one another by a lock. */
export function hammerSeqWriter(shared: Shared, cpus: u32, rounds: u32): u32 {
  const at = changetype<usize>(shared);
  shared.meet(cpus);
  for (let i: u32 = 0; i < rounds; i++) {
    shared.writers.lock();
    shared.seqCount.writeBegin();
    cellAt<u64>(at + FIRST).store(cellAt<u64>(at + FIRST).load() + 1);
    cellAt<u64>(at + SECOND).store(cellAt<u64>(at + SECOND).load() + 1);
    shared.seqCount.writeEnd();
    shared.writers.unlock();
  }
  shared.stop.fetchAdd(1);
  return 0;
}

/**
 * Reads both words until `writers` writers have ended. Returns how many of the reads that need no
 * repetition were torn: none may be.
 */
export function hammerSeqReader(shared: Shared, cpus: u32, writers: u32): u32 {
  const at = changetype<usize>(shared);
  let torn: u32 = 0;
  let good: u32 = 0;
  shared.meet(cpus);
  while (shared.stop.load() < writers || good == 0) {
    const start = shared.seqCount.read();
    const first = cellAt<u64>(at + FIRST).load();
    const second = cellAt<u64>(at + SECOND).load();
    if ((start & 1) != 0 || shared.seqCount.retry(start)) continue;
    good++;
    if (first != second) torn++;
  }
  return torn;
}
