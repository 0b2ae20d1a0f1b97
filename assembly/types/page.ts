import { Atomic, AtomicFlags } from '../lib/atomic';
import { ListHead } from '../lib/list';
import { machine } from '../lib/machine';
import { CONTENTS_BASE, MEM_MAP, PAGE_SHIFT, PAGE_STRUCT_SIZE } from '../memlayout';

// ╒════════════════════════════ struct page (64 bytes) ════════════════════════════╕
//   Words lie where Linux has them; a pointer takes the lower half of its word.
//   +0   flags      u64   atomic: PG_*
//   +8   lru.next   u32   the list's lock: LRU list, free list or per-CPU list; an isolated page's
//                         is its holder's
//   +12  lru.prev   u32   the same
//   +16  mlockCount u32   lru_lock held: VMAs that lock it, while it is unevictable and PG_lru
//   +20  reserved   u32
//   +24  mapping    u32   atomic, written with PG_locked held: address_space, or anon_vma + 1
//   +28  reserved   u32
//   +32  index      u64   PG_locked held, stable while mapped or in the page cache
//   +40  privateData u64   PG_locked held: slot of a page in the swap cache; the buddy
//                          allocator's: order of a free block
//   +48  mapcount   i32   atomic: mappings - 1; PAGE_TYPE_* in a free page
//   +52  refcount   i32   atomic: 0 means free or frozen
//   +56  reserved   u64

/** Flag bits (Linux: enum pageflags). */
export const PG_LOCKED: u64 = 1 << 0;
/** Its contents are on their way to the swap device. */
export const PG_WRITEBACK: u64 = 1 << 1;
export const PG_REFERENCED: u64 = 1 << 2;
export const PG_UPTODATE: u64 = 1 << 3;
export const PG_DIRTY: u64 = 1 << 4;
/** On an LRU list. Whoever clears it may take the page off its list, and nobody else. */
export const PG_LRU: u64 = 1 << 5;
/** Somebody sleeps on the lower word of the flags until PG_locked is clear. */
export const PG_WAITERS: u64 = 1 << 7;
/** On an active list, or on its way to one. */
export const PG_ACTIVE: u64 = 1 << 8;
/** Was on an active list once (Linux: folio_test_workingset). */
export const PG_WORKINGSET: u64 = 1 << 9;
/** In the swap cache; `privateData` is its entry then (Linux: PG_owner_priv_1). */
export const PG_SWAPCACHE: u64 = 1 << 10;
/** An anonymous page that one process maps alone (Linux: PG_owner_2 as PG_anon_exclusive). */
export const PG_ANON_EXCLUSIVE: u64 = 1 << 11;
/** Goes to the end of its list once it is written (Linux: folio_test_reclaim). */
export const PG_RECLAIM: u64 = 1 << 16;
/** Without it an anonymous page is lazily freed: reclaim may drop it if it is clean. */
export const PG_SWAPBACKED: u64 = 1 << 17;
/** Locked in memory: counted among the unevictable, and on no list. */
export const PG_UNEVICTABLE: u64 = 1 << 18;
/** Some VMA with VM_LOCKED maps it. */
export const PG_MLOCKED: u64 = 1 << 20;

/** In `mapcount`: the block on the buddy allocator's free lists begins here (Linux: PGTY_buddy). */
export const PAGE_TYPE_BUDDY: i32 = -0x1000_0000;
/** In `mapcount`: a free page in a CPU's list; so that freeing it once more is noticed. */
export const PAGE_TYPE_PCP: i32 = -0x1100_0000;
/** In `mapping`: the rest points to an anon_vma (Linux: FOLIO_MAPPING_ANON). */
export const PAGE_MAPPING_ANON: u32 = 1;

/** The descriptor of one page frame (Linux: struct page, and struct folio of one page). */
@unmanaged
export class Page {
  private _flags: u64;
  private _lru: u64;
  mlockCount: u32;
  private _reserved0: u32;
  private _mapping: u32;
  private _reserved1: u32;
  index: u64;
  privateData: u64;
  private _mapcount: i32;
  private _refcount: i32;
  private _reserved2: u64;

  /** The page of a page frame number (Linux: pfn_to_page). */
  @inline static fromPfn(pfn: u32): Page {
    return changetype<Page>(MEM_MAP + <usize>pfn * PAGE_STRUCT_SIZE);
  }

  /** The page that embeds `link` (Linux: container_of). */
  @inline static fromLru(link: ListHead): Page {
    return changetype<Page>(changetype<usize>(link) - offsetof<Page>('_lru'));
  }

  /** The page frame number (Linux: page_to_pfn). */
  @inline get pfn(): u32 {
    return <u32>((changetype<usize>(this) - MEM_MAP) / PAGE_STRUCT_SIZE);
  }


  @inline get flags(): AtomicFlags {
    return changetype<AtomicFlags>(changetype<usize>(this) + offsetof<Page>('_flags'));
  }
  /** The half of the flags that a CPU can sleep on: PG_locked and PG_waiters are in it. */
  @inline get flagsLow(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<Page>('_flags'));
  }


  @inline get lru(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<Page>('_lru'));
  }


  @inline get mapping(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<Page>('_mapping'));
  }


  @inline get mapcount(): Atomic<i32> {
    return changetype<Atomic<i32>>(changetype<usize>(this) + offsetof<Page>('_mapcount'));
  }


  @inline get refcount(): Atomic<i32> {
    return changetype<Atomic<i32>>(changetype<usize>(this) + offsetof<Page>('_refcount'));
  }
  /** Both counts, for who raises them in one step: mapcount is the lower half. */
  @inline get counts(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<Page>('_mapcount'));
  }
  /** True for a page of an anonymous mapping (Linux: PageAnon). */
  @inline get isAnon(): bool {
    return (this.mapping.load() & PAGE_MAPPING_ANON) != 0;
  }
}

if (offsetof<Page>() != PAGE_STRUCT_SIZE) ERROR('struct page must fill exactly one cache line');
if (offsetof<Page>('_mapping') != 24) ERROR('Page.mapping moved: update the drawing above');
if (offsetof<Page>('_refcount') != 52) ERROR('Page.refcount moved: update the drawing above');

/**
 * The page that reads of untouched anonymous memory see (Linux: ZERO_PAGE): behind the last frame.
 */
export function zeroPfn(): u32 {
  return machine().nrFrames;
}

/** How much of its contents each frame has. */
export const CONTENTS_NONE: u32 = 0;
/** One 64-bit word, which stands for the page as if repeated over it. */
export const CONTENTS_STAMP: u32 = 1;
export const CONTENTS_FULL: u32 = 2;

/** Where the contents of a frame begin; only with CONTENTS_FULL. */
export function pageAddress(pfn: u32): usize {
  return CONTENTS_BASE + ((<usize>pfn) << PAGE_SHIFT);
}

/** The word that stands for a frame's contents; only with CONTENTS_STAMP. */
export function pageStamp(pfn: u32): usize {
  return CONTENTS_BASE + ((<usize>pfn) << 3);
}
