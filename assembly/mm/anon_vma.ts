import { ENOMEM } from '../lib/errno';
import { intervalInsert, intervalRemove } from '../lib/interval_tree';
import { CACHE_ANON_VMA, CACHE_AVC, cacheAlloc, cacheFree } from '../lib/slab';
import { AnonVma, AnonVmaChain } from '../types/anon_vma';
import { VM_ACCESS_FLAGS, Vma } from '../types/vm_area';
import { AvcInterval } from './interval';
import { nextVma, prevVma } from './vma';

/**
 * The lists that lead from anonymous pages to VMAs (Linux: the first half of mm/rmap.c). Each VMA
 * with anonymous pages belongs to an anon_vma, joined by a chain; VMAs that could be merged share
 * one.
 */

/**
 * Makes sure that the VMA has an anon_vma; a fault calls it with mmap_lock held for reading, so two
 * may race: page_table_lock decides (Linux: __anon_vma_prepare).
 */
export function anonVmaPrepare(vma: Vma): i32 {
  if (vma.anonVma != null) return 0;
  const chain = cacheAlloc(CACHE_AVC);
  if (chain == 0) return -ENOMEM;
  let anonVma = findMergeableAnonVma(vma);
  const fresh = anonVma == null;
  if (anonVma == null) {
    anonVma = allocAnonVma();
    if (anonVma == null) {
      cacheFree(CACHE_AVC, chain);
      return -ENOMEM;
    }
  }
  anonVma.root.rwsem.downWrite();
  vma.vmMm.pageTableLock.lock();
  const mine = vma.anonVma == null;
  if (mine) {
    vma.anonVma = anonVma;
    linkChain(changetype<AnonVmaChain>(chain), vma, anonVma);
    anonVma.numActiveVmas++;
  }
  vma.vmMm.pageTableLock.unlock();
  anonVma.root.rwsem.upWrite();
  if (!mine) {
    cacheFree(CACHE_AVC, chain);
    if (fresh) putAnonVma(anonVma);
  }
  return 0;
}

/** Joins `to` to every anon_vma of `from`, as a split does; or -ENOMEM (Linux: anon_vma_clone). */
export function anonVmaClone(to: Vma, from: Vma): i32 {
  const head = from.anonVmaChain;
  for (let link = head.next; link != head; link = link.next) {
    const address = cacheAlloc(CACHE_AVC);
    if (address == 0) {
      unlinkAnonVmas(to);
      return -ENOMEM;
    }
    const anonVma = AnonVmaChain.fromSameVma(link).anonVma;
    anonVma.root.rwsem.downWrite();
    linkChain(changetype<AnonVmaChain>(address), to, anonVma);
    anonVma.root.rwsem.upWrite();
  }
  const own = from.anonVma;
  to.anonVma = own;
  if (own != null) {
    own.root.rwsem.downWrite();
    own.numActiveVmas++;
    own.root.rwsem.upWrite();
  }
  return 0;
}

/** Leaves every anon_vma; the last to leave frees it (Linux: unlink_anon_vmas). */
export function unlinkAnonVmas(vma: Vma): void {
  const head = vma.anonVmaChain;
  const own = vma.anonVma;
  if (own != null) {
    own.root.rwsem.downWrite();
    own.numActiveVmas--;
    own.root.rwsem.upWrite();
  }
  while (!head.isEmpty) {
    const chain = AnonVmaChain.fromSameVma(head.next);
    const anonVma = chain.anonVma;
    anonVma.root.rwsem.downWrite();
    intervalRemove<AvcInterval>(anonVma.tree, chain.node);
    const empty = anonVma.tree.node == null;
    anonVma.root.rwsem.upWrite();
    chain.sameVma.del();
    cacheFree(CACHE_AVC, changetype<usize>(chain));
    if (empty) putAnonVma(anonVma);
  }
  vma.anonVma = null;
}

/**
 * Takes the VMA out of the trees of its anon_vmas before its range changes
 * (Linux: anon_vma_interval_tree_pre_update_vma). The root's rwsem is held for writing.
 */
export function anonVmaPreUpdate(vma: Vma): void {
  const head = vma.anonVmaChain;
  for (let link = head.next; link != head; link = link.next) {
    const chain = AnonVmaChain.fromSameVma(link);
    intervalRemove<AvcInterval>(chain.anonVma.tree, chain.node);
  }
}

/** Puts it back (Linux: anon_vma_interval_tree_post_update_vma). */
export function anonVmaPostUpdate(vma: Vma): void {
  const head = vma.anonVmaChain;
  for (let link = head.next; link != head; link = link.next) {
    const chain = AnonVmaChain.fromSameVma(link);
    intervalInsert<AvcInterval>(chain.anonVma.tree, chain.node);
  }
}

/** Drops a reference, and frees with the last one (Linux: put_anon_vma). */
export function putAnonVma(anonVma: AnonVma): void {
  if (anonVma.refcount.fetchSub(1) == 1) cacheFree(CACHE_ANON_VMA, changetype<usize>(anonVma));
}

function allocAnonVma(): AnonVma | null {
  const address = cacheAlloc(CACHE_ANON_VMA);
  if (address == 0) return null;
  const anonVma = changetype<AnonVma>(address);
  anonVma.root = anonVma;
  anonVma.parent = anonVma;
  anonVma.numChildren = 1; // a root counts itself
  anonVma.refcount.init(1);
  return anonVma;
}

function linkChain(chain: AnonVmaChain, vma: Vma, anonVma: AnonVma): void {
  chain.vma = vma;
  chain.anonVma = anonVma;
  vma.anonVmaChain.add(chain.sameVma);
  intervalInsert<AvcInterval>(anonVma.tree, chain.node);
}

/**
 * A neighbour's anon_vma, if the two VMAs could be merged one day (Linux: find_mergeable_anon_vma).
 */
function findMergeableAnonVma(vma: Vma): AnonVma | null {
  const next = nextVma(vma);
  if (next != null && couldMerge(vma, next)) {
    const found = reusableAnonVma(next);
    if (found != null) return found;
  }
  const prev = prevVma(vma);
  return prev != null && couldMerge(prev, vma) ? reusableAnonVma(prev) : null;
}

/**
 * Adjacent and alike but for the access that mprotect could change (Linux: anon_vma_compatible).
 */
function couldMerge(a: Vma, b: Vma): bool {
  return (
    a.vmEnd == b.vmStart &&
    a.vmFile == b.vmFile &&
    ((a.vmFlags ^ b.vmFlags) & ~VM_ACCESS_FLAGS) == 0 &&
    b.vmPgoff == a.vmPgoff + a.pages
  );
}

/** Only of a VMA that has never been through a fork: one chain alone (Linux: reusable_anon_vma). */
function reusableAnonVma(vma: Vma): AnonVma | null {
  const anonVma = vma.anonVma;
  if (anonVma == null) return null;
  const head = vma.anonVmaChain;
  return head.next.next == head ? anonVma : null;
}
