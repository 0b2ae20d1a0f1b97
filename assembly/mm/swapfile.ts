import { SwpEntry } from '../arch/swapops';
import { VM_BUG_ON } from '../lib/bug';
import { EBUSY, EINVAL, ENOMEM } from '../lib/errno';
import { machine } from '../lib/machine';
import { synchronize } from '../lib/rcu';
import { CACHE_LINE, PAGE_SIZE } from '../memlayout';
import { CONTENTS_FULL, CONTENTS_NONE } from '../types/page';
import {
  SWAP_COUNT,
  SWAP_HAS_CACHE,
  SWAP_SLOT_SIZE,
  SWP_USED,
  SWP_WRITEOK,
  SwapInfo,
  SwapSlot,
  swapInfo,
} from '../types/swap_info';

/**
 * The slots of the swap device: handing them out and counting their users (Linux: mm/swapfile.c).
 *
 * The device is memory behind the frames' contents, so reading and writing a slot takes no time. A
 * slot is in use while entries name it, in page tables or in the tree of a file in memory (the
 * count), or while the swap cache has a page for it (SWAP_HAS_CACHE). The slot given back last is
 * handed out first, so that slots are reused as early as possible: Linux takes them cluster by
 * cluster for the sake of the disk. A count has 31 bits, which no machine can exhaust, so there is
 * nothing like Linux's continuation pages.
 *
 * Whoever holds an entry that counts (in a page table whose lock it holds, in a locked page of the
 * cache) knows that the device stays: swapoff waits until no slot is in use. Whoever merely read an
 * entry, and lost the lock since, may find the slot free, in other use, or the device gone; all
 * functions here that take such an entry look under the device's lock first.
 */

/** Bytes that a page has on the device. */
function slotBytes(): usize {
  const contents = machine().contents;
  if (contents == CONTENTS_NONE) return 0;
  return contents == CONTENTS_FULL ? <usize>PAGE_SIZE : 8;
}

/**
 * Adds the device, of so many pages, in memory from `slots` on, which is all zeros and on a cache
 * line: 0, -EBUSY if there is one, -EINVAL for none or too many pages, -ENOMEM where the host's
 * memory ends before (Linux: swapon(2)).
 */
export function swapActivate(slots: usize, pages: u32): i32 {
  const line = <u64>(CACHE_LINE - 1);
  const contents = (<u64>slots + (<u64>pages + 1) * SWAP_SLOT_SIZE + line) & ~line;
  if (pages == 0 || pages > SWAP_COUNT) return -EINVAL;
  if (contents + <u64>pages * slotBytes() > (<u64>memory.size()) << 16) return -ENOMEM;
  const device = swapInfo();
  device.lock.lock();
  const busy = (device.flags.load() & SWP_USED) != 0;
  if (!busy) {
    device.pages = pages;
    device.frontier.init(1);
    device.firstFree = 0;
    device.slots = <u32>slots;
    device.contents = <u32>contents;
    device.flags.storeRelease(SWP_USED | SWP_WRITEOK);
  }
  device.lock.unlock();
  return busy ? -EBUSY : 0;
}

/**
 * From now on no slot is handed out and no page is unmapped to one; or, with `write`, again
 * (Linux: del_from_avail_list and reinsert_swap_info). False if there is no device.
 */
export function swapSetWritable(write: bool): bool {
  const device = swapInfo();
  device.lock.lock();
  const used = (device.flags.load() & SWP_USED) != 0;
  const was = (device.flags.load() & SWP_WRITEOK) != 0;
  if (used) device.flags.store(write ? SWP_USED | SWP_WRITEOK : SWP_USED);
  device.lock.unlock();
  return used && was != write;
}

/**
 * Takes the device away (the end of Linux: swapoff(2)).
 * Preconditions:
 * - it is not writable, and no slot is in use.
 */
export function swapDeactivate(): void {
  const device = swapInfo();
  device.lock.lock();
  VM_BUG_ON(device.inuse.load() != 0, 241);
  device.flags.store(0);
  device.lock.unlock();
  synchronize(); // lookups in the swap cache take no lock
  const frontier = <usize>device.frontier.load();
  memory.fill(device.slots, 0, frontier * SWAP_SLOT_SIZE);
  memory.fill(device.contents, 0, (frontier - 1) * slotBytes());
}

/** True for a slot that the device has; its lock is held, or an entry is known to count. */
export function slotExists(device: SwapInfo, entry: SwpEntry): bool {
  return (device.flags.load() & SWP_USED) != 0 && entry != 0 && entry < device.frontier.load();
}

/** A slot that was free, or 0; the device's lock is held, and the caller gives it a user. */
export function takeSlotLocked(device: SwapInfo): SwpEntry {
  if ((device.flags.load() & SWP_WRITEOK) == 0) return 0;
  let entry = device.firstFree;
  if (entry != 0) device.firstFree = SwapSlot.of(device, entry).next;
  else {
    entry = device.frontier.load();
    if (entry > device.pages) return 0;
    device.frontier.store(entry + 1);
  }
  device.inuse.add(1);
  return entry;
}

/** Takes users away from a slot, and frees it with the last; returns what is left. Lock held. */
export function dropUsersLocked(device: SwapInfo, entry: SwpEntry, users: u32): u32 {
  const slot = SwapSlot.of(device, entry);
  const left = slot.count.load() - users;
  slot.count.store(left);
  if (left == 0) {
    slot.next = device.firstFree;
    device.firstFree = entry;
    device.inuse.sub(1);
  }
  return left;
}

/** One more entry names the slot, beside one that is known to (Linux: swap_duplicate). */
export function swapDuplicate(entry: SwpEntry): void {
  const device = swapInfo();
  device.lock.lock();
  const slot = SwapSlot.of(device, entry);
  VM_BUG_ON((slot.count.load() & SWAP_COUNT) == 0, 242);
  slot.count.add(1);
  device.lock.unlock();
}

/**
 * One more entry names the slot of a locked page of the swap cache, that is to be unmapped; false
 * while swapoff is at work, which would never end if pages went back to where they came from.
 */
export function swapDuplicateForUnmap(entry: SwpEntry): bool {
  const device = swapInfo();
  device.lock.lock();
  const writable = (device.flags.load() & SWP_WRITEOK) != 0;
  if (writable) SwapSlot.of(device, entry).count.add(1);
  device.lock.unlock();
  return writable;
}

/** One entry less names the slot; returns what is left of its count (Linux: swap_free). */
export function swapFree(entry: SwpEntry): u32 {
  const device = swapInfo();
  device.lock.lock();
  VM_BUG_ON((SwapSlot.of(device, entry).count.load() & SWAP_COUNT) == 0, 243);
  const left = dropUsersLocked(device, entry, 1);
  device.lock.unlock();
  return left;
}

/** Entries that name a slot; 0 for one that the device does not have (Linux: __swap_count). */
export function swapCount(entry: SwpEntry): u32 {
  const device = swapInfo();
  device.lock.lock();
  const count = slotExists(device, entry) ? SwapSlot.of(device, entry).count.load() : 0;
  device.lock.unlock();
  return count & ~SWAP_HAS_CACHE;
}

/** True if less than half of the device is free (Linux: vm_swap_full). */
export function vmSwapFull(): bool {
  const device = swapInfo();
  return (device.pages - device.inuse.load()) * 2 < device.pages;
}

/** True if a slot is free (Linux: get_nr_swap_pages, can_reclaim_anon_pages). */
export function swapHasRoom(): bool {
  const device = swapInfo();
  return (device.flags.load() & SWP_WRITEOK) != 0 && device.inuse.load() < device.pages;
}
