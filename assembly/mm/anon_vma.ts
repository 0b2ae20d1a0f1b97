import { BUG_ANON_VMA_DEGREE, BUG_ANON_VMA_PLAIN_CHECK, BUG_ANON_VMA_PUT_ORDER } from '../abi';
import { BUG_ON, VM_BUG_ON } from '../lib/bug';
import { ENOMEM } from '../lib/errno';
import { intervalInsert, intervalRemove } from '../lib/interval_tree';
import { synchronize } from '../lib/rcu';
import { reenacts } from '../lib/machine';
import { CACHE_ANON_VMA, CACHE_AVC, cacheAlloc, cacheFree } from '../lib/slab';
import { AnonVma, AnonVmaChain } from '../types/anon_vma';
import { VM_ACCESS_FLAGS, Vma } from '../types/vm_area';
import { AvcInterval } from './interval';
import { nextVma, prevVma } from './vma';

/**
 * The lists that lead from anonymous pages to VMAs (Linux: the first half of mm/rmap.c). Each VMA
 * with anonymous pages belongs to an anon_vma, joined by a chain; VMAs that could be merged share
 * one. A page names the anon_vma of the VMA that it was made for. A fork makes a child's VMA join
 * all the anon_vmas of its parent's and one of its own, whose parent is the parent's: a family,
 * with one lock in its oldest member.
 */

/**
 * Makes sure that the VMA has an anon_vma; a fault calls it with mmap_lock held for reading, so two
 * may race: page_table_lock decides (Linux: __anon_vma_prepare).
 */
export function anonVmaPrepare(vma: Vma): i32 {
  if (hasAnonVma(vma)) return 0;
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
    anonVma.numChildren = 1; // a root counts itself
  }
  anonVma.root.rwsem.downWrite();
  vma.vmMm.pageTableLock.lock();
  const mine = vma.anonVmaCell.load() == 0;
  if (mine) {
    linkChain(changetype<AnonVmaChain>(chain), vma, anonVma);
    anonVma.numActiveVmas++;
    vma.anonVmaCell.storeRelease(<u32>changetype<usize>(anonVma)); // whoever sees it sees the chain
  }
  vma.vmMm.pageTableLock.unlock();
  anonVma.root.rwsem.upWrite();
  if (!mine) {
    cacheFree(CACHE_AVC, chain);
    if (fresh) putAnonVma(anonVma);
  }
  return 0;
}

/** Whether a fault need not give a VMA its anon_vma; another fault may be doing so. */
function hasAnonVma(vma: Vma): bool {
  if (reenacts(BUG_ANON_VMA_PLAIN_CHECK)) return vma.anonVma != null;
  return vma.anonVmaCell.dereference() != 0;
}

/**
 * Joins `to`, a part of what `from` was or a mapping that swallows it, to every anon_vma of `from`,
 * and makes its own the same: 0 or -ENOMEM (Linux: anon_vma_clone, from __split_vma and
 * dup_anon_vma).
 */
export function anonVmaClone(to: Vma, from: Vma): i32 {
  to.anonVma = from.anonVma;
  return cloneChains(to, from);
}

/**
 * Joins a child's VMA to every anon_vma of its parent's, so that the reverse map finds in the child
 * the pages that both share, and to one of its own for the pages that the child will have for
 * itself: 0 or -ENOMEM (Linux: anon_vma_fork).
 */
export function anonVmaFork(child: Vma, parent: Vma): i32 {
  const above = parent.anonVma;
  if (above == null) return 0;
  child.anonVma = null;
  if (cloneChains(child, parent) < 0) return -ENOMEM;
  if (child.anonVma != null) return 0; // an ancestor's that nobody uses any more
  const anonVma = allocAnonVma();
  if (anonVma == null) {
    unlinkAnonVmas(child);
    return -ENOMEM;
  }
  const chain = cacheAlloc(CACHE_AVC);
  if (chain == 0) {
    putAnonVma(anonVma);
    unlinkAnonVmas(child);
    return -ENOMEM;
  }
  const root = above.root;
  anonVma.root = root;
  anonVma.parent = above;
  anonVma.numActiveVmas = 1;
  root.refcount.add(1); // the lock of the family must live as long as the family
  child.anonVma = anonVma;
  root.rwsem.downWrite();
  linkChain(changetype<AnonVmaChain>(chain), child, anonVma);
  above.numChildren++;
  root.rwsem.upWrite();
  return 0;
}

/**
 * Joins `to` to every anon_vma of `from`, in the same order. If `to` has none of its own yet, it
 * adopts one that no VMA calls its own and that has one child at most: so a process that forks and
 * ends, again and again, does not grow an endless chain of ancestors. Both counts are needed: as
 * one, an anon_vma in use was adopted a second time (CVE-2022-42703). A root counts itself as a
 * child, and is never adopted while it has another.
 */
