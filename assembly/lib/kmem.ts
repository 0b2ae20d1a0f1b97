import { KMEM_BASE, KMEM_STATE, PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { VM_BUG_ON } from './bug';
import { KPAGE_FREE, Kdesc } from './kdesc';
import { machine } from './machine';
import { noteAlloc, noteFree } from './poison';
import { SpinLock } from './spinlock';

/**
 * The kernel's own pages: slabs and page tables. They lie outside of emulated RAM (a deliberate
 * difference from Linux: what a user boots is what processes can have), have contents whatever
 * `contents` says, and come zeroed. Pages that were never used lie behind a frontier, so booting a
 * large machine touches none of them.
 */

// ╒═══════════════ struct kmem (64 bytes) ═══════════════╕
//   +0   lock       u32  lock of the rest
//   +4   frontier   u32  lock held: pages [0, frontier) have been used before
//   +8   firstFree  u32  lock held: head of the free list, an address
//   +12  nrUsed     u32  lock held
//   +16  nrTables   u32  lock held: of these, page tables

@unmanaged
export class Kmem {
  private _lock: u32;
  frontier: u32;
  firstFree: u32;
  nrUsed: u32;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<Kmem>('_lock'));
  }
}

/** The state of the kernel page allocator. */
export function kmem(): Kmem {
  return changetype<Kmem>(KMEM_STATE);
}

/** A zeroed kernel page for the given use, or 0 when none is left (Linux: get_zeroed_page). */
export function allocKernelPage(kind: u32): usize {
  const state = kmem();
  state.lock.lock();
  const page = takeFree(state);
  if (page != 0) state.nrUsed++;
  state.lock.unlock();
  if (page != 0) {
    Kdesc.of(page).kind = kind;
    noteAlloc(page, PAGE_SIZE);
  }
  return page;
}

/**
 * Gives a kernel page back (Linux: free_page).
 * Preconditions:
 * - the page is all zeros again: page tables are when they are freed, others clear it.
 */
export function freeKernelPage(page: usize): void {
  const desc = Kdesc.of(page);
  VM_BUG_ON(desc.kind == KPAGE_FREE, 111);
  noteFree(page, PAGE_SIZE);
  desc.kind = KPAGE_FREE;
  const state = kmem();
  state.lock.lock();
  desc.nextFree = state.firstFree;
  state.firstFree = <u32>page;
  state.nrUsed--;
  state.lock.unlock();
}

function takeFree(state: Kmem): usize {
  const page = <usize>state.firstFree;
  if (page != 0) {
    state.firstFree = Kdesc.of(page).nextFree;
    return page;
  }
  if (state.frontier == machine().nrKpages) return 0;
  const index = state.frontier;
  state.frontier = index + 1;
  return KMEM_BASE + ((<usize>index) << PAGE_SHIFT);
}

/** Clears a kernel page before it is freed or handed on. */
export function clearKernelPage(page: usize): void {
  memory.fill(page, 0, PAGE_SIZE);
}
