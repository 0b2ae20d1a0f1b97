import { treeNext, treePrev } from '../lib/balanced_tree';
import { intervalInsert, intervalRemove } from '../lib/interval_tree';
import { machine } from '../lib/machine';
import { CACHE_VMA, cacheAlloc, cacheFree } from '../lib/slab';
import { AddressSpace } from '../types/address_space';
import { MmStruct } from '../types/mm_struct';
import { Vma } from '../types/vm_area';
import { anonVmaClone, anonVmaPostUpdate, anonVmaPreUpdate, unlinkAnonVmas } from './anon_vma';
import { fput, getFile } from './file_table';
import { VmaInterval } from './interval';
import { vmaTreeChanged, vmaTreeErase, vmaTreeInsert } from './vma_tree';

/**
 * Making, linking, splitting and merging VMAs (Linux: mm/vma.c). Everything here needs mmap_lock
 * held for writing.
 *
 * A VMA with a file is also in the file's i_mmap, one with anonymous pages in its anon_vmas' trees.
 * Whoever changes a range holds the locks of those trees and has the VMA out of them meanwhile
 * (`beginUpdate`, `endUpdate`).
 */

/** A VMA that is linked nowhere, or null (Linux: vm_area_alloc). */
export function vmAreaAlloc(mm: MmStruct): Vma | null {
  const address = cacheAlloc(CACHE_VMA);
  if (address == 0) return null;
  const vma = changetype<Vma>(address);
  vma.vmMm = mm;
  vma.anonVmaChain.init();
  return vma;
}

/** Frees a VMA that is linked nowhere (Linux: vm_area_free). */
export function vmAreaFree(vma: Vma): void {
  cacheFree(CACHE_VMA, changetype<usize>(vma));
}

/** The VMA behind this one in the mm, or null. */
export function nextVma(vma: Vma): Vma | null {
  const node = treeNext(vma.node);
  return node == null ? null : Vma.fromNode(node);
}

/** The VMA before this one in the mm, or null. */
export function prevVma(vma: Vma): Vma | null {
  const node = treePrev(vma.node);
  return node == null ? null : Vma.fromNode(node);
}

/** Links a new VMA into the mm and its file (Linux: vma_link). */
export function vmaLink(mm: MmStruct, vma: Vma): void {
  vmaLinkFile(vma);
  vmaTreeInsert(mm, vma);
  mm.mapCount++;
}

/**
 * Takes a VMA out of its file's i_mmap; its count in i_mmap_writable ends (Linux: unlink_file_vma).
 */
export function unlinkFileVma(vma: Vma): void {
  const file = vma.vmFile;
  if (file == null) return;
  const mapping = file.mapping;
  mapping.iMmapRwsem.downWrite();
  leaveFile(vma, mapping);
  mapping.iMmapRwsem.upWrite();
}

/** Drops what an unlinked VMA holds, and frees it (Linux: remove_vma). */
export function removeVma(vma: Vma): void {
  const file = vma.vmFile;
  if (file != null) fput(file);
  vmAreaFree(vma);
}

/**
 * Cuts a VMA in two at `address`; it keeps the lower part, and the new one, which is returned, the
 * upper; or null when memory is exhausted (Linux: __split_vma). Does not look at maxMapCount.
 *
 * Both halves change places in the file's i_mmap under one hold of its lock: whoever walks it finds
 * every page of the range.
 */
export function splitVmaNoLimit(mm: MmStruct, vma: Vma, address: u64): Vma | null {
  const upper = vmAreaAlloc(mm);
  if (upper == null) return null;
  const file = vma.vmFile;
  upper.vmStart = address;
  upper.vmEnd = vma.vmEnd;
  upper.vmPgoff = vma.pgoffOf(address);
  upper.vmFlags = vma.vmFlags;
  upper.vmFile = file;
  if (anonVmaClone(upper, vma) < 0) {
    vmAreaFree(upper);
    return null;
  }
  if (file != null) getFile(file);
  beginUpdate(vma);
  vma.vmEnd = address;
  if (file != null) enterFile(upper, file.mapping);
  endUpdate(vma);
  vmaTreeChanged(mm, vma);
  vmaTreeInsert(mm, upper);
  mm.mapCount++;
  return upper;
}

/** As `splitVmaNoLimit`, but refused where one VMA more would be too many (Linux: split_vma). */
export function splitVma(mm: MmStruct, vma: Vma, address: u64): Vma | null {
  if (mm.mapCount >= machine().maxMapCount) return null;
  return splitVmaNoLimit(mm, vma, address);
}

