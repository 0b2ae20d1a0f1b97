import {
  LRU_BATCH_ALL,
  LRU_BATCH_DISABLED,
  LRU_BATCH_LOCAL,
  LRU_BATCH_NONE,
  VM_NR_MLOCK,
  VM_UNEVICTABLE_PGMLOCKED,
} from '../abi';
import { VM_BUG_ON } from '../lib/bug';
import { machine } from '../lib/machine';
import { PerCpu, thisCpu } from '../lib/percpu';
import {
  BATCH_ACTIVATE,
  BATCH_DEACTIVATE,
  BATCH_LAZYFREE,
  BATCH_LRU_ADD,
  BATCH_MLOCK,
  BATCH_MOVE_TAIL,
  CpuLru,
  FOLIO_BATCH_SIZE,
  MLOCK_NEW,
  MLOCK_OLD,
  NR_BATCHES,
  lruvec,
} from '../types/lruvec';
import {
  PG_ACTIVE,
  PG_DIRTY,
  PG_LOCKED,
  PG_LRU,
  PG_MLOCKED,
  PG_REFERENCED,
  PG_SWAPBACKED,
  PG_UNEVICTABLE,
  PG_WRITEBACK,
  Page,
} from '../types/page';
import { VM_LOCKED, Vma } from '../types/vm_area';
import { moveLocked } from './lru_move';
import { lruvecDelLocked, releaseLocked, testClearLru } from './mm_inline';
import { freePage, putPage } from './page_alloc';
import { getPage } from './page_ref';
import { countVmEvent, modPageState } from './vmstat';

/**
 * Pages on their way to, between and from the LRU lists (Linux: mm/swap.c).
 *
 * A page does not go onto a list at once: each CPU collects 31 of them in a batch, and moves those
 * together with one taking of lru_lock. Each entry of a batch holds a reference to its page, which
 * nobody can tell from any other: a page that was just made has one more than its users, until some
 * CPU drains the batch.
 *
 *   add    the batch's CPU takes a reference, writes the page into the next slot, and only it knows
 *          which slot that is. A slot is empty then: it was emptied before the CPU began anew.
 *   flush  whoever holds the CPU's lock, the CPU itself or another one: takes out whatever the
 *          slots hold, moves it with lru_lock held, and drops the references. Only the CPU itself
 *          begins anew with slot 0, after a flush of its own; after another's it goes on where it
 *          was.
 *
 * So an add takes no lock, and costs the reference and one exchange. A drain of all CPUs takes each
 * lock: when it returns it has waited for every flush that was under way, and has seen every page
 * whose add was complete when it began. In Linux a drain sends work to each CPU; here a CPU may be
 * a thread that does nothing for long.
 *
 * `lruCacheDisable` raises a count, then drains all. An add exchanges its slot, then reads the
 * count; both are full barriers, so either the adder sees the count and flushes, or the drain sees
 * the slot (bug-zoo: lru.disable_without_sync).
 */

/** Puts a page that is on no list on its way to one (Linux: folio_add_lru). */
export function folioAddLru(page: Page): void {
  VM_BUG_ON(page.flags.test(PG_LRU) != 0, 222);
  batchAdd(BATCH_LRU_ADD, page, 0);
}

/** The same for a new page of a VMA that may be locked (Linux: folio_add_lru_vma). */
export function folioAddLruVma(page: Page, vma: Vma): void {
  if ((vma.vmFlags & VM_LOCKED) != 0) mlockNewPage(page);
  else folioAddLru(page);
}

/** Moves what waits in this CPU's batches (Linux: lru_add_drain). */
export function lruAddDrain(): void {
  const area = CpuLru.of(thisCpu());
  let waiting: u32 = 0;
  for (let kind: u32 = 0; kind < NR_BATCHES; kind++) waiting |= area.batch(kind).nr;
  if (waiting == 0) return;
  flushCpu(area);
  for (let kind: u32 = 0; kind < NR_BATCHES; kind++) area.batch(kind).nr = 0;
}

/**
 * Moves what waits in any CPU's batches (Linux: lru_add_drain_all). What was added before the call,
 * by this CPU or by one that this CPU has heard of since, is on its list when it returns.
 */
export function lruAddDrainAll(): void {
  lruAddDrain();
  for (let cpu: u32 = 0; cpu < machine().nrCpus; cpu++) flushCpu(CpuLru.of(PerCpu.of(cpu)));
}