function cloneChains(to: Vma, from: Vma): i32 {
  const head = from.anonVmaChain;
  if (head.isEmpty) return 0;
  const rwsem = AnonVmaChain.fromSameVma(head.next).anonVma.root.rwsem;
  let error: i32 = 0;
  rwsem.downWrite();
  for (let link = head.prev; link != head; link = link.prev) {
    const address = cacheAlloc(CACHE_AVC);
    if (address == 0) {
      error = -ENOMEM;
      break;
    }
    const anonVma = AnonVmaChain.fromSameVma(link).anonVma;
    linkChain(changetype<AnonVmaChain>(address), to, anonVma);
    if (to.anonVma == null && isAdoptable(anonVma, from)) to.anonVma = anonVma;
  }
  const own = to.anonVma;
  if (error == 0 && own != null) own.numActiveVmas++;
  rwsem.upWrite();
  if (error < 0) {
    to.anonVma = null; // not counted in it
    unlinkAnonVmas(to);
  }
  return error;
}

/** True for an anon_vma that nobody calls its own, and that has one child at most. */
function isAdoptable(anonVma: AnonVma, from: Vma): bool {
  if (reenacts(BUG_ANON_VMA_DEGREE)) {
    const degree = anonVma.numChildren + anonVma.numActiveVmas;
    return anonVma != from.anonVma && degree < 2;
  }
  return anonVma.numActiveVmas == 0 && anonVma.numChildren < 2;
}

/**
 * Leaves every anon_vma; the last to leave frees it (Linux: unlink_anon_vmas). An anon_vma without
 * VMAs has no descendants with VMAs either, since those are joined to all of their ancestors.
 */
export function unlinkAnonVmas(vma: Vma): void {
  const head = vma.anonVmaChain;
  if (head.isEmpty) return;
  const rwsem = AnonVmaChain.fromSameVma(head.next).anonVma.root.rwsem;
  rwsem.downWrite();
  const own = vma.anonVma;
  if (own != null) own.numActiveVmas--;
  vma.anonVma = null;
  for (let link = head.next; link != head;) {
    const chain = AnonVmaChain.fromSameVma(link);
    const anonVma = chain.anonVma;
    link = link.next;
    intervalRemove<AvcInterval>(anonVma.tree, chain.node);
    if (anonVma.tree.node == null) {
      anonVma.parent.numChildren--;
      continue; // the lock may lie in it: it is freed below
    }
    chain.sameVma.del();
    cacheFree(CACHE_AVC, changetype<usize>(chain));
  }
  rwsem.upWrite();
  while (!head.isEmpty) {
    const chain = AnonVmaChain.fromSameVma(head.next);
    const anonVma = chain.anonVma;
    VM_BUG_ON(anonVma.numChildren != 0, 201);
    VM_BUG_ON(anonVma.numActiveVmas != 0, 202);
    chain.sameVma.del();
    cacheFree(CACHE_AVC, changetype<usize>(chain));
    putAnonVma(anonVma);
  }
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

/**
 * Drops a reference, and frees with the last one, once those have passed who found it through a
 * page and have no reference yet (Linux: put_anon_vma, SLAB_TYPESAFE_BY_RCU; see mm/rmap_walk.ts).
 * The root goes after the child that holds it.
 */
export function putAnonVma(anonVma: AnonVma): void {
  if (anonVma.refcount.fetchSub(1) != 1) return;
  const root = anonVma.root;
  synchronize();
  if (root != anonVma && reenacts(BUG_ANON_VMA_PUT_ORDER)) {
    putAnonVma(root);
    // Linux looks here whether somebody still holds the family's lock (anon_vma_free).
    BUG_ON(root.refcount.load() == 0, 310);
    cacheFree(CACHE_ANON_VMA, changetype<usize>(anonVma));
    return;
  }
  cacheFree(CACHE_ANON_VMA, changetype<usize>(anonVma));
  if (root != anonVma) putAnonVma(root);
}

/** A family of its own, that nobody has joined yet (Linux: anon_vma_alloc). */
function allocAnonVma(): AnonVma | null {
  const address = cacheAlloc(CACHE_ANON_VMA);
  if (address == 0) return null;
  const anonVma = changetype<AnonVma>(address);
  anonVma.root = anonVma;
  anonVma.parent = anonVma;
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
  const anonVma = vma.anonVmaCell.dereference();
  if (anonVma == 0) return null;
  const head = vma.anonVmaChain;
  return head.next.next == head ? changetype<AnonVma>(<usize>anonVma) : null;
}
