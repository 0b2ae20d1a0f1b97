import { PIN_I_MMAP_WRITABLE_PERCPU, SEAL_DONTPIN } from '../abi';
import { machine } from '../lib/machine';
import { KPAGE_DATA } from '../lib/kdesc';
import { allocKernelPage, clearKernelPage, freeKernelPage } from '../lib/kmem';
import { synchronize } from '../lib/rcu';
import { CACHE_INODE, CACHE_NAME, cacheAlloc, cacheFree } from '../lib/slab';
import { TRACE_EVICT, trace } from '../lib/trace';
import { AS_DONTPIN, F_SEAL_SEAL, INODE_ORPHAN, Inode } from '../types/address_space';
import { inodeLists } from '../types/machine_lists';
import { freePipe } from './pipe';
import { pinsOfFile } from './policy/file_pins';
import { truncateInodePages } from './truncate';

/**
 * Inodes, and their end (Linux: fs/inode.c, shmem_evict_inode).
 *
 * An inode lives while it has a name, or files are open or mapped. With the last of them gone its
 * pages leave the cache, and it is freed, unless pins of its pages are counted in it (policies pin:
 * i-mmap-writable and i-mmap-writable-percpu): a pin must find the counter that it lowers. Such an
 * inode becomes an orphan. No new pin can reach it: its pages are mapped nowhere and belong to no
 * file. Its counters only fall, and whoever next evicts an inode or releases pins outside of the
 * fast loops frees the orphans whose counters have reached zero.
 *
 * A GUP-fast walker may have read the address of the mapping from a page just before, and be about
 * to raise its counter (only to find the entry of the page table changed, and lower it again). So
 * the inode's memory waits for walkers, like a page table; and the counters are read after that.
 */

/** Makes the lists; called once, at boot. */
export function inodeInit(): void {
  inodeLists().inodes.init();
  inodeLists().orphans.init();
  inodeLists().names.init();
}

/** A new file without pages and one reference; or null when memory is exhausted. */
export function newInode(mode: u32, seals: u32): Inode | null {
  const address = cacheAlloc(CACHE_INODE);
  if (address == 0) return null;
  const inode = changetype<Inode>(address);
  if (machine().pinPolicy == PIN_I_MMAP_WRITABLE_PERCPU) {
    const counters = allocKernelPage(KPAGE_DATA);
    if (counters == 0) {
      cacheFree(CACHE_INODE, address);
      return null;
    }
    inode.mapping.pinCounters.init(<u32>counters);
  }
  inode.iMode = mode;
  inode.seals = seals;
  inode.iIno = machine().nextIno.fetchAdd(1);
  inode.iCount.init(1);
  // The design forbids pins on whatever could be sealed one day.
  const sealable = (seals & F_SEAL_SEAL) == 0;
  if (machine().sealPolicy == SEAL_DONTPIN && sealable) inode.mapping.flags.init(AS_DONTPIN);
  inodeLists().lock.lock();
  inodeLists().inodes.addTail(inode.list);
  inodeLists().lock.unlock();
  return inode;
}

/** Takes a reference beside one that exists (Linux: ihold). */
export function ihold(inode: Inode): void {
  inode.iCount.add(1);
}

/** Drops a reference; the last one evicts the inode (Linux: iput). */
export function iput(inode: Inode): void {
  if (inode.iCount.fetchSub(1) == 1) evict(inode);
}

/** Frees the orphans that no pin keeps any more. Cheap when there are none. */
export function reapOrphans(): void {
  if (inodeLists().nrOrphans.load() == 0) return;
  for (let inode = takeUnpinnedOrphan(); inode != null; inode = takeUnpinnedOrphan()) {
    destroyInode(inode);
  }
}

function evict(inode: Inode): void {
  trace(TRACE_EVICT, 0, inode.iIno);
  truncateInodePages(inode.mapping);
  synchronize();
  const pinned = pinsOfFile(inode.mapping) != 0;
  inodeLists().lock.lock();
  inode.list.del();
  if (pinned) {
    inode.state = INODE_ORPHAN;
    inodeLists().orphans.addTail(inode.list);
    inodeLists().nrOrphans.add(1);
  }
  inodeLists().lock.unlock();
  if (!pinned) destroyInode(inode);
  reapOrphans();
}

function takeUnpinnedOrphan(): Inode | null {
  let found: Inode | null = null;
  inodeLists().lock.lock();
  const head = inodeLists().orphans;
  for (let link = head.next; link != head; link = link.next) {
    const inode = Inode.fromList(link);
    if (pinsOfFile(inode.mapping) != 0) continue;
    link.del();
    inodeLists().nrOrphans.sub(1);
    found = inode;
    break;
  }
  inodeLists().lock.unlock();
  return found;
}

function destroyInode(inode: Inode): void {
  const counters = <usize>inode.mapping.pinCounters.load();
  if (counters != 0) {
    clearKernelPage(counters);
    freeKernelPage(counters);
  }
  const pipe = inode.pipe;
  if (pipe != null) freePipe(pipe);
  if (inode.name != 0) cacheFree(CACHE_NAME, inode.name);
  cacheFree(CACHE_INODE, changetype<usize>(inode));
}
