import { ptePfn, ptePresent, pteSpecial, entryOf } from '../arch/pgtable';
import { machine } from '../lib/machine';
import { PAGE_SHIFT } from '../memlayout';
import { findPteTable } from '../mm/pgtable';
import { pinsOfPage } from '../mm/policy/pins_of_page';
import { rmapCount } from '../mm/rmap';
import { shmemSwapUsage } from '../mm/shmem_swap';
import { Page } from '../types/page';
import { Task } from '../types/task';
import { Vma } from '../types/vm_area';
import { toU64 } from './convert';

/** What others may see of pages and processes (Linux: fs/proc/task_mmu.c, fs/proc/page.c). */

/** Pins of a page that its count shows, by the machine's pin policy. */
export function pagePins(pfn: u32): i32 {
  return pinsOfPage(Page.fromPfn(pfn), machine().pinPolicy);
}

/** Page-table entries that the reverse map finds for a page. */
export function pageRmapCount(pfn: u32): u32 {
  return rmapCount(Page.fromPfn(pfn));
}

/** Bytes of a mapping's file that are on the swap device, as its smaps counts them. */
export function smapsFileSwap(vma: Vma): f64 {
  return <f64>(shmemSwapUsage(vma) << PAGE_SHIFT);
}

/** The entry for an address: 0 where nothing is mapped (Linux: /proc/PID/pagemap). */
export function pfnAt(task: Task, addr: f64): f64 {
  const address = toU64(addr);
  const table = findPteTable(task.mm, address);
  if (table == 0) return -1;
  const pte = entryOf(table, address, 0).load();
  return ptePresent(pte) && !pteSpecial(pte) ? <f64>ptePfn(pte) : -1;
}
