import {
  PG_ANON_EXCLUSIVE,
  SWAP_COUNT,
  SWAP_HAS_CACHE,
  SWAP_INFO,
  SWAP_SLOT_SIZE,
  SWP_USED,
  SWP_WRITEOK,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import { pageName, type Frames } from './frames.js';

const DEVICE = offsetsOf('SwapInfo');
const SLOT = offsetsOf('SwapSlot');

/** The swap device, and which entries were found to name each of its slots. */
export class SwapDevice {
  /** Slots [1, frontier) have been used before. */
  readonly frontier: number;
  readonly #audit: Audit;
  readonly #slots: number;
  readonly #named: Int32Array;
  /** Slots that an entry names whose page is one process's alone. */
  readonly #exclusive: Uint8Array;

  constructor(audit: Audit) {
    const { memory, findings } = audit;
    this.#audit = audit;
    this.#slots = memory.u32(SWAP_INFO + DEVICE.slots);
    const flags = memory.u32(SWAP_INFO + DEVICE.flags);
    const pages = memory.u32(SWAP_INFO + DEVICE.pages);
    const noted = memory.u32(SWAP_INFO + DEVICE.frontier);
    const used = flags !== 0;
    const expected = used ? SWP_USED | SWP_WRITEOK : 0;
    findings.equalHex('swap-device', 'swap device', expected, flags, 'flags');
    this.frontier = used ? Math.min(Math.max(noted, 1), pages + 1) : 0;
    if (used) findings.equal('swap-device', 'swap device', this.frontier, noted, 'frontier');
    this.#named = new Int32Array(this.frontier);
    this.#exclusive = new Uint8Array(this.frontier);
  }

  /** Counts an entry that names a slot; false, and a violation, if there is no such slot. */
  name(slot: number, exclusive: boolean, user: () => string): boolean {
    if (slot < 1 || slot >= this.frontier) {
      this.#audit.findings.report('swap-count', user(), 'a slot that was used before', slot);
      return false;
    }
    this.#named[slot] = this.named(slot) + 1;
    if (exclusive) this.#exclusive[slot] = 1;
    return true;
  }

  /** Entries that were found to name a slot. */
  named(slot: number): number {
    return this.#named[slot] ?? 0;
  }

  /**
   * Notes the pages of the swap cache in the frames, once all entries were counted; returns how
   * many there are.
   */
  checkCache(frames: Frames): number {
    const { memory, findings } = this.#audit;
    let pages = 0;
    for (let slot = 1; slot < this.frontier; slot++) {
      const cache = memory.u32(this.#at(slot) + SLOT.cache);
      const flag = memory.u32(this.#at(slot) + SLOT.count) >>> 31;
      findings.equal('swap-cache', () => slotName(slot), cache === 0 ? 0 : 1, flag, 'cache flag');
      if (cache === 0) continue;
      pages++;
      const pfn = frames.pfnOfPage(cache);
      if (pfn < 0) {
        findings.report('object', slotName(slot), 'a page', hex(cache), 'page of the swap cache');
        continue;
      }
      frames.swapCached[pfn] = (frames.swapCached[pfn] ?? 0) + 1;
      const name = () => pageName(pfn);
      findings.equal('swap-cache', name, slot, frames.order(pfn), 'slot that it names');
      if ((frames.flags(pfn) & PG_ANON_EXCLUSIVE) === 0) continue;
      const detail = 'entries that name the slot of an exclusive page';
      findings.equal('page-flags', name, 0, this.named(slot), detail);
    }
    return pages;
  }

  /** Compares the counts, and walks the free slots; called once all entries were counted. */
  checkCounts(): void {
    const { memory, findings } = this.#audit;
    const free = this.#freeSlots();
    let inuse = 0;
    for (let slot = 1; slot < this.frontier; slot++) {
      const count = memory.u32(this.#at(slot) + SLOT.count);
      const named = this.named(slot);
      const name = () => slotName(slot);
      findings.equal('swap-count', name, named, count & SWAP_COUNT, 'entries that name it');
      if (this.#exclusive[slot] === 1) {
        findings.equal('swap-count', name, 1, named, 'entries that name an exclusive page');
      }
      if ((count & (SWAP_COUNT | SWAP_HAS_CACHE)) !== 0) inuse++;
      const isFree = free.has(slot) ? 0 : 1;
      findings.equal('swap-device', name, count === 0 ? 0 : 1, isFree, 'absence among the free');
    }
    const noted = memory.u32(SWAP_INFO + DEVICE.inuse);
    findings.equal('swap-device', 'swap device', inuse, noted, 'slots in use');
  }

  #freeSlots(): ReadonlySet<number> {
    const { memory, findings } = this.#audit;
    const free = new Set<number>();
    let slot = this.frontier === 0 ? 0 : memory.u32(SWAP_INFO + DEVICE.firstFree);
    while (slot !== 0) {
      if (slot >= this.frontier || free.has(slot)) {
        findings.report('swap-device', 'swap device', 'a free slot, once', slot, 'free list');
        break;
      }
      free.add(slot);
      slot = memory.u32(this.#at(slot) + SLOT.next);
    }
    return free;
  }

  #at(slot: number): number {
    return this.#slots + slot * SWAP_SLOT_SIZE;
  }
}

function slotName(slot: number): string {
  return `swap slot ${slot}`;
}
