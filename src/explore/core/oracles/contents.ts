import {
  CONTENTS_BASE,
  MEM_MAP,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  STRUCTS,
  SWAP_INFO,
  SWAP_SLOT_SIZE,
} from '../../../wasm/generated/layout.js';
import { entriesOf, isPresent, isGuard, pfnOf } from '../../../stats/page-table.js';
import type { OracleContext } from './oracle.js';

const XA_NODE_BIT = 2;
const XA_VALUE_BIT = 1;
const XA_SLOTS = STRUCTS.XaNode.size;
const XA_CHUNK_SIZE = 64;
const HEAD = STRUCTS.XArray.fields.head.offset;
const SWP_SHIFT = 14;

/** Where the data of an address or of a file's page are. */
export interface Place {
  /** The frame: mapped, or of the swap cache; -1 for none. */
  readonly pfn: number;
  /** The slot of the swap device; 0 for none. */
  readonly slot: number;
}

/** Reads what frames and files hold, at a moment when nobody runs or between two steps. */
export class Contents {
  readonly #context: OracleContext;
  /** Bytes that stand for a page. */
  readonly size: number;

  constructor(context: OracleContext) {
    this.#context = context;
    const { contents } = context.options;
    this.size = contents === 'full' ? PAGE_SIZE : contents === 'stamp' ? 8 : 0;
  }

  /** A copy of what a page holds, in memory or on the swap device. */
  copyOf({ pfn, slot }: Place): Uint8Array {
    return this.#context.views.copy(this.#addressOf(pfn, slot), this.size);
  }

  /** Whether a page holds these bytes. */
  isEqual({ pfn, slot }: Place, bytes: Uint8Array): boolean {
    const { u8 } = this.#context.views;
    const at = this.#addressOf(pfn, slot);
    for (let i = 0; i < this.size; i++) if (u8[at + i] !== bytes[i]) return false;
    return true;
  }

  /** The pages of a file, by index. */
  pagesOf(inode: number): Map<number, Place> {
    const pages = new Map<number, Place>();
    const { inode: fields, mapping } = {
      inode: STRUCTS.Inode.fields,
      mapping: STRUCTS.AddressSpace.fields,
    };
    const tree = inode + fields.mapping0.offset + mapping.iPages0.offset;
    this.#walk(this.#context.views.u32At(tree + HEAD), 0, pages);
    return pages;
  }

  /** What an address of a process leads to; undefined where nothing is mapped. */
  mappedAt(mm: number, address: number): Place | undefined {
    for (const entry of entriesOf(this.#context.views, mm, address, address + PAGE_SIZE)) {
      if (isPresent(entry)) return { pfn: pfnOf(entry), slot: 0 };
      if (isGuard(entry)) return undefined;
      return this.#swapped(entry.high * 2 ** (32 - SWP_SHIFT) + (entry.low >>> SWP_SHIFT));
    }
    return undefined;
  }

  #swapped(slot: number): Place {
    const { views } = this.#context;
    const slots = views.read('SwapInfo', 'slots', SWAP_INFO);
    const cache = views.u32At(slots + slot * SWAP_SLOT_SIZE);
    return cache === 0 ? { pfn: -1, slot } : { pfn: (cache - MEM_MAP) / PAGE_STRUCT_SIZE, slot };
  }

  #walk(entry: number, first: number, pages: Map<number, Place>): void {
    if ((entry & XA_NODE_BIT) === 0) return;
    const node = entry - XA_NODE_BIT;
    const { views } = this.#context;
    const span = 2 ** views.read('XaNode', 'shift', node);
    for (let slot = 0; slot < XA_CHUNK_SIZE; slot++) {
      const value = views.u32At(node + XA_SLOTS + slot * 4);
      if (value === 0) continue;
      const index = first + slot * span;
      if (span > 1) this.#walk(value, index, pages);
      else if ((value & XA_VALUE_BIT) !== 0) pages.set(index, this.#swapped(value >>> 2));
      else pages.set(index, { pfn: (value - MEM_MAP) / PAGE_STRUCT_SIZE, slot: 0 });
    }
  }

  #addressOf(pfn: number, slot: number): number {
    if (pfn >= 0) return CONTENTS_BASE + pfn * this.size;
    const base = this.#context.views.read('SwapInfo', 'contents', SWAP_INFO);
    return base + (slot - 1) * this.size;
  }
}
