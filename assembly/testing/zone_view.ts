import { PerCpu } from '../lib/percpu';
import { PerCpuPages, zone } from '../types/mmzone';

/** Where the zone lies. */
export function zoneAddress(): usize {
  return changetype<usize>(zone());
}

/** Where the head of the zone's list of free blocks of an order lies. */
export function zoneFreeList(order: u32): usize {
  return changetype<usize>(zone().freeList(order));
}

/** How many free blocks of an order the zone counts. */
export function zoneNrFree(order: u32): u32 {
  return zone().getNrFree(order);
}

/** Where the list of free pages of a CPU lies. */
export function pcpAddress(cpu: u32): usize {
  return changetype<usize>(PerCpuPages.of(PerCpu.of(cpu)));
}

/** Where the head of that list lies. */
export function pcpList(cpu: u32): usize {
  return changetype<usize>(PerCpuPages.of(PerCpu.of(cpu)).list);
}
