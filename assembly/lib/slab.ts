import { PAGE_SIZE, SLAB_DEPOTS } from '../memlayout';
import { VM_BUG_ON } from './bug';
import { KPAGE_SLAB, Kdesc } from './kdesc';
import { allocKernelPage } from './kmem';
import { NR_CACHES, PERCPU_MAGAZINES, thisCpu } from './percpu';
import { noteAlloc, noteFree, poison } from './poison';
import { SpinLock } from './spinlock';

/**
 * Object caches (Linux: kmem_cache). Each CPU keeps a magazine of free objects of each cache and
 * needs no lock for it; an empty magazine takes MAGAZINE objects from the cache's depot, a full one
 * gives as many back. Free objects are linked through their first word. A slab stays with its
 * cache.
 *
 * Objects are handed out zeroed. Those of a multiple of 64 bytes lie on cache lines of their own.
 */

/**
 * Objects that move between a magazine and the depot at once; a magazine holds up to twice that.
 */
const MAGAZINE: u32 = 16;

// ╒═══════════════ struct kmem_cache (64 bytes) ═══════════════╕
//   +0   lock       u32  lock of the rest
//   +4   firstFree  u32  lock held: objects linked through their first word
//   +8   nrSlabs    u32  lock held
@unmanaged
export class Depot {
  private _lock: u32;
  firstFree: u32;
  nrSlabs: u32;


  @inline static of(cache: u32): Depot {
    return changetype<Depot>(SLAB_DEPOTS + <usize>cache * 64);
  }


  @inline get lock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<Depot>('_lock'));
  }
}

// ╒═══════════════ struct magazine (16 bytes), this CPU only ═══════════════╕
@unmanaged
export class Magazine {
  firstFree: u32;
  count: u32;
  /** Objects that this CPU has taken and freed: over all CPUs, their difference is alive. */
  nrAllocs: u32;
  nrFrees: u32;


  @inline static of(cache: u32): Magazine {
    return changetype<Magazine>(
      changetype<usize>(thisCpu()) + PERCPU_MAGAZINES + <usize>cache * 16,
    );
  }
}

if (offsetof<Magazine>() != 16) ERROR('per-CPU areas reserve sixteen bytes a magazine');

export const CACHE_TASK: u32 = 0;
export const CACHE_MM: u32 = 1;
export const CACHE_VMA: u32 = 2;
export const CACHE_ANON_VMA: u32 = 3;
export const CACHE_AVC: u32 = 4;
export const CACHE_INODE: u32 = 5;
export const CACHE_FILE: u32 = 6;
export const CACHE_XA_NODE: u32 = 7;
export const CACHE_GUP_VEC: u32 = 8;
export const CACHE_NAME: u32 = 9;
export const CACHE_PIPE: u32 = 12;

/** Size of an object of a cache in bytes: a multiple of 32, so that objects begin on 32 bytes. */
export function objectSize(cache: u32): u32 {
  switch (cache) {
    case CACHE_TASK:
    case CACHE_ANON_VMA:
    case CACHE_AVC:
    case CACHE_FILE:
    case CACHE_GUP_VEC:
      return 64;
    case CACHE_MM:
    case CACHE_INODE:
    case CACHE_NAME:
      return 256;
    case CACHE_VMA:
      return 128;
    default:
      return 320; // CACHE_PIPE, CACHE_XA_NODE
  }
}

/** A zeroed object, or 0 when the kernel's memory is exhausted (Linux: kmem_cache_zalloc). */
export function cacheAlloc(cache: u32): usize {
  VM_BUG_ON(cache >= NR_CACHES, 121);
  const magazine = Magazine.of(cache);
  if (magazine.count == 0 && !refill(cache, magazine)) return 0;
  const object = <usize>magazine.firstFree;
  magazine.firstFree = load<u32>(object);
  magazine.count--;
  magazine.nrAllocs++;
  clear(object, objectSize(cache));
  noteAlloc(object, objectSize(cache));
  return object;
}

/** Gives an object back to its cache (Linux: kmem_cache_free). */
export function cacheFree(cache: u32, object: usize): void {
  VM_BUG_ON(Kdesc.of(object).kind != KPAGE_SLAB, 122);
  VM_BUG_ON(Kdesc.of(object).cache != cache, 123);
  noteFree(object, objectSize(cache));
  poison(object, objectSize(cache));
  const magazine = Magazine.of(cache);
  store<u32>(object, magazine.firstFree);
  magazine.firstFree = <u32>object;
  magazine.nrFrees++;
  if (++magazine.count == 2 * MAGAZINE) flush(cache, magazine);
}

function clear(object: usize, size: u32): void {
  for (let at = object, end = object + size; at < end; at += 16) {
    store<u64>(at, 0);
    store<u64>(at, 0, 8);
  }
}

function refill(cache: u32, magazine: Magazine): bool {
  const depot = Depot.of(cache);
  depot.lock.lock();
  if (depot.firstFree == 0) growLocked(cache, depot);
  while (magazine.count < MAGAZINE && depot.firstFree != 0) {
    const object = <usize>depot.firstFree;
    depot.firstFree = load<u32>(object);
    store<u32>(object, magazine.firstFree);
    magazine.firstFree = <u32>object;
    magazine.count++;
  }
  depot.lock.unlock();
  return magazine.count != 0;
}

function flush(cache: u32, magazine: Magazine): void {
  const depot = Depot.of(cache);
  depot.lock.lock();
  for (let i: u32 = 0; i < MAGAZINE; i++) {
    const object = <usize>magazine.firstFree;
    magazine.firstFree = load<u32>(object);
    store<u32>(object, depot.firstFree);
    depot.firstFree = <u32>object;
  }
  magazine.count -= MAGAZINE;
  depot.lock.unlock();
}

/** Cuts a new kernel page into objects, the first one on top of the list. */
function growLocked(cache: u32, depot: Depot): void {
  const slab = allocKernelPage(KPAGE_SLAB);
  if (slab == 0) return;
  Kdesc.of(slab).cache = cache;
  depot.nrSlabs++;
  const size = objectSize(cache);
  for (let i = <i32>(PAGE_SIZE / size) - 1; i >= 0; i--) {
    const object = slab + <usize>(<u32>i * size);
    store<u32>(object, depot.firstFree);
    depot.firstFree = <u32>object;
  }
}