/** Lets no page wait in a batch until the enable that belongs to it (Linux: lru_cache_disable). */
export function lruCacheDisable(): void {
  machine().lruDisabled.fetchAdd(1);
  lruAddDrainAll();
}

/** Linux: lru_cache_enable. */
export function lruCacheEnable(): void {
  const before = machine().lruDisabled.fetchSub(1);
  VM_BUG_ON(before == 0, 223);
}

/**
 * What a fault does about batches before it takes the reference count of a page for the number of
 * its users: the axis lruBatch. Linux drains its own CPU's batches, and only if the page is on no
 * list yet; what other CPUs hold makes it copy (Linux: wp_can_reuse_anon_folio).
 */
export function lruDrainForReuse(page: Page): void {
  if (page.refcount.load() == 1) return;
  const policy = machine().lruBatch;
  if (policy == LRU_BATCH_ALL) lruAddDrainAll();
  else if (policy == LRU_BATCH_LOCAL && page.flags.test(PG_LRU) == 0) lruAddDrain();
  else if (policy == LRU_BATCH_DISABLED) {
    lruCacheDisable();
    lruCacheEnable();
  }
}

/** Begins what looks at the counts of many pages again and again (Linux: memfd_wait_for_pins). */
export function lruExactBegin(): void {
  if (machine().lruBatch == LRU_BATCH_DISABLED) lruCacheDisable();
  else lruAddDrain();
}

/** Ends it. */
export function lruExactEnd(): void {
  if (machine().lruBatch == LRU_BATCH_DISABLED) lruCacheEnable();
}

/**
 * The page was used: twice while it is on an inactive list, and it becomes active
 * (Linux: folio_mark_accessed).
 */
export function markPageAccessed(page: Page): void {
  const flags = page.flags.test(PG_REFERENCED | PG_UNEVICTABLE | PG_ACTIVE | PG_LRU);
  if ((flags & PG_REFERENCED) == 0) {
    page.flags.or(PG_REFERENCED);
  } else if ((flags & (PG_UNEVICTABLE | PG_ACTIVE)) == 0) {
    if ((flags & PG_LRU) != 0) batchAdd(BATCH_ACTIVATE, page, 0);
    else activateInBatch(page);
    page.flags.and(~PG_REFERENCED);
  }
}

/** Moves an active page to the inactive list (Linux: folio_deactivate). */
export function deactivatePage(page: Page): void {
  const flags = page.flags.test(PG_LRU | PG_ACTIVE | PG_UNEVICTABLE);
  if (flags != (PG_LRU | PG_ACTIVE)) return;
  batchAdd(BATCH_DEACTIVATE, page, 0);
}

/**
 * Lets reclaim drop an anonymous page, as long as nobody writes to it again
 * (Linux: folio_mark_lazyfree).
 */
export function lazyfreePage(page: Page): void {
  const wanted = PG_LRU | PG_SWAPBACKED;
  if (page.flags.test(wanted | PG_UNEVICTABLE) != wanted || !page.isAnon) return;
  batchAdd(BATCH_LAZYFREE, page, 0);
}

/** Lets reclaim find a page first: it was written (Linux: folio_rotate_reclaimable). */
export function rotateReclaimable(page: Page): void {
  const busy = PG_LOCKED | PG_DIRTY | PG_WRITEBACK | PG_UNEVICTABLE;
  if (page.flags.test(busy | PG_LRU) == PG_LRU) batchAdd(BATCH_MOVE_TAIL, page, 0);
}

/**
 * Takes a page off its list, with a reference; false if it is on none, or somebody else is about to
 * (Linux: folio_isolate_lru). The caller has a reference.
 */
export function folioIsolateLru(page: Page): bool {
  if (!testClearLru(page)) return false;
  getPage(page);
  lruvec().lruLock.lock();
  lruvecDelLocked(page);
  lruvec().lruLock.unlock();
  return true;
}

/** Undoes an isolation: the page goes to the list that its flags say (Linux: folio_putback_lru). */
export function folioPutbackLru(page: Page): void {
  folioAddLru(page);
  putPage(page);
}

/** Locks a mapped page in memory; the lock of its page table is held (Linux: mlock_folio). */
export function mlockPage(page: Page): void {
  if (page.flags.testAndSet(PG_MLOCKED) == 0) countMlocked();
  batchAdd(BATCH_MLOCK, page, MLOCK_OLD);
}

