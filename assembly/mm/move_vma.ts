import { MREMAP_DONTUNMAP } from '../abi';
import { ENOMEM } from '../lib/errno';
import { machine } from '../lib/machine';
import { PAGE_SHIFT } from '../memlayout';
import { MmStruct } from '../types/mm_struct';
import { VM_LOCKED, VM_LOCKED_MASK, Vma } from '../types/vm_area';
import { anonVmaClone, unlinkAnonVmas } from './anon_vma';
import { getFile } from './file_table';
import { mlockVmaPagesRange } from './mlock_pages';
import { movePageTables } from './move_page_tables';
import { unmapRange } from './unmap';
import { vmAreaAlloc, vmAreaFree, vmaLink } from './vma';
import { vmaMergeNew } from './vma_merge';

/**
 * Moving a mapping: a copy of its VMA at the new place, then its page-table entries, then the old
 * place is unmapped (Linux: move_vma in mm/mremap.c, copy_vma in mm/vma.c). mmap_lock is held for
 * writing.
 *
 * Whoever finds a page through the reverse maps meanwhile must meet its entry at the old place, at
 * the new one, or at both, never at neither. VMAs are visited in the order of their offsets, and
 * those with the same one in the order in which they came; so as long as the new VMA comes after
 * the old one, a visitor that finds the old place empty comes to the new place later, where the
 * entry is by then, since one hold of both page tables' locks moved it. Where the new place was
 * merged into a VMA that may come first, the trees' locks keep visitors out.
 */

/**
 * Moves `oldLen` bytes from `addr` on, which `vma` has, to the free range of `newLen` bytes at
 * `to`; with an `oldLen` of 0 makes a second mapping of the same pages. Returns `to`, or -ENOMEM
 * with everything as before. With MREMAP_DONTUNMAP the old place stays mapped, and empty.
 */
export function moveVma(
  mm: MmStruct,
  vma: Vma,
  addr: u64,
  oldLen: u64,
  to: u64,
  newLen: u64,
  flags: u32,
): i64 {
  // Unmapping the old place may cut a VMA in three.
  if (<i32>mm.mapCount >= <i32>machine().maxMapCount - 3) return -ENOMEM;
  const locked = (vma.vmFlags & VM_LOCKED) != 0;
  const copy = copyVma(mm, vma, addr, to, newLen);
  if (copy == null) return -ENOMEM;
  mm.totalVm += newLen >> PAGE_SHIFT;
  if (locked) mm.lockedVm += newLen >> PAGE_SHIFT;
  // A mapping without pages may have merged with its own copy: then `vma` may be gone.
  const old = copy.vmStart <= addr && addr < copy.vmEnd ? copy : vma;
  const merged = copy.vmStart != to || copy.vmEnd != to + newLen;
  const moved = movePageTables(old, addr, to, oldLen, merged && copy.vmPgoff <= old.vmPgoff);
  if (moved < oldLen) {
    movePageTables(copy, to, addr, moved, true);
    unmapRange(mm, to, to + newLen);
    return -ENOMEM;
  }
  if ((flags & MREMAP_DONTUNMAP) != 0) leaveEmpty(mm, old, copy, addr, oldLen);
  else if (oldLen != 0) unmapRange(mm, addr, addr + oldLen);
  return <i64>to;
}

/**
 * A VMA like the given one at another place, or a neighbour there that has taken it in; null: no
 * memory (Linux: copy_vma). Offsets are kept, since pages know them; only a private anonymous
 * mapping that has never had a page gets those of the new place, so that it merges there.
 */
function copyVma(mm: MmStruct, vma: Vma, addr: u64, to: u64, newLen: u64): Vma | null {
  const copy = vmAreaAlloc(mm);
  if (copy == null) return null;
  const file = vma.vmFile;
  const untouched = file == null && vma.anonVma == null;
  copy.vmStart = to;
  copy.vmEnd = to + newLen;
  copy.vmFlags = vma.vmFlags;
  copy.vmFile = file;
  copy.vmPgoff = untouched ? to >> PAGE_SHIFT : vma.pgoffOf(addr);
  const merged = vmaMergeNew(mm, copy, vma);
  if (merged != null || anonVmaClone(copy, vma) < 0) {
    vmAreaFree(copy);
    return merged;
  }
  if (file != null) getFile(file);
  vmaLink(mm, copy);
  return copy;
}

/**
 * What MREMAP_DONTUNMAP leaves behind is not locked any more, nor is the rest of its VMA, and if
 * all of it was moved it has no anonymous pages (Linux: dontunmap_complete).
 */
function leaveEmpty(mm: MmStruct, old: Vma, copy: Vma, addr: u64, length: u64): void {
  if ((old.vmFlags & VM_LOCKED) != 0) {
    mm.lockedVm -= old.pages;
    old.resetFlags(old.vmFlags & ~VM_LOCKED_MASK);
    mlockVmaPagesRange(old, old.vmStart, old.vmEnd);
  }
  if (old != copy && old.vmStart == addr && old.vmEnd == addr + length) unlinkAnonVmas(old);
}
