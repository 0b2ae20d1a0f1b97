import { ENOMEM } from '../lib/errno';
import { SINGLE_DEPTH_NESTING } from '../lib/lockdep';
import { synchronize } from '../lib/rcu';
import { MmStruct } from '../types/mm_struct';
import { VM_DONTCOPY, VM_LOCKED_MASK, VM_WIPEONFORK, Vma } from '../types/vm_area';
import { anonVmaFork } from './anon_vma';
import { copyPageRange } from './copy_page_range';
import { getFile } from './file_table';
import { nextVma, removeVma, vmAreaAlloc, vmaLink } from './vma';
import { findVma } from './vma_tree';

/**
 * Gives a child the mappings of its parent: 0, or -ENOMEM, and then the child's address space is
 * sound, but not whole (Linux: dup_mmap in mm/mmap.c). Nothing is locked in the child's memory, and
 * nothing will be: mlock is not inherited, nor is mlockall. The child has no mappings yet, and
 * nobody runs in it.
 */
export function dupMmap(mm: MmStruct, parent: MmStruct): i32 {
  parent.mmapLock.downWrite();
  mm.mmapLock.downWriteNested(SINGLE_DEPTH_NESTING);
  mm.brk = parent.brk;
  let error: i32 = 0;
  for (let vma = findVma(parent, 0); vma != null && error == 0;) {
    if ((vma.vmFlags & VM_DONTCOPY) == 0) error = dupVma(mm, vma);
    vma = nextVma(vma);
  }
  mm.mmapLock.upWrite();
  // A CPU may still be writing to what is shared now (Linux: flush_tlb_mm).
  synchronize();
  parent.mmapLock.upWrite();
  return error;
}

/** One mapping and what is in it. */
function dupVma(mm: MmStruct, vma: Vma): i32 {
  const twin = vmAreaDup(mm, vma);
  if (twin == null) return -ENOMEM;
  const wiped = (vma.vmFlags & VM_WIPEONFORK) != 0;
  if (!wiped && anonVmaFork(twin, vma) < 0) {
    removeVma(twin);
    return -ENOMEM;
  }
  vmaLink(mm, twin);
  mm.totalVm += twin.pages;
  return wiped ? 0 : copyPageRange(twin, vma);
}

/** A VMA like another, linked nowhere, with a reference to its file (Linux: vm_area_dup). */
function vmAreaDup(mm: MmStruct, vma: Vma): Vma | null {
  const twin = vmAreaAlloc(mm);
  if (twin == null) return null;
  const file = vma.vmFile;
  twin.vmStart = vma.vmStart;
  twin.vmEnd = vma.vmEnd;
  twin.vmPgoff = vma.vmPgoff;
  twin.vmFlags = vma.vmFlags & ~VM_LOCKED_MASK;
  twin.vmFile = file;
  if (file != null) getFile(file);
  return twin;
}
