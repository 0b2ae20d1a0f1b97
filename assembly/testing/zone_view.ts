import { zone } from '../types/mmzone';

/** Where the head of the buddy's list of free blocks of an order lies. */
export function zoneFreeList(order: u32): usize {
  return changetype<usize>(zone().freeList(order));
}
