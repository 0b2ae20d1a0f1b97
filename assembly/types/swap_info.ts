import { Atomic } from '../lib/atomic';
import { SpinLock } from '../lib/spinlock';
import { SWAP_INFO } from '../memlayout';

/** Bits of `flags` (Linux: SWP_*). */
export const SWP_USED: u32 = 1 << 0;
/** Slots may be handed out, and entries be made; not while swapoff empties the device. */
export const SWP_WRITEOK: u32 = 1 << 1;

// ╒═══════════════ struct swap_info (64 bytes) ═══════════════╕
//   +0   lock       u32  lock of the rest, and of the slots' counts
//   +4   flags      u32  atomic, written with the lock held: SWP_*
//   +8   pages      u32  lock held: slots that can hold a page, 1 to `pages`; immutable while used
//   +12  inuse      u32  atomic, written with the lock held: slots with a count or a cache
//   +16  frontier   u32  atomic, written with the lock held: slots [1, frontier) were used before
//   +20  firstFree  u32  lock held: slot given back last, or 0
//   +24  slots      u32  immutable while used: address of struct swap_slot of slot 0
//   +28  contents   u32  immutable while used: address of the contents of slot 1

/** The swap device (Linux: struct swap_info_struct). There is one. */
@unmanaged
export class SwapInfo {
  private _lock: u32;
  private _flags: u32;
  pages: u32;
  private _inuse: u32;
  private _frontier: u32;
  firstFree: u32;
  slots: u32;
  contents: u32;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<SwapInfo>('_lock'));
  }


  @inline get flags(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SwapInfo>('_flags'));
  }


  @inline get frontier(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SwapInfo>('_frontier'));
  }


  @inline get inuse(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SwapInfo>('_inuse'));
  }
}

/** In the count of a slot: the swap cache has a page for it (Linux: SWAP_HAS_CACHE). */
export const SWAP_HAS_CACHE: u32 = 0x8000_0000;
/** Entries that name the slot; more than a machine's memory could hold (Linux: SWAP_MAP_MAX). */
export const SWAP_COUNT: u32 = 0x7fff_ffff;
/** Bytes of struct swap_slot. */
export const SWAP_SLOT_SIZE: usize = 16;

// ╒═══════════════ struct swap_slot (16 bytes) ═══════════════╕
//   +0   cache  u32  atomic, written with the device's lock held: the page of the swap cache, or 0
//   +4   count  u32  atomic, written with the device's lock held: entries that name the slot, and
//                    SWAP_HAS_CACHE
//   +8   next   u32  device's lock held: next free slot, while it is free
//   +12  reserved

/** One page of the swap device (Linux: an element of swap_map and of the swap table). */
@unmanaged
export class SwapSlot {
  private _cache: u32;
  private _count: u32;
  next: u32;
  private _reserved: u32;

  /** The struct of a slot of the device. */
  @inline static of(device: SwapInfo, slot: u32): SwapSlot {
    return changetype<SwapSlot>(<usize>device.slots + <usize>slot * SWAP_SLOT_SIZE);
  }


  @inline get cache(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SwapSlot>('_cache'));
  }


  @inline get count(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SwapSlot>('_count'));
  }
}

if (offsetof<SwapInfo>() > 64) ERROR('struct swap_info fits one cache line');
if (offsetof<SwapSlot>() != SWAP_SLOT_SIZE) ERROR('struct swap_slot outgrew its drawing');

/** The swap device. */
export function swapInfo(): SwapInfo {
  return changetype<SwapInfo>(SWAP_INFO);
}
