import {
  FOLL_PIN,
  FOLL_WRITE,
  MADV_FREE,
  MAP_FIXED,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
} from '../abi';
import { machine } from '../lib/machine';
import { PERCPU_VECTOR, thisCpu } from '../lib/percpu';
import { getUserPagesFast, releaseUserPages } from '../mm/gup';
import { reclaim, reclaimPages } from '../mm/vmscan';
import { sysMadvise } from '../kernel/advise';
import { sysFallocate } from '../kernel/read_write';
import { sysSwapoff, sysSwapon } from '../kernel/swapon';
import { sysMmap, sysMremap, sysMunmap, userTouch } from '../kernel/syscall';
import { toU64 } from '../kernel/convert';
import { putPage } from '../mm/page_alloc';
import { tryGetPage } from '../mm/page_ref';
import { folioIsolateLru, lruAddDrainAll } from '../mm/swap';
import { CpuLru } from '../types/lruvec';
import { Page } from '../types/page';
import { swapInfo } from '../types/swap_info';
import { Task } from '../types/task';
import { waitAtGate } from './contend';

/**
 * Loops that race against one another on real threads, for tests and for measuring: each goes round
 * at least once, so that even a thread that the host has kept waiting takes part, then on until
 * `stop` is set; it returns how often it went round, or a negative error that should not be.
 */

/** Pins up to `nr` pages for writing, fast and then slow, and releases them; ignores EFAULT. */
export function pinLoop(task: Task, addr: f64, nr: u32): f64 {
  const vector = changetype<usize>(thisCpu()) + PERCPU_VECTOR;
  const flags = FOLL_PIN | FOLL_WRITE;
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const got = getUserPagesFast(task.mm, toU64(addr), nr, flags, vector);
    if (got > 0) releaseUserPages(vector, got, flags);
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Unmaps a shared file mapping, maps it again in its place, and touches every page. */
export function remapLoop(task: Task, addr: f64, length: f64, fd: i32): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const unmapped = sysMunmap(task, addr, length);
    if (unmapped < 0) return unmapped;
    const flags = MAP_SHARED | MAP_FIXED;
    const mapped = sysMmap(task, addr, length, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (mapped < 0) return mapped;
    const touched = userTouch(task, addr, length, true);
    if (touched < 0) return touched;
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Moves a mapping to another place and back again; MREMAP_DONTUNMAP may be among the flags. */
export function moveLoop(task: Task, addr: f64, length: f64, to: f64, flags: u32): f64 {
  const how = MREMAP_MAYMOVE | MREMAP_FIXED | flags;
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const moved = sysMremap(task, addr, length, length, how, to);
    if (moved < 0) return moved;
    const back = sysMremap(task, to, length, length, how, addr);
    if (back < 0) return back;
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Punches the whole file out and allocates it again. */
export function punchLoop(task: Task, fd: i32, length: f64): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const punched = sysFallocate(task, fd, 3, 0, length);
    if (punched < 0) return punched;
    const filled = sysFallocate(task, fd, 0, 0, length);
    if (filled < 0) return filled;
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Touches every page of a range again and again. */
export function touchLoop(task: Task, addr: f64, length: f64, write: bool): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    userTouch(task, addr, length, write);
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Gives a range of private memory up again and again (MADV_FREE): whoever writes keeps it. */
export function freeLoop(task: Task, addr: f64, length: f64): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const freed = sysMadvise(task, addr, length, MADV_FREE);
    if (freed < 0) return freed;
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Reclaims whatever there is. */
export function reclaimLoop(pages: u32): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    reclaim(pages);
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Sends the frames [first, behind) out of memory, as far as they can go, again and again. */
export function pageOutLoop(first: u32, behind: u32): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    pageOutRange(first, behind);
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/**
 * Sends the frames [first, behind) out of memory, used or not, as far as they can go; returns how
 * many went.
 */
export function pageOutRange(first: u32, behind: u32): u32 {
  const isolated = CpuLru.of(thisCpu()).taken;
  lruAddDrainAll();
  for (let pfn = first; pfn < behind; pfn++) {
    const page = Page.fromPfn(pfn);
    if (!tryGetPage(page)) continue;
    if (folioIsolateLru(page)) isolated.add(page.lru);
    putPage(page);
  }
  return reclaimPages(isolated);
}

/** Takes the swap device away and adds it again, with so many pages. */
export function swapLoop(pages: u32): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const off = sysSwapoff();
    if (off < 0) return off;
    const on = sysSwapon(swapInfo().slots, pages);
    if (on < 0) return on;
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}
