import { KMEM_BASE, MACHINE_BASE, PAGE_SIZE } from '../wasm/generated/layout.js';

/** Where what the machine has once lies behind struct machine. */

/** struct kmem (assembly/lib/kmem.ts). */
export const KMEM = MACHINE_BASE + 0x200;
/** struct inode_lists (assembly/mm/inode.ts): its lock comes first. */
export const INODE_LISTS = MACHINE_BASE + 0x240;
/** The number of orphans. */
export const NR_ORPHANS = INODE_LISTS + 4;
/** The list of inodes that live. */
export const INODES = INODE_LISTS + 8;
/** The list of inodes that only pins keep. */
export const ORPHANS = INODE_LISTS + 16;
/** struct mm_lists (assembly/kernel/task_list.ts): its lock comes first. */
export const MM_LISTS = MACHINE_BASE + 0x280;
/** The list of address spaces. */
export const MMS = MM_LISTS + 8;
/** struct vec_list (assembly/kernel/gup_vec.ts): its lock comes first. */
export const VEC_LIST = MACHINE_BASE + 0x2c0;
/** The list of vectors of pages. */
export const VECS = VEC_LIST + 8;
/** struct kmem_cache, one for each cache (assembly/lib/slab.ts). */
export const DEPOTS = MACHINE_BASE + 0x400;
/** From one of them to the next. */
export const DEPOT_SIZE = 64;
/** struct zone (assembly/types/mmzone.ts). */
export const ZONE = MACHINE_BASE + 0x800;

/** The number of the kernel page that holds an address; no page below 0. */
export function kernelPageOf(address: number): number {
  return Math.floor((address - KMEM_BASE) / PAGE_SIZE);
}

/** Where a kernel page begins. */
export function kernelPageAt(index: number): number {
  return KMEM_BASE + index * PAGE_SIZE;
}
