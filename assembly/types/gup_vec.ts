import { Atomic } from '../lib/atomic';
import { ListHead } from '../lib/list';

// ╒═══════════════ one entry of a vector of pages (8 bytes) ═══════════════╕
//   +0  pfn      u32  the caller's
//   +4  mapping  u32  the caller's: the address_space whose counter this entry must lower, or 0

export const GUP_ENTRY_SIZE: usize = 8;

/** What a GUP call notes about one page (Linux: an element of `struct page **pages`). */
@unmanaged
export class GupEntry {
  private _pfn: u32;
  private _mapping: u32;


  @inline static at(base: usize, index: u32): GupEntry {
    return changetype<GupEntry>(base + <usize>index * GUP_ENTRY_SIZE);
  }


  @inline get pfn(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<GupEntry>('_pfn'));
  }


  @inline get mapping(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<GupEntry>('_mapping'));
  }
}

if (offsetof<GupEntry>() != GUP_ENTRY_SIZE) ERROR('an entry takes eight bytes');

// ╒═══════════════ struct gup_vec (64 bytes) ═══════════════╕
//   +0   list       8    the machine's vector lock: all vectors that hold pages
//   +8   length     u32  immutable once filled: pages held
//   +12  gupFlags   u32  immutable: FOLL_*
//   +16  chunk      u32  immutable: first kernel page of entries, or 0 when they are inline
//   +20  mm         u32  immutable: whose pages they were (for reports; holds no reference)
//   +24  reserved   u64
//   +32  inline     4 x 8  entries of a short vector
//
// A chunk is a kernel page: GUP_CHUNK_ENTRIES entries, then the address of the next chunk.

export const GUP_INLINE_ENTRIES: u32 = 4;
export const GUP_CHUNK_ENTRIES: u32 = 511;
export const GUP_CHUNK_NEXT: usize = 4088;

/** The pages that one call from TypeScript holds. */
@unmanaged
export class GupVec {
  private _list: u64;
  length: u32;
  gupFlags: u32;
  chunk: u32;
  mm: u32;
  private _reserved: u64;
  private _inline0: u64;
  private _inline1: u64;
  private _inline2: u64;
  private _inline3: u64;


  @inline static fromList(link: ListHead): GupVec {
    return changetype<GupVec>(changetype<usize>(link) - offsetof<GupVec>('_list'));
  }


  @inline get list(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<GupVec>('_list'));
  }


  @inline get inlineEntries(): usize {
    return changetype<usize>(this) + offsetof<GupVec>('_inline0');
  }
}

if (offsetof<GupVec>() != 64) ERROR('struct gup_vec fills one cache line');
