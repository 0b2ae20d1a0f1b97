import { BUG_SHMEM_FAULT_TAKES_I_RWSEM, FAULT_FLAG_WRITE, SIGSEGV_RESULT } from '../abi';
import {
  PAGE_ACCESSED,
  PAGE_DIRTY,
  TASK_SIZE,
  entryOf,
  pteAccessPermitted,
  ptePfn,
} from '../arch/pgtable';
import { reenacts } from '../lib/machine';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { TRACE_FAULT, trace } from '../lib/trace';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_EXEC, VM_READ, VM_WRITE } from '../types/vm_area';
import { readPage, writePage } from './highmem';
import { bytesToPageEnd, handleMmFault } from './memory';
import { findPteTable } from './pgtable';
import { shmemWaitForPunch } from './shmem_punch';
import { vmaLookup } from './vma_tree';

/**
 * Memory as a CPU of the process sees it: what the hardware's page walk does, with a fault where it
 * finds no entry that allows the access (Linux: exc_page_fault, do_user_addr_fault).
 *
 * One access to one page happens with interrupts off, as the walk of GUP-fast does: whoever unmaps
 * the page waits for it before the page goes to somebody else.
 */

/**
 * Copies `length` bytes between a process's memory and a kernel buffer: 0, or a signal or error.
 */
export function accessUser(mm: MmStruct, start: u64, buffer: usize, length: u32, write: bool): i32 {
  let done: u32 = 0;
  while (done < length) {
    const address = start + done;
    if (address >= TASK_SIZE) return -SIGSEGV_RESULT;
    const chunk = min(length - done, bytesToPageEnd(address));
    if (accessPage(mm, address, buffer + done, chunk, write)) {
      done += chunk;
      continue;
    }
    const error = faultIn(mm, address, write);
    if (error < 0) return error;
  }
  return 0;
}

/**
 * Copies from one page of a process to a kernel buffer if the page is there; faults are forbidden
 * (Linux: copy_folio_from_iter_atomic).
 */
export function copyFromUserAtomic(mm: MmStruct, start: u64, buffer: usize, length: u32): bool {
  return start < TASK_SIZE && accessPage(mm, start, buffer, length, false);
}

/** Touches every page of a range as a read or write would, without moving data. */
export function touchUser(mm: MmStruct, start: u64, end: u64, write: bool): i32 {
  for (let address = start; address < end; address += PAGE_SIZE) {
    if (touchPage(mm, address, write)) continue;
    const error = faultIn(mm, address, write);
    if (error < 0) return error;
  }
  return 0;
}

/** One fault of the process (Linux: do_user_addr_fault). */
export function faultIn(mm: MmStruct, address: u64, write: bool): i32 {
  trace(TRACE_FAULT, address, write ? 1 : 0);
  mm.mmapLock.downRead();
  const vma = vmaLookup(mm, address);
  let result = -SIGSEGV_RESULT;
  const need = write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC;
  if (vma != null && (vma.vmFlags & need) != 0) {
    if (reenacts(BUG_SHMEM_FAULT_TAKES_I_RWSEM) && shmemWaitForPunch(vma, address)) return 0;
    result = handleMmFault(vma, address, write ? FAULT_FLAG_WRITE : 0);
  }
  mm.mmapLock.upRead();
  return result;
}

/** True if the page was there and allowed it; then the bytes have moved. */
function accessPage(mm: MmStruct, address: u64, buffer: usize, length: u32, write: bool): bool {
  localIrqSave();
  const pfn = walkUser(mm, address, write);
  if (pfn >= 0) {
    const offset = (<u32>address) & (PAGE_SIZE - 1);
    if (write) writePage(<u32>pfn, offset, buffer, length);
    else readPage(<u32>pfn, offset, buffer, length);
  }
  localIrqRestore();
  return pfn >= 0;
}

function touchPage(mm: MmStruct, address: u64, write: bool): bool {
  localIrqSave();
  const pfn = walkUser(mm, address, write);
  localIrqRestore();
  return pfn >= 0;
}

/** The hardware's walk: the frame, with accessed and dirty bits set, or -1. Interrupts are off. */
function walkUser(mm: MmStruct, address: u64, write: bool): i32 {
  const table = findPteTable(mm, address);
  if (table == 0) return -1;
  const ptep = entryOf(table, address, 0);
  const set = PAGE_ACCESSED | (write ? PAGE_DIRTY : 0);
  let pte = ptep.dereference();
  while (pteAccessPermitted(pte, write)) {
    if ((pte & set) == set) return <i32>ptePfn(pte);
    const before = ptep.cmpxchg(pte, pte | set);
    if (before == pte) return <i32>ptePfn(pte);
    pte = before;
  }
  return -1;
}
