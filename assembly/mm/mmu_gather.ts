import { BUG_PTFREE_UNSYNCHRONISED } from '../abi';
import { KPAGE_PGTABLE, Kdesc } from '../lib/kdesc';
import { reenacts } from '../lib/machine';
import { PERCPU_GATHER, PERCPU_GATHER_SIZE, thisCpu } from '../lib/percpu';
import { synchronize } from '../lib/rcu';
import { VM_BUG_ON } from '../lib/bug';
import { Page } from '../types/page';
import { freeTable } from './pgtable';
import { lruAddDrain, releasePages } from './swap';
import { freeSwapCache } from './swap_state';

/**
 * What was unmapped and may still be in use by a CPU that does not know it yet (Linux:
 * mm/mmu_gather.c): pages, by a load or store under way, and page tables, by a walk under way. Both
 * happen with interrupts off, so the gather is emptied after `synchronize`: this is the TLB
 * shoot-down of a machine without a TLB.
 *
 * One gather a CPU, in its own memory; a full one is emptied in between. Every user ends with
 * `tlbFinish` before it lets go of the lock that kept others from the range.
 */

// ╒═══════════════ struct mmu_gather (2048 bytes), this CPU only ═══════════════╕
//   +0   nrPages  u32
//   +4   tables   u32  page tables, linked through kdesc.nextFree
//   +8   pages    u32 each
@unmanaged
class MmuGather {
  nrPages: u32;
  tables: u32;
}

const GATHER_PAGES: usize = 8;
const GATHER_CAPACITY: u32 = <u32>((PERCPU_GATHER_SIZE - GATHER_PAGES) / 4);

function gather(): MmuGather {
  return changetype<MmuGather>(changetype<usize>(thisCpu()) + PERCPU_GATHER);
}

/**
 * Keeps a page, with the reference that its mapping had, until the flush (Linux: tlb_remove_page).
 */
export function gatherPage(page: Page): void {
  const tlb = gather();
  if (tlb.nrPages == GATHER_CAPACITY) tlbFinish();
  const slot = changetype<usize>(tlb) + GATHER_PAGES + ((<usize>tlb.nrPages) << 2);
  store<u32>(slot, <u32>changetype<usize>(page));
  tlb.nrPages++;
}

/** Keeps an unlinked page table until the flush (Linux: tlb_remove_table). */
export function gatherTable(table: usize): void {
  VM_BUG_ON(Kdesc.of(table).kind != KPAGE_PGTABLE, 151);
  const tlb = gather();
  Kdesc.of(table).nextFree = tlb.tables;
  tlb.tables = <u32>table;
}

/**
 * Waits for the CPUs that may still use what was gathered, then frees it (Linux: tlb_finish_mmu).
 */
export function tlbFinish(): void {
  const tlb = gather();
  if (tlb.nrPages == 0 && tlb.tables == 0) return;
  // As where a TLB is flushed without an interrupt: nothing waits for a walker.
  if (!reenacts(BUG_PTFREE_UNSYNCHRONISED)) synchronize();
  const pages = changetype<usize>(tlb) + GATHER_PAGES;
  if (tlb.nrPages != 0) {
    // So that what was used shortly is freed now (Linux: free_pages_and_swap_cache).
    lruAddDrain();
    for (let i: u32 = 0; i < tlb.nrPages; i++) {
      freeSwapCache(changetype<Page>(<usize>load<u32>(pages + ((<usize>i) << 2))));
    }
    releasePages(pages, tlb.nrPages);
    tlb.nrPages = 0;
  }
  let table = <usize>tlb.tables;
  tlb.tables = 0;
  while (table != 0) {
    const next = <usize>Kdesc.of(table).nextFree;
    freeTable(table);
    table = next;
  }
}