/**
 * Joins a VMA with the neighbours that continue it, and returns the one that holds its range then
 * (Linux: vma_merge_existing_range, vma_merge_new_range).
 */
export function vmaMerge(mm: MmStruct, vma: Vma): Vma {
  let merged = vma;
  const prev = prevVma(vma);
  if (prev != null && canMerge(prev, merged) && swallow(mm, prev, merged)) merged = prev;
  const next = nextVma(merged);
  if (next != null && canMerge(merged, next)) swallow(mm, merged, next);
  return merged;
}

/** True if `upper` continues `lower` (Linux: can_vma_merge_after). */
function canMerge(lower: Vma, upper: Vma): bool {
  return (
    lower.vmEnd == upper.vmStart &&
    lower.vmFlags == upper.vmFlags &&
    lower.vmFile == upper.vmFile &&
    upper.vmPgoff == lower.vmPgoff + lower.pages &&
    anonVmasAgree(lower, upper)
  );
}

/** Both share one anon_vma, or one has none (Linux: is_mergeable_anon_vma). */
function anonVmasAgree(lower: Vma, upper: Vma): bool {
  const a = lower.anonVma;
  const b = upper.anonVma;
  if (a == b) return a == null || (hasOneChain(lower) && hasOneChain(upper));
  if (a == null) return hasOneChain(upper);
  return b == null && hasOneChain(lower);
}

function hasOneChain(vma: Vma): bool {
  const head = vma.anonVmaChain;
  return head.next.next == head;
}

/**
 * Extends `lower` over `upper`, which goes; false when memory is exhausted. As in a split, the
 * file's i_mmap never lacks a page of the range.
 */
function swallow(mm: MmStruct, lower: Vma, upper: Vma): bool {
  const lacksAnonVma = lower.anonVma == null && upper.anonVma != null;
  if (lacksAnonVma && anonVmaClone(lower, upper) < 0) return false;
  const file = upper.vmFile;
  vmaTreeErase(mm, upper);
  mm.mapCount--;
  beginUpdate(lower);
  lower.vmEnd = upper.vmEnd;
  if (file != null) leaveFile(upper, file.mapping);
  endUpdate(lower);
  vmaTreeChanged(mm, lower);
  unlinkAnonVmas(upper);
  removeVma(upper);
  return true;
}

/** Enters a VMA into its file's i_mmap (Linux: vma_link_file). */
function vmaLinkFile(vma: Vma): void {
  const file = vma.vmFile;
  if (file == null) return;
  const mapping = file.mapping;
  mapping.iMmapRwsem.downWrite();
  enterFile(vma, mapping);
  mapping.iMmapRwsem.upWrite();
}

/** The same with i_mmap_rwsem held for writing: it counts in i_mmap_writable from now on. */
function enterFile(vma: Vma, mapping: AddressSpace): void {
  if (vma.isSharedMaywrite) mapping.iMmapWritable.add(1);
  intervalInsert<VmaInterval>(mapping.iMmap, vma.shared);
}

/** Takes it out, with i_mmap_rwsem held for writing. */
function leaveFile(vma: Vma, mapping: AddressSpace): void {
  if (vma.isSharedMaywrite) mapping.iMmapWritable.sub(1);
  intervalRemove<VmaInterval>(mapping.iMmap, vma.shared);
}

/** Takes a linked VMA out of the reverse maps, with their locks held (Linux: vma_prepare). */
function beginUpdate(vma: Vma): void {
  const file = vma.vmFile;
  if (file != null) {
    file.mapping.iMmapRwsem.downWrite();
    intervalRemove<VmaInterval>(file.mapping.iMmap, vma.shared);
  }
  const anonVma = vma.anonVma;
  if (anonVma != null) {
    anonVma.root.rwsem.downWrite();
    anonVmaPreUpdate(vma);
  }
}

/** Puts it back and releases the locks (Linux: vma_complete). */
function endUpdate(vma: Vma): void {
  const anonVma = vma.anonVma;
  if (anonVma != null) {
    anonVmaPostUpdate(vma);
    anonVma.root.rwsem.upWrite();
  }
  const file = vma.vmFile;
  if (file != null) {
    intervalInsert<VmaInterval>(file.mapping.iMmap, vma.shared);
    file.mapping.iMmapRwsem.upWrite();
  }
}
