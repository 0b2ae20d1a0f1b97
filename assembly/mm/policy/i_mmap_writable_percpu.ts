import { Atomic, cellAt } from '../../lib/atomic';
import { machine } from '../../lib/machine';
import { thisCpu } from '../../lib/percpu';
import { synchronize } from '../../lib/rcu';
import { CACHE_LINE, NR_CPUS_MAX, PAGE_SIZE } from '../../memlayout';
import { AddressSpace } from '../../types/address_space';
import { PAGE_MAPPING_ANON, Page } from '../../types/page';
import { putPage } from '../page_alloc';
import { tryGetPage } from '../page_ref';
import { FILE_REFUSES } from './pin';

/**
 * The promise of `i-mmap-writable` without its contended word: each file has one counter a CPU,
 * each in a cache line of its own. A pin raises the counter of the CPU that takes it, a release
 * lowers that of the CPU that releases, so one counter alone means nothing (it may be negative) and
 * only the sum does. A sum of words that change while they are read means something only if it is
 * known which changes may still come. The protocol:
 *
 *   pinner (interrupts off)            sealer (i_rwsem held)
 *   P1  reference the page             S1  deny: i_mmap_writable 0 -> -1, or EBUSY
 *   P2  raise own counter              S2  synchronize: every section with interrupts off
 *   P3  read the entry again;              that began before has ended
 *       changed: lower, give up        S3  sum the counters; not 0: undo S1, EBUSY
 *                                      S4  set the seal
 *
 * 1. After S1 no pin can newly succeed. S1 needs i_mmap_writable to be 0: no shared mapping that
 *    may write is left, munmap has zapped the entries of the last one before it lowered the count,
 *    and after S1 mmap cannot make a new one. So P3 of a pinner whose P2 comes after S1 fails. (The
 *    slow path holds mmap_lock and sees such a mapping: it cannot run beside a successful S1 at
 *    all.)
 * 2. After S2 no counter rises any more. A pinner that is between P2 and P3 at S1 either has its P3
 *    succeed, having read the entry before the zap and so before S1, and then its increment is
 *    there to be read in S3; or it fails and has lowered the same counter again, in the same
 *    section. Failed attempts therefore never show, and the answer is exact: without S2 it would
 *    merely err on the side of EBUSY.
 * 3. What still changes during S3 are releases: counters fall. The increment of each pin that lives
 *    at the end of S3 was made before S2 ended and is in the sum; the decrement of a pin that S3
 *    reads belongs to a pin whose increment S3 reads too, or to one that is wholly unseen by
 *    neither: every increment is visible to all of S3. So the sum is never less than the number of
 *    pins alive when S3 ends, and 0 means none.
 *
 * A pin costs one line that no other CPU writes; a seal costs a wait for walkers and one read a
 * CPU.
 */
@unmanaged
export class IMmapWritablePercpu {

  @inline get countsFiles(): bool {
    return true;
  }


  @inline get countsWriters(): bool {
    return false;
  }


  @inline grab(page: Page, write: bool): bool {
    return tryGetPage(page);
  }


  @inline release(page: Page, write: bool): void {
    putPage(page);
  }


  @inline countFile(page: Page, counted: u32): u32 {
    const mapping = page.mapping.load();
    if (mapping == counted || (mapping & PAGE_MAPPING_ANON) != 0) return 0;
    if (mapping == 0) return FILE_REFUSES;
    counterOf(changetype<AddressSpace>(<usize>mapping), thisCpu().cpu).add(1);
    return mapping;
  }


  @inline uncountFile(mapping: u32): void {
    counterOf(changetype<AddressSpace>(<usize>mapping), thisCpu().cpu).sub(1);
  }
}

/** The sum of a file's counters: steps S2 and S3. No shared mapping that may write is left. */
export function countPinsExactly(mapping: AddressSpace): i64 {
  synchronize();
  return sumPinCounters(mapping);
}

/** The sum alone, for a caller that has synchronized. */
export function sumPinCounters(mapping: AddressSpace): i64 {
  let sum: i64 = 0;
  for (let cpu: u32 = 0; cpu < machine().nrCpus; cpu++) sum += counterOf(mapping, cpu).load();
  return sum;
}

/** A CPU's counter of a file. */
function counterOf(mapping: AddressSpace, cpu: u32): Atomic<i64> {
  return cellAt<i64>(<usize>mapping.pinCounters.load() + <usize>(cpu * CACHE_LINE));
}

if (NR_CPUS_MAX * CACHE_LINE > PAGE_SIZE) ERROR('the counters of a file take one kernel page');
