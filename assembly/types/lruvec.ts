import { Atomic, cellAt } from '../lib/atomic';
import { ListHead, listAt } from '../lib/list';
import { PERCPU_LRU, PERCPU_LRU_SIZE, PerCpu } from '../lib/percpu';
import { SpinLock } from '../lib/spinlock';
import { LRUVEC_BASE } from '../memlayout';

/** The lists that reclaim takes pages from, by kind of page and by age (Linux: enum lru_list). */
export const LRU_INACTIVE_ANON: u32 = 0;
export const LRU_ACTIVE_ANON: u32 = 1;
export const LRU_INACTIVE_FILE: u32 = 2;
export const LRU_ACTIVE_FILE: u32 = 3;
/** No list: the place of `lru` in the page has another use then, so it is counted only. */
export const LRU_UNEVICTABLE: u32 = 4;
/** The lists proper. */
export const NR_EVICTABLE_LISTS: u32 = 4;
/** What the number of an active list has beside that of its inactive one. */
export const LRU_ACTIVE: u32 = 1;

// ╒═══════════════ struct lruvec (64 bytes) ═══════════════╕
//   +0   lruLock  u32    lock of the rest (Linux: lru_lock)
//   +8   lists    4 x 8  lru_lock held: most recently added first

/** The machine's LRU lists (Linux: struct lruvec). There is one. */
@unmanaged
export class Lruvec {
  private _lruLock: u32;
  private _pad0: u32;
  private _lists0: u64;
  private _lists1: u64;
  private _lists2: u64;
  private _lists3: u64;


  @inline get lruLock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<Lruvec>('_lruLock'));
  }


  @inline list(lru: u32): ListHead {
    return listAt(changetype<usize>(this) + offsetof<Lruvec>('_lists0') + ((<usize>lru) << 3));
  }
}

if (offsetof<Lruvec>() > 64) ERROR('struct lruvec fits one cache line');

/** The LRU lists. */
export function lruvec(): Lruvec {
  return changetype<Lruvec>(LRUVEC_BASE);
}

/** What happens to the pages of a batch (Linux: struct cpu_fbatches, and mlock_fbatch). */
export const BATCH_LRU_ADD: u32 = 0;
export const BATCH_ACTIVATE: u32 = 1;
export const BATCH_DEACTIVATE_FILE: u32 = 2;
export const BATCH_DEACTIVATE: u32 = 3;
export const BATCH_LAZYFREE: u32 = 4;
export const BATCH_MOVE_TAIL: u32 = 5;
export const BATCH_MLOCK: u32 = 6;
export const NR_BATCHES: u32 = 7;
/** In an entry of the mlock batch: the page gets locked (Linux: LRU_FOLIO). */
export const MLOCK_OLD: u32 = 1;
/** In an entry of the mlock batch: and it is on no list yet (Linux: NEW_FOLIO). */
export const MLOCK_NEW: u32 = 2;
/** Pages that a batch holds (Linux: PAGEVEC_SIZE). */
export const FOLIO_BATCH_SIZE: u32 = 31;

// ╒═══════════════ struct folio_batch (128 bytes) ═══════════════╕
//   +0   nr     u32       this CPU only: the slot that comes next
//   +4   slots  31 x u32  atomic: a page and in the lowest bits what to do with it, or 0

/**
 * Pages that wait for their way onto a list; each has a reference (Linux: struct folio_batch).
 * `mm/swap.ts` says who writes what.
 */
@unmanaged
export class FolioBatch {
  nr: u32;


  @inline slot(index: u32): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this) + 4 + ((<usize>index) << 2));
  }
}

// ╒═══════════════ the LRU part of a CPU's area (1088 bytes) ═══════════════╕
//   +0    lock      u32      lock: the pages of these batches are on their way
//   +4    memalloc  u32      this CPU only: it reclaims, so must not begin to (Linux: PF_MEMALLOC)
//   +8    taken     8        this CPU only: pages isolated from a list
//   +16   kept      8        this CPU only: pages that go back
//   +24   demoted   8        this CPU only: pages that leave the active list
//   +32   referenced  u32    this CPU only: entries that pageReferenced has found used
//   +36   vmFlags   u32      this CPU only: flags of their VMAs
//   +40   scanned   u32      this CPU only: pages that the last isolation has looked at
//   +64   batches   7 x 128  see struct folio_batch
//   +960  moving    128      this CPU only: what the flush under way has taken out of a batch

/** What one CPU has for the LRU lists. */
@unmanaged
export class CpuLru {
  private _lock: u32;
  memalloc: u32;
  private _taken: u64;
  private _kept: u64;
  private _demoted: u64;
  referenced: u32;
  vmFlags: u32;
  scanned: u32;


  @inline static of(cpu: PerCpu): CpuLru {
    return changetype<CpuLru>(changetype<usize>(cpu) + PERCPU_LRU);
  }


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<CpuLru>('_lock'));
  }


  @inline get taken(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<CpuLru>('_taken'));
  }


  @inline get kept(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<CpuLru>('_kept'));
  }


  @inline get demoted(): ListHead {
    return listAt(changetype<usize>(this) + offsetof<CpuLru>('_demoted'));
  }


  @inline batch(kind: u32): FolioBatch {
    return changetype<FolioBatch>(changetype<usize>(this) + CPU_LRU_BATCHES + ((<usize>kind) << 7));
  }


  @inline get moving(): FolioBatch {
    return this.batch(NR_BATCHES);
  }
}

/** Where the batches begin, and the size of each. */
export const CPU_LRU_BATCHES: usize = 64;
export const FOLIO_BATCH_BYTES: usize = 128;
if (offsetof<CpuLru>() > CPU_LRU_BATCHES) ERROR('the lists reach the batches');
if (<usize>FOLIO_BATCH_SIZE * 4 + 4 != FOLIO_BATCH_BYTES) ERROR('a batch is 128 bytes');
if (CPU_LRU_BATCHES + <usize>(NR_BATCHES + 1) * FOLIO_BATCH_BYTES != PERCPU_LRU_SIZE)
  ERROR('the LRU part of struct per_cpu outgrew its slot');
