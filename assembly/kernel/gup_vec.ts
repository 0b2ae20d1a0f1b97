import { FOLL_GET, FOLL_LONGTERM, FOLL_PIN, FOLL_TOUCH } from '../abi';
import { EFAULT, EINVAL, ENOMEM, EOVERFLOW } from '../lib/errno';
import { KPAGE_DATA } from '../lib/kdesc';
import { allocKernelPage, clearKernelPage, freeKernelPage } from '../lib/kmem';
import { CACHE_GUP_VEC, cacheAlloc, cacheFree } from '../lib/slab';
import { noteDirty, noteTake } from '../lib/watch';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import { readPage, writePage } from '../mm/highmem';
import { getUserPages, getUserPagesFast, releaseUserPages } from '../mm/gup';
import { reapOrphans } from '../mm/inode';
import { setPageDirtyLock } from '../mm/memory';
import {
  GUP_CHUNK_ENTRIES,
  GUP_CHUNK_NEXT,
  GUP_INLINE_ENTRIES,
  GupEntry,
  GupVec,
} from '../types/gup_vec';
import { vecList } from '../types/machine_lists';
import { Page, zeroPfn } from '../types/page';
import { TASK_SIZE } from '../arch/pgtable';
import { Task } from '../types/task';

/**
 * The pages that one call from TypeScript holds, as an object of the kernel's: what a driver's
 * array of pages is in Linux. All of them stand in one list, so that references can be accounted
 * for.
 */

/** Makes the list; called once, at boot. */
export function vectorInit(): void {
  vecList().vecs.init();
}

/**
 * get_user_pages, pin_user_pages and their fast variants: a new vector that holds 1 to `nr` pages,
 * or a negative error. `flags` has FOLL_GET or FOLL_PIN.
 */
export function gup(task: Task, start: u64, nr: u32, flags: u32, fast: bool): i32 {
  const both = FOLL_GET | FOLL_PIN;
  if ((flags & both) == 0 || (flags & both) == both) return -EINVAL;
  if ((flags & FOLL_LONGTERM) != 0 && (flags & FOLL_PIN) == 0) return -EINVAL;
  const rangeError = checkRange(start, nr);
  if (rangeError < 0) return rangeError;
  const vec = allocVec(nr, flags, task);
  if (vec == null) return -ENOMEM;
  const error = fill(vec, task, start, nr, fast);
  if (vec.length == 0) {
    freeVec(vec);
    return error < 0 ? error : -EFAULT;
  }
  noteTake(changetype<usize>(vec), start);
  const list = vecList();
  list.lock.lock();
  list.vecs.addTail(vec.list);
  list.lock.unlock();
  return <i32>changetype<usize>(vec);
}

/** Gives a vector's pages back, marked dirty before if the caller says so, and frees it. */
export function gupRelease(vec: GupVec, dirty: bool): void {
  if (dirty) noteDirty(changetype<usize>(vec));
  const list = vecList();
  list.lock.lock();
  vec.list.del();
  list.lock.unlock();
  for (let at: u32 = 0; at < vec.length;) {
    const entries = entriesAt(vec, at);
    const run = min(vec.length - at, capacityAt(vec));
    if (dirty) {
      for (let i: u32 = 0; i < run; i++) {
        setPageDirtyLock(Page.fromPfn(GupEntry.at(entries, i).pfn.load()));
      }
    }
    releaseUserPages(entries, run, vec.gupFlags);
    at += run;
  }
  freeVec(vec);
  reapOrphans();
}

/** Marks a vector's pages dirty (Linux: bio_set_pages_dirty). */
export function gupSetDirty(vec: GupVec): void {
  noteDirty(changetype<usize>(vec));
  for (let i: u32 = 0; i < vec.length; i++) setPageDirtyLock(Page.fromPfn(gupPfn(vec, i)));
}

/** The page frame number of a vector's page. */
export function gupPfn(vec: GupVec, index: u32): u32 {
  const entries = entriesAt(vec, index);
  return GupEntry.at(entries, index % capacityAt(vec)).pfn.load();
}

