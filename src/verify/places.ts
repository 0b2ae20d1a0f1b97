import {
  INODE_LISTS,
  KMEM_BASE,
  MM_LISTS,
  PAGE_SIZE,
  STRUCTS,
  VEC_LIST,
} from '../wasm/generated/layout.js';

/** The number of orphans. */
export const NR_ORPHANS = INODE_LISTS + STRUCTS.InodeLists.fields.nrOrphans.offset;
/** The list of inodes that live. */
export const INODES = INODE_LISTS + STRUCTS.InodeLists.fields.inodes.offset;
/** The list of inodes that only pins keep. */
export const ORPHANS = INODE_LISTS + STRUCTS.InodeLists.fields.orphans.offset;
/** The list of inodes with a path. */
export const NAMES = INODE_LISTS + STRUCTS.InodeLists.fields.names.offset;
/** The list of address spaces. */
export const MMS = MM_LISTS + STRUCTS.MmLists.fields.mms.offset;
/** The list of vectors of pages. */
export const VECS = VEC_LIST + STRUCTS.VecList.fields.vecs.offset;
/** From one struct kmem_cache to the next. */
export const DEPOT_SIZE = 64;

/** The number of the kernel page that holds an address; no page below 0. */
export function kernelPageOf(address: number): number {
  return Math.floor((address - KMEM_BASE) / PAGE_SIZE);
}

/** Where a kernel page begins. */
export function kernelPageAt(index: number): number {
  return KMEM_BASE + index * PAGE_SIZE;
}