/** Locks a page that is on no list yet, in place of `folioAddLru` (Linux: mlock_new_folio). */
export function mlockNewPage(page: Page): void {
  page.flags.or(PG_MLOCKED);
  countMlocked();
  batchAdd(BATCH_MLOCK, page, MLOCK_NEW);
}

/** One VMA less locks the page (Linux: munlock_folio). */
export function munlockPage(page: Page): void {
  batchAdd(BATCH_MLOCK, page, 0);
}

/**
 * Drops a reference to each of `nr` pages whose addresses stand at `pages`, and frees those that
 * lose their last; the list is used up (Linux: folios_put_refs).
 */
export function releasePages(pages: usize, nr: u32): void {
  let freed: u32 = 0;
  let listed = false;
  for (let i: u32 = 0; i < nr; i++) {
    const page = pageIn(pages, i);
    const before = page.refcount.fetchSub(1);
    VM_BUG_ON(before <= 0, 224);
    if (before != 1) continue;
    if (page.flags.test(PG_LRU) != 0) listed = true;
    store<u32>(pages + ((<usize>freed) << 2), <u32>changetype<usize>(page));
    freed++;
  }
  if (listed) {
    lruvec().lruLock.lock();
    for (let i: u32 = 0; i < freed; i++) {
      const page = pageIn(pages, i);
      if (page.flags.test(PG_LRU) != 0) releaseLocked(page);
    }
    lruvec().lruLock.unlock();
  }
  for (let i: u32 = 0; i < freed; i++) freePage(pageIn(pages, i));
}

function pageIn(pages: usize, index: u32): Page {
  return changetype<Page>(<usize>load<u32>(pages + ((<usize>index) << 2)));
}

function countMlocked(): void {
  modPageState(VM_NR_MLOCK, 1);
  countVmEvent(VM_UNEVICTABLE_PGMLOCKED);
}

/** Adds a page to a batch of this CPU, or moves it at once where nothing is batched. */
function batchAdd(kind: u32, page: Page, tag: u32): void {
  const entry = (<u32>changetype<usize>(page)) | tag;
  if (machine().lruBatch == LRU_BATCH_NONE) {
    lruvec().lruLock.lock();
    moveLocked(kind, entry);
    lruvec().lruLock.unlock();
    return;
  }
  getPage(page);
  const area = CpuLru.of(thisCpu());
  const batch = area.batch(kind);
  const index = batch.nr;
  batch.slot(index).exchange(entry);
  batch.nr = index + 1;
  if (index + 1 < FOLIO_BATCH_SIZE && machine().lruDisabled.load() == 0) return;
  area.lock.lock();
  flushLocked(area, kind);
  area.lock.unlock();
  batch.nr = 0;
}

/** Makes a page active that still waits in this CPU's batch (Linux: __lru_cache_activate_folio). */
function activateInBatch(page: Page): void {
  const area = CpuLru.of(thisCpu());
  const batch = area.batch(BATCH_LRU_ADD);
  if (batch.nr == 0) return;
  area.lock.lock(); // or it may leave for the inactive list while it becomes active
  for (let i = batch.nr; i > 0; i--) {
    if (batch.slot(i - 1).load() != <u32>changetype<usize>(page)) continue;
    page.flags.or(PG_ACTIVE);
    break;
  }
  area.lock.unlock();
}

function flushCpu(area: CpuLru): void {
  area.lock.lock();
  for (let kind: u32 = 0; kind < NR_BATCHES; kind++) flushLocked(area, kind);
  area.lock.unlock();
}

/** Empties one batch; the lock of its CPU is held (Linux: folio_batch_move_lru). */
function flushLocked(area: CpuLru, kind: u32): void {
  const moving = CpuLru.of(thisCpu()).moving;
  const batch = area.batch(kind);
  let nr: u32 = 0;
  for (let i: u32 = 0; i < FOLIO_BATCH_SIZE; i++) {
    const entry = batch.slot(i).dereference();
    if (entry == 0) continue;
    batch.slot(i).store(0);
    moving.slot(nr).init(entry);
    nr++;
  }
  if (nr == 0) return;
  lruvec().lruLock.lock();
  for (let i: u32 = 0; i < nr; i++) moveLocked(kind, moving.slot(i).load());
  lruvec().lruLock.unlock();
  for (let i: u32 = 0; i < nr; i++) {
    const entry = <usize>(moving.slot(i).load() & ~(MLOCK_OLD | MLOCK_NEW));
    putPage(changetype<Page>(entry));
  }
}