/**
 * Copies bytes between a vector's frames and a buffer, as a device does by DMA: -EINVAL beyond
 * them,
 * -EFAULT for a write to the zero page.
 */
export function gupCopy(vec: GupVec, offset: u64, buffer: usize, length: u32, write: bool): i32 {
  if (offset + length > (<u64>vec.length) << PAGE_SHIFT) return -EINVAL;
  let done: u32 = 0;
  while (done < length) {
    const at = offset + done;
    const inPage = (<u32>at) & (PAGE_SIZE - 1);
    const chunk = min(length - done, PAGE_SIZE - inPage);
    const pfn = gupPfn(vec, <u32>(at >> PAGE_SHIFT));
    if (write && pfn == zeroPfn()) return -EFAULT; // it is everybody's
    if (write) writePage(pfn, inPage, buffer + done, chunk);
    else readPage(pfn, inPage, buffer + done, chunk);
    done += chunk;
  }
  return 0;
}

/** As Linux checks them before anything is allocated (Linux: gup_fast_fallback). */
function checkRange(start: u64, nr: u32): i32 {
  const end = start + ((<u64>nr) << PAGE_SHIFT);
  if (end < start) return -EOVERFLOW;
  return end > TASK_SIZE ? -EFAULT : 0;
}

function fill(vec: GupVec, task: Task, start: u64, nr: u32, fast: bool): i32 {
  const touch = (vec.gupFlags & FOLL_GET) != 0 ? FOLL_TOUCH : 0; // pin_user_pages touches nothing
  for (let at: u32 = 0; at < nr;) {
    const entries = entriesAt(vec, at);
    const want = min(nr - at, capacityAt(vec));
    const address = start + ((<u64>at) << PAGE_SHIFT);
    const got = fast
      ? getUserPagesFast(task.mm, address, want, vec.gupFlags, entries)
      : getUserPages(task.mm, address, want, vec.gupFlags | touch, entries);
    if (got < 0) return got;
    at += got;
    vec.length = at;
    if (<u32>got < want) break;
  }
  return 0;
}

/** Entries that lie together: of a short vector all four, else a chunk. */
function capacityAt(vec: GupVec): u32 {
  return vec.chunk == 0 ? GUP_INLINE_ENTRIES : GUP_CHUNK_ENTRIES;
}

/** The entries that begin with number `index`'s run. */
function entriesAt(vec: GupVec, index: u32): usize {
  if (vec.chunk == 0) return vec.inlineEntries;
  let chunk = <usize>vec.chunk;
  for (let skip = index / GUP_CHUNK_ENTRIES; skip > 0; skip--) {
    chunk = <usize>load<u32>(chunk, GUP_CHUNK_NEXT);
  }
  return chunk;
}

function allocVec(nr: u32, flags: u32, task: Task): GupVec | null {
  const address = cacheAlloc(CACHE_GUP_VEC);
  if (address == 0) return null;
  const vec = changetype<GupVec>(address);
  vec.gupFlags = flags;
  vec.mm = <u32>changetype<usize>(task.mm);
  vec.list.init();
  if (nr > GUP_INLINE_ENTRIES && !allocChunks(vec, nr)) {
    freeVec(vec);
    return null;
  }
  return vec;
}

function allocChunks(vec: GupVec, nr: u32): bool {
  let last: usize = 0;
  for (let have: u32 = 0; have < nr; have += GUP_CHUNK_ENTRIES) {
    const chunk = allocKernelPage(KPAGE_DATA);
    if (chunk == 0) return false;
    if (last == 0) vec.chunk = <u32>chunk;
    else store<u32>(last, <u32>chunk, GUP_CHUNK_NEXT);
    last = chunk;
  }
  return true;
}

function freeVec(vec: GupVec): void {
  let chunk = <usize>vec.chunk;
  while (chunk != 0) {
    const next = <usize>load<u32>(chunk, GUP_CHUNK_NEXT);
    clearKernelPage(chunk);
    freeKernelPage(chunk);
    chunk = next;
  }
  cacheFree(CACHE_GUP_VEC, changetype<usize>(vec));
}
