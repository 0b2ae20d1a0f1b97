import { KDESC_BASE, KDESC_SIZE, KMEM_BASE, PAGE_SHIFT } from '../memlayout';
import { SpinLock } from './spinlock';

// ╒═══════════════ struct kdesc (64 bytes) ═══════════════╕
//   +0   ptl        u32  lock: the page table's entries (Linux: ptdesc.ptl)
//   +4   nextFree   u32  allocator's lock: next free kernel page, as an address
//   +8   kind       u32  whoever owns the page: KPAGE_*
//   +12  level      u32  immutable while a page table: 0 for a table of PTEs
//   +16  cache      u32  immutable while a slab: its cache
//   +20  reserved

/** What a kernel page is used for. */
export const KPAGE_FREE: u32 = 0;
export const KPAGE_PGTABLE: u32 = 1;
export const KPAGE_SLAB: u32 = 2;
export const KPAGE_DATA: u32 = 3;

/** Describes one kernel page (Linux: struct ptdesc, struct slab). One cache line each. */
@unmanaged
export class Kdesc {
  private _ptl: u32;
  nextFree: u32;
  kind: u32;
  level: u32;
  cache: u32;

  /** The descriptor of the kernel page that holds `address`. */
  @inline static of(address: usize): Kdesc {
    return changetype<Kdesc>(KDESC_BASE + ((address - KMEM_BASE) >> PAGE_SHIFT) * KDESC_SIZE);
  }


  @inline get ptl(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<Kdesc>('_ptl'));
  }
}

if (offsetof<Kdesc>() > KDESC_SIZE) ERROR('struct kdesc must fit its cache line');
