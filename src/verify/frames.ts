import { MEM_MAP, PAGE_STRUCT_SIZE } from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { offsetsOf } from './core-memory.js';
import { ZONE_BASE } from '../wasm/generated/layout.js';

const PAGE = offsetsOf('Page');
const ZONE_FIELDS = offsetsOf('Zone');

/** Where a frame was found. */
export const IN_USE = 0;
/** The first frame of a block on a buddy list. */
export const BUDDY_HEAD = 1;
/** Another frame of that block. */
export const BUDDY_TAIL = 2;
/** In the list of a CPU. */
export const ON_PCP_LIST = 3;

/**
 * What was found out about each frame that was ever used, from those who refer to it. The arrays
 * are as long as the frontier of the zone is high, and have one slot more: the zero page's.
 */
export class Frames {
  readonly #audit: Audit;
  readonly frontier: number;
  /** IN_USE, or where on the free lists. */
  readonly state: Uint8Array;
  /** Page-table entries that map it. */
  readonly entries: Int32Array;
  /** Slots of page caches that hold it. */
  readonly cached: Int32Array;
  /** Entries of the CPUs' LRU batches, and of these the ones that put it on a list first. */
  readonly batched: Int32Array;
  readonly adding: Int32Array;
  /** Slots of the swap cache that hold it. */
  readonly swapCached: Int32Array;
  /** What the references of vectors and pipes add to its reference count. */
  readonly held: Float64Array;
  /** References of vectors: with FOLL_PIN, with FOLL_PIN and FOLL_WRITE, with FOLL_WRITE. */
  readonly pins: Int32Array;
  readonly writePins: Int32Array;
  readonly writers: Int32Array;

  constructor(audit: Audit) {
    this.#audit = audit;
    const noted = audit.memory.u32(ZONE_BASE + ZONE_FIELDS.frontier);
    this.frontier = Math.min(noted, audit.nrFrames);
    audit.findings.equal('free-list', 'zone', this.frontier, noted, 'frontier');
    const slots = this.frontier + 1;
    this.state = new Uint8Array(slots);
    this.entries = new Int32Array(slots);
    this.cached = new Int32Array(slots);
    this.swapCached = new Int32Array(slots);
    this.batched = new Int32Array(slots);
    this.adding = new Int32Array(slots);
    this.held = new Float64Array(slots);
    this.pins = new Int32Array(slots);
    this.writePins = new Int32Array(slots);
    this.writers = new Int32Array(slots);
  }

  /** The zero page's number. */
  get zeroPfn(): number {
    return this.#audit.nrFrames;
  }

  /** The slot of a frame in the arrays; -1 for one that was never used. */
  slotOf(pfn: number): number {
    if (pfn < this.frontier) return pfn;
    return pfn === this.zeroPfn ? this.frontier : -1;
  }

  /** The frame whose struct page lies at an address; -1 for an address that is none. */
  pfnOfPage(address: number): number {
    const pfn = (address - MEM_MAP) / PAGE_STRUCT_SIZE;
    return Number.isInteger(pfn) && pfn >= 0 && pfn < this.frontier ? pfn : -1;
  }

  /** Words of a frame's struct page. */
  flags(pfn: number): number {
    return this.#audit.memory.u32(pageAt(pfn) + PAGE.flags);
  }
  mapping(pfn: number): number {
    return this.#audit.memory.u32(pageAt(pfn) + PAGE.mapping);
  }
  index(pfn: number): number {
    return this.#audit.memory.u64(pageAt(pfn) + PAGE.index);
  }
  order(pfn: number): number {
    return this.#audit.memory.u64(pageAt(pfn) + PAGE.privateData);
  }
  mapcount(pfn: number): number {
    return this.#audit.memory.s32(pageAt(pfn) + PAGE.mapcount);
  }
  mlockCount(pfn: number): number {
    return this.#audit.memory.u32(pageAt(pfn) + PAGE.mlockCount);
  }
  refcount(pfn: number): number {
    return this.#audit.memory.s32(pageAt(pfn) + PAGE.refcount);
  }
}

/** For messages. */
export function pageName(pfn: number): string {
  return `page ${pfn}`;
}

/** Where a frame's struct page lies. */
export function pageAt(pfn: number): number {
  return MEM_MAP + pfn * PAGE_STRUCT_SIZE;
}
