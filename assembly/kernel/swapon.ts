import { PMD_SIZE, entryOf } from '../arch/pgtable';
import { SwpEntry, pteIsSwap, pteToSwpEntry } from '../arch/swapops';
import { Atomic } from '../lib/atomic';
import { EINVAL, ENOMEM } from '../lib/errno';
import { iput } from '../mm/inode';
import { lockPage, unlockPage } from '../mm/page_lock';
import { putPage } from '../mm/page_alloc';
import { findPteTable, skipUnmapped } from '../mm/pgtable';
import { shmemUnuse } from '../mm/shmem_swap';
import { folioFreeSwap, isSwapcacheOf, swapCacheGet } from '../mm/swap_state';
import { swapActivate, swapDeactivate, swapSetWritable } from '../mm/swapfile';
import {
  SWAPIN_NO_ENTRY,
  SWAPIN_NO_MEMORY,
  swapinPage,
  unusePte,
  waitForEntry,
} from '../mm/swapin';
import { nextVma } from '../mm/vma';
import { findVma } from '../mm/vma_tree';
import { Inode } from '../types/address_space';
import { inodeLists, mmLists } from '../types/machine_lists';
import { MmStruct } from '../types/mm_struct';
import { Page } from '../types/page';
import { swapInfo } from '../types/swap_info';
import { Vma } from '../types/vm_area';
import { mmput } from './fork';

/**
 * swapon(2) and swapoff(2) (Linux: mm/swapfile.c).
 *
 * swapoff must bring every page back, while processes run:
 *
 *   O1  the device hands out no slot any more, and no page is unmapped to one
 *   O2  each file in memory: each slot in its tree gets its page back
 *   O3  each process: each entry that names a slot gets its page back, one lock of a page and one
 *       of a page table at a time
 *   O4  each slot that only the cache uses: the page keeps its contents and loses the slot
 *   O5  again from O2, until no slot is in use
 *
 * In 2005 it was said to starve: each slot was searched for in all processes, and while the search
 * went on, reclaim unmapped the page again from where it had just been put back. Here a process is
 * walked once for all slots, and O1 stops reclaim. What is left to make new entries is fork alone,
 * which copies those of a process that O3 has not come to; its child stands behind it in the list,
 * so O3 comes to it in the same round. A process that ends takes its entries with it. So the number
 * of entries that O3 has not passed falls, and a round that meets neither a fork nor an end is the
 * last one.
 */

/** Adds swap space of so many pages, in zeroed memory from `base` on; see `swapActivate`. */
export function sysSwapon(base: usize, pages: u32): i32 {
  return swapActivate(base, pages);
}

/**
 * Brings back what was swapped out, and takes the space away: 0, -EINVAL without a device, or
 * -ENOMEM when the pages do not fit; then the device goes on as before.
 */
export function sysSwapoff(): i32 {
  if (!swapSetWritable(false)) return -EINVAL;
  while (swapInfo().inuse.load() != 0) {
    if (!unuseFiles() || !unuseProcesses()) {
      swapSetWritable(true);
      return -ENOMEM;
    }
    unuseCache();
  }
  swapDeactivate();
  return 0;
}

/** Step O2; false: no memory (Linux: shmem_unuse). */
function unuseFiles(): bool {
  let inode = nextInode(null);
  while (inode != null) {
    if (!shmemUnuse(inode)) {
      iput(inode);
      return false;
    }
    inode = nextInode(inode);
  }
  return true;
}

/** The file behind `inode` in the list of all, with a reference; drops that to `inode`. */
function nextInode(inode: Inode | null): Inode | null {
  const lists = inodeLists();
  let found: Inode | null = null;
  lists.lock.lock();
  const head = lists.inodes;
  let link = inode == null ? head.next : inode.list.next;
  while (link != head && found == null) {
    const next = Inode.fromList(link);
    if (countNotZero(next.iCount)) found = next;
    link = link.next;
  }
  lists.lock.unlock();
  if (inode != null) iput(inode);
  return found;
}

/** Step O3; false: no memory (Linux: try_to_unuse). */
function unuseProcesses(): bool {
  let mm = nextMm(null);
  while (mm != null) {
    mm.mmapLock.downRead();
    const done = unuseMm(mm);
    mm.mmapLock.upRead();
    if (!done) {
      mmput(mm);
      return false;
    }
    mm = nextMm(mm);
  }
  return true;
}

/**
 * The address space behind `mm` in the list of all, with a user; drops the user of `mm`, which has
 * kept it in the list until now. Those that are about to go are passed over.
 */
function nextMm(mm: MmStruct | null): MmStruct | null {
  const lists = mmLists();
  let found: MmStruct | null = null;
  lists.lock.lock();
  const head = lists.mms;
  let link = mm == null ? head.next : mm.mmList.next;
  while (link != head && found == null) {
    const next = MmStruct.fromMmList(link);
    if (countNotZero(next.mmUsers)) found = next;
    link = link.next;
  }
  lists.lock.unlock();
  if (mm != null) mmput(mm);
  return found;
}

/** Counts one user more unless the last one has gone (Linux: mmget_not_zero, igrab). */
function countNotZero(count: Atomic<u32>): bool {
  let users = count.load();
  while (users != 0) {
    const before = count.cmpxchg(users, users + 1);
    if (before == users) return true;
    users = before;
  }
  return false;
}

/** All entries of an address space, mmap_lock held for reading; false: no memory. */
function unuseMm(mm: MmStruct): bool {
  let vma = findVma(mm, 0);
  while (vma != null) {
    if (vma.anonVmaCell.dereference() != 0 && !unuseVma(vma)) return false;
    vma = nextVma(vma);
  }
  return true;
}

function unuseVma(vma: Vma): bool {
  const mm = vma.vmMm;
  let address = skipUnmapped(mm, vma.vmStart, vma.vmEnd);
  while (address < vma.vmEnd) {
    const next = min<u64>(vma.vmEnd, (address + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, address);
    for (; address < next; address += 4096) {
      if (!unuseEntry(vma, address, table)) return false;
    }
    address = skipUnmapped(mm, next, vma.vmEnd);
  }
  return true;
}

/** One entry, if it names a slot (Linux: unuse_pte_range). */
function unuseEntry(vma: Vma, address: u64, table: usize): bool {
  const ptep = entryOf(table, address, 0);
  let pte = ptep.load();
  while (pteIsSwap(pte)) {
    const entry = pteToSwpEntry(pte);
    const found = swapinPage(entry);
    if (found == SWAPIN_NO_MEMORY) return false;
    if (found == SWAPIN_NO_ENTRY) waitForEntry(table);
    else {
      const page = changetype<Page>(found);
      lockPage(page);
      if (isSwapcacheOf(page, entry)) {
        unusePte(vma, address, table, pte, page);
        folioFreeSwap(page);
      }
      unlockPage(page);
      putPage(page);
    }
    pte = ptep.load();
  }
  return true;
}

/** Step O4. */
function unuseCache(): void {
  const frontier = swapInfo().frontier.load();
  for (let entry: SwpEntry = 1; entry < frontier; entry++) {
    const page = swapCacheGet(entry);
    if (page == null) continue;
    lockPage(page);
    if (isSwapcacheOf(page, entry)) folioFreeSwap(page);
    unlockPage(page);
    putPage(page);
  }
}
