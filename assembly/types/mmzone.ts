import { ListHead, listAt } from '../lib/list';
import { ZONE_BASE } from '../memlayout';
import { PERCPU_PCP, PerCpu } from '../lib/percpu';
import { SpinLock } from '../lib/spinlock';

/** Orders of blocks: 1 to 1024 pages (Linux: MAX_PAGE_ORDER, NR_PAGE_ORDERS). */
export const MAX_PAGE_ORDER: u32 = 10;
export const NR_PAGE_ORDERS: u32 = MAX_PAGE_ORDER + 1;

// ╒═══════════════ struct zone (256 bytes) ═══════════════╕
//   +0    lock       u32        lock of the rest
//   +4    frontier   u32        lock held: frames [0, frontier) have been used before
//   +8    nrBuddy    u32        lock held: pages on the free lists
//   +64   freeList   11 x 8     lock held: blocks by order
//   +152  nrFree     11 x 4     lock held: number of blocks by order

/** The frames of emulated RAM (Linux: struct zone, with its free_area[]). There is one. */
@unmanaged
export class Zone {
  private _lock: u32;
  frontier: u32;
  nrBuddy: u32;


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<Zone>('_lock'));
  }


  @inline freeList(order: u32): ListHead {
    return listAt(changetype<usize>(this) + ZONE_FREE_LIST + ((<usize>order) << 3));
  }


  @inline getNrFree(order: u32): u32 {
    return load<u32>(changetype<usize>(this) + ZONE_NR_FREE + ((<usize>order) << 2));
  }


  @inline setNrFree(order: u32, count: u32): void {
    store<u32>(changetype<usize>(this) + ZONE_NR_FREE + ((<usize>order) << 2), count);
  }
}

export const ZONE_FREE_LIST: usize = 64;
export const ZONE_NR_FREE: usize = ZONE_FREE_LIST + <usize>NR_PAGE_ORDERS * 8;
if (ZONE_NR_FREE + <usize>NR_PAGE_ORDERS * 4 > 256) ERROR('struct zone outgrew its drawing');

/** The zone. */
export function zone(): Zone {
  return changetype<Zone>(ZONE_BASE);
}

// ╒═══════════════ struct per_cpu_pages (64 bytes) ═══════════════╕
//   +0   lock   u32   lock of the rest: its CPU, or another that drains it
//   +4   count  u32   lock held
//   +8   list   8     lock held: free pages of order 0, most recently freed first

/** Free pages that one CPU keeps at hand (Linux: struct per_cpu_pages). */
@unmanaged
export class PerCpuPages {
  private _lock: u32;
  count: u32;
  private _list: u64;


  @inline static of(cpu: PerCpu): PerCpuPages {
    return changetype<PerCpuPages>(changetype<usize>(cpu) + PERCPU_PCP);
  }


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<PerCpuPages>('_lock'));
  }


  @inline get list(): ListHead {
    return changetype<ListHead>(changetype<usize>(this) + offsetof<PerCpuPages>('_list'));
  }
}

if (offsetof<PerCpuPages>() > 64) ERROR('struct per_cpu_pages fits one cache line');
