import { TASK_SIZE } from '../arch/pgtable';
import { EINVAL, ENOMEM } from '../lib/errno';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { findVma, highestGap, lowestGap } from './vma_tree';

/**
 * Where a new mapping goes (Linux: mm/mmap.c, arch_get_unmapped_area_topdown). mmap_lock is held.
 */

/** Where the search for a free range begins, downwards (Linux: mm->mmap_base). */
export const MMAP_BASE: u64 = 0x7fff_f7ff_f000;
/** And where it goes on, upwards, when nothing is free below (Linux: TASK_UNMAPPED_BASE). */
const MMAP_BASE_BOTTOM_UP: u64 = 0x2aaa_aaaa_a000;
/** Where MAP_32BIT searches, upwards, and what it stays below (Linux: find_start_end). */
const LOW_START: u64 = 0x4000_0000;
const LOW_END: u64 = 0x8000_0000;
/** Lowest address that the search gives (Linux: mmap_min_addr). */
const MMAP_MIN_ADDR: u64 = 0x1_0000;

/**
 * The address to map so many bytes at: the caller's if it is fixed or free, or a free range, with
 * `low` below 2 GiB; or -ENOMEM, -EINVAL (Linux: __get_unmapped_area). What a fixed range replaces
 * is not looked at.
 */
export function getUnmappedArea(
  mm: MmStruct,
  hint: u64,
  bytes: u64,
  fixed: bool,
  low: bool = false,
): i64 {
  if (bytes > TASK_SIZE) return -ENOMEM;
  if (fixed) {
    if (hint > TASK_SIZE - bytes) return -ENOMEM;
    return (hint & (PAGE_SIZE - 1)) != 0 ? -EINVAL : <i64>hint;
  }
  const wish = roundHint(hint);
  if (low) return lowArea(mm, wish, bytes);
  if (wish != 0 && wish <= TASK_SIZE - bytes && MMAP_MIN_ADDR <= wish) {
    const behind = findVma(mm, wish);
    if (behind == null || wish + bytes <= behind.vmStart) return <i64>wish;
  }
  let address = highestGap(mm, MMAP_MIN_ADDR, MMAP_BASE, bytes);
  if (address == 0) address = lowestGap(mm, MMAP_BASE_BOTTOM_UP, TASK_SIZE, bytes);
  return address == 0 ? -ENOMEM : <i64>address;
}

/** For MAP_32BIT: the hint, or the lowest free range (Linux: arch_get_unmapped_area). */
function lowArea(mm: MmStruct, wish: u64, bytes: u64): i64 {
  if (bytes > LOW_END) return -ENOMEM;
  if (wish != 0 && wish <= LOW_END - bytes) {
    const behind = findVma(mm, wish);
    if (behind == null || wish + bytes <= behind.vmStart) return <i64>wish;
  }
  const address = lowestGap(mm, LOW_START, LOW_END, bytes);
  return address == 0 ? -ENOMEM : <i64>address;
}

/** A hint is rounded to a page, and up to the lowest allowed (Linux: round_hint_to_min). */
function roundHint(hint: u64): u64 {
  const page = hint & ~(<u64>(PAGE_SIZE - 1));
  return hint != 0 && page < MMAP_MIN_ADDR ? MMAP_MIN_ADDR : page;
}
