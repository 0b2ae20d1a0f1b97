import { PAGE_ACCESSED, entryOf, ptePfn, ptePresent, pteSpecial } from '../arch/pgtable';
import { thisCpu } from '../lib/percpu';
import { CpuLru } from '../types/lruvec';
import { Page } from '../types/page';
import { VM_LOCKED, Vma } from '../types/vm_area';
import { findPteTable, pteLock } from './pgtable';
import { WALK_CONTENDED, rmapWalk } from './rmap_walk';
import { mlockPage } from './swap';

/**
 * Who has used a page lately (Linux: folio_referenced in mm/rmap.c). Every access sets the accessed
 * bit of its entry; this takes the bits away again and counts them. Nobody is waited for: an access
 * under way may have found its bit set still, and then counts for the time before.
 */

/**
 * How many entries with which the page was used since the last time; -1 if a lock of the reverse
 * map was taken. `referencedFlags` has the flags of their VMAs then; one with VM_LOCKED ends the
 * search.
 * Preconditions:
 * - the page is locked.
 */
export function pageReferenced(page: Page): i32 {
  const area = CpuLru.of(thisCpu());
  area.referenced = 0;
  area.vmFlags = 0;
  if (page.mapcount.load() < 0) return 0;
  if (rmapWalk<Referenced>(page, true) == WALK_CONTENDED) return -1;
  return area.referenced;
}

/** Flags of the VMAs that the last `pageReferenced` of this CPU has found (VM_*). */
export function referencedFlags(): u32 {
  return CpuLru.of(thisCpu()).vmFlags;
}

/** Linux: folio_referenced_one. */
@unmanaged
class Referenced {
  visit(vma: Vma, address: u64, page: Page): bool {
    const table = findPteTable(vma.vmMm, address);
    if (table == 0) return true;
    const lock = pteLock(table);
    lock.lock();
    const ptep = entryOf(table, address, 0);
    const pte = ptep.load();
    const area = CpuLru.of(thisCpu());
    let goOn = true;
    if (ptePresent(pte) && !pteSpecial(pte) && ptePfn(pte) == page.pfn) {
      const flags = vma.flagsOnce;
      if ((flags & VM_LOCKED) != 0) {
        mlockPage(page); // the lock has missed it: it was isolated, or in a batch
        area.vmFlags |= VM_LOCKED;
        goOn = false;
      } else if ((ptep.fetchAnd(~PAGE_ACCESSED) & PAGE_ACCESSED) != 0) {
        area.referenced++;
        area.vmFlags |= flags;
      }
    }
    lock.unlock();
    return goOn;
  }
}
