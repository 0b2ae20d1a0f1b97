import { PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE } from '../abi';
import {
  PAGE_ACCESSED,
  PAGE_DIRTY,
  PAGE_RW,
  PAGE_SPECIAL,
  PMD_SIZE,
  entryOf,
  mkPte,
  ptePfn,
  ptePresent,
  pteSpecial,
} from '../arch/pgtable';
import { EACCES, EINVAL, ENOMEM, EPERM } from '../lib/errno';
import { synchronize } from '../lib/rcu';
import { TRACE_MPROTECT, trace } from '../lib/trace';
import { PAGE_SIZE } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { PG_ANON_EXCLUSIVE, Page } from '../types/page';
import {
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SEALED,
  VM_SHARED,
  VM_WRITE,
  Vma,
} from '../types/vm_area';
import { vmPageProt } from './memory';
import { vmFlagsOfProt } from './mmap';
import { findPteTable, pteLock, skipUnmapped } from './pgtable';
import { populateVmaPageRange } from './populate';
import { nextVma } from './vma';
import { vmaModifyFlags } from './vma_modify';
import { findVma } from './vma_tree';

/**
 * Changing what mappings allow (Linux: mm/mprotect.c). VMA by VMA: those before a hole, or before
 * one that refuses, stay changed. mmap_lock is held for writing.
 */
export function doMprotect(mm: MmStruct, start: u64, length: u64, protAll: u32): i32 {
  const prot = protAll & ~(PROT_GROWSDOWN | PROT_GROWSUP);
  const grows = protAll & (PROT_GROWSDOWN | PROT_GROWSUP);
  if (grows == (PROT_GROWSDOWN | PROT_GROWSUP)) return -EINVAL;
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  if (length == 0) return 0;
  const end = start + ((length + PAGE_SIZE - 1) & ~(<u64>(PAGE_SIZE - 1)));
  if (end <= start) return -ENOMEM;
  if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)) != 0) return -EINVAL;
  const first = findVma(mm, start);
  if (first == null || first.vmStart > start) return -ENOMEM;
  if (grows != 0) return -EINVAL; // no mapping here grows
  trace(TRACE_MPROTECT, start, prot);
  return protectRange(mm, first, start, end, vmFlagsOfProt(prot));
}

function protectRange(mm: MmStruct, first: Vma, start: u64, end: u64, access: u32): i32 {
  let vma: Vma | null = first;
  let done = start;
  let error: i32 = 0;
  while (done < end) {
    if (vma == null || vma.vmStart > done) {
      error = -ENOMEM;
      break;
    }
    const stop = min<u64>(end, vma.vmEnd);
    const flags = (vma.vmFlags & ~VM_ACCESS_FLAGS) | access;
    if ((flags & ~(flags >> 4) & VM_ACCESS_FLAGS) != 0) {
      error = -EACCES;
      break;
    }
    if ((vma.vmFlags & VM_SEALED) != 0) {
      error = -EPERM;
      break;
    }
    const changed = protectVma(mm, vma, done, stop, accounted(vma, flags));
    if (changed == null) {
      error = -ENOMEM;
      break;
    }
    done = stop;
    vma = changed.vmEnd > done ? changed : nextVma(changed);
  }
  return error;
}

/**
 * New flags with what they say of promised memory: it grows when private memory becomes writable,
 * and shrinks only where no page can have been written to (Linux: mprotect_fixup).
 */
function accounted(vma: Vma, flags: u32): u32 {
  if ((flags & VM_WRITE) != 0) {
    const exempt = VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE;
    return (vma.vmFlags & exempt) == 0 ? flags | VM_ACCOUNT : flags;
  }
  return vma.vmFile == null && vma.anonVma == null ? flags & ~VM_ACCOUNT : flags;
}

/**
 * Changes one VMA or a part of it; returns the one that holds the part then, or null: no memory.
 */
function protectVma(mm: MmStruct, vma: Vma, start: u64, end: u64, flags: u32): Vma | null {
  if (flags == vma.vmFlags) return vma;
  const wasLocked = (vma.vmFlags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED;
  const changed = vmaModifyFlags(mm, vma, start, end, flags);
  if (changed == null) return null;
  changeProtection(changed, start, end);
  // Locked memory is not to fault for its copies later; an error here is for that fault to meet.
  if (wasLocked && (flags & VM_WRITE) != 0) populateVmaPageRange(changed, start, end);
  return changed;
}

/**
 * Brings the entries of a range in line with its VMA, and waits for accesses under way (Linux:
 * change_protection).
 */
function changeProtection(vma: Vma, start: u64, end: u64): void {
  const mm = vma.vmMm;
  let address = skipUnmapped(mm, start, end);
  while (address < end) {
    const next = min<u64>(end, (address + PMD_SIZE) & ~(PMD_SIZE - 1));
    const table = findPteTable(mm, address);
    if (table != 0) changeTable(vma, table, address, next);
    address = skipUnmapped(mm, next, end);
  }
  synchronize();
}

function changeTable(vma: Vma, table: usize, start: u64, end: u64): void {
  const lock = pteLock(table);
  lock.lock();
  for (let address = start; address < end; address += PAGE_SIZE) {
    const ptep = entryOf(table, address, 0);
    if (!ptePresent(ptep.load())) continue;
    // Taken out meanwhile, so that a CPU that sets the accessed or dirty bit cannot be overwritten.
    const old = ptep.exchange(0);
    const keep = old & (PAGE_ACCESSED | PAGE_DIRTY | PAGE_SPECIAL);
    const upgrade = canStayWritable(vma, old) ? PAGE_RW : 0;
    ptep.storeRelease(mkPte(ptePfn(old), vmPageProt(vma) | keep | upgrade));
  }
  lock.unlock();
}

/**
 * A private page that is the process's own needs no fault to be written (Linux:
 * can_change_pte_writable).
 */
function canStayWritable(vma: Vma, pte: u64): bool {
  if ((vma.vmFlags & (VM_WRITE | VM_SHARED)) != VM_WRITE || pteSpecial(pte)) return false;
  const page = Page.fromPfn(ptePfn(pte));
  return page.isAnon && page.flags.test(PG_ANON_EXCLUSIVE) != 0;
}
