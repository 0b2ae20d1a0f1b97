import { treeNext, treePrev } from '../lib/balanced_tree';
import { VM_BUG_ON } from '../lib/bug';
import { intervalInsert, intervalRemove } from '../lib/interval_tree';
import { machine } from '../lib/machine';
import { CACHE_VMA, cacheAlloc, cacheFree } from '../lib/slab';
import { PAGE_SHIFT } from '../memlayout';
import { AddressSpace } from '../types/address_space';
import { AnonVma } from '../types/anon_vma';
import { MmStruct } from '../types/mm_struct';
import { VM_STICKY, Vma } from '../types/vm_area';
import { anonVmaClone, anonVmaPostUpdate, anonVmaPreUpdate, unlinkAnonVmas } from './anon_vma';
import { fput, getFile } from './file_table';
import { VmaInterval } from './interval';
import { vmaTreeChanged, vmaTreeErase, vmaTreeInsert } from './vma_tree';

/**
 * Making, linking and splitting VMAs, and changing their ranges (Linux: mm/vma.c); what merges with
 * what is in mm/vma_merge.ts. Everything here needs mmap_lock held for writing.
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
  beginUpdate(vma, null);
  vma.vmEnd = address;
  if (file != null) enterFile(upper, file.mapping);
  endUpdate(vma, null);
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
 * Gives a VMA another range, with the offset that belongs to it (Linux: vma_set_range between
 * vma_prepare and vma_complete). It passes no neighbour.
 */
export function setVmaRange(mm: MmStruct, vma: Vma, start: u64, end: u64): void {
  beginUpdate(vma, null);
  moveStart(vma, start);
  vma.vmEnd = end;
  endUpdate(vma, null);
  vmaTreeChanged(mm, vma);
}

/**
 * Moves the boundary between two neighbours; both keep some pages. They are alike but for the flags
 * of what changes hands, and have one anon_vma or none (Linux: commit_merge with an adjusted VMA).
 */
export function moveBoundary(mm: MmStruct, lower: Vma, upper: Vma, at: u64): void {
  beginUpdate(lower, upper);
  lower.vmEnd = at;
  moveStart(upper, at);
  endUpdate(lower, upper);
  vmaTreeChanged(mm, lower);
  vmaTreeChanged(mm, upper);
}

/**
 * Extends `lower` over its neighbour `upper`, which goes. As in a split, the file's i_mmap never
 * lacks a page of the range (Linux: commit_merge with a removed VMA).
 * Preconditions:
 * - if `upper` has an anon_vma, `lower` has the same.
 */
export function swallowVma(mm: MmStruct, lower: Vma, upper: Vma): void {
  VM_BUG_ON(upper.anonVma != null && lower.anonVma != upper.anonVma, 260);
  const file = upper.vmFile;
  vmaTreeErase(mm, upper);
  mm.mapCount--;
  beginUpdate(lower, null);
  lower.vmEnd = upper.vmEnd;
  lower.resetFlags(lower.vmFlags | (upper.vmFlags & VM_STICKY));
  if (file != null) leaveFile(upper, file.mapping);
  endUpdate(lower, null);
  vmaTreeChanged(mm, lower);
  unlinkAnonVmas(upper);
  removeVma(upper);
}

/** Lets a VMA begin elsewhere, above or below, without moving its pages' offsets. */
function moveStart(vma: Vma, start: u64): void {
  vma.vmPgoff = vma.vmPgoff + (start >> PAGE_SHIFT) - (vma.vmStart >> PAGE_SHIFT);
  vma.vmStart = start;
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

/**
 * Takes a linked VMA, and its neighbour if that changes too, out of the reverse maps, with their
 * locks held (Linux: vma_prepare).
 */
function beginUpdate(vma: Vma, neighbour: Vma | null): void {
  const file = vma.vmFile;
  if (file != null) {
    file.mapping.iMmapRwsem.downWrite();
    intervalRemove<VmaInterval>(file.mapping.iMmap, vma.shared);
    if (neighbour != null) intervalRemove<VmaInterval>(file.mapping.iMmap, neighbour.shared);
  }
  const anonVma = anonVmaOf(vma, neighbour);
  if (anonVma != null) {
    anonVma.root.rwsem.downWrite();
    anonVmaPreUpdate(vma);
    if (neighbour != null) anonVmaPreUpdate(neighbour);
  }
}

/** Puts both back and releases the locks (Linux: vma_complete). */
function endUpdate(vma: Vma, neighbour: Vma | null): void {
  const anonVma = anonVmaOf(vma, neighbour);
  if (anonVma != null) {
    anonVmaPostUpdate(vma);
    if (neighbour != null) anonVmaPostUpdate(neighbour);
    anonVma.root.rwsem.upWrite();
  }
  const file = vma.vmFile;
  if (file != null) {
    intervalInsert<VmaInterval>(file.mapping.iMmap, vma.shared);
    if (neighbour != null) intervalInsert<VmaInterval>(file.mapping.iMmap, neighbour.shared);
    file.mapping.iMmapRwsem.upWrite();
  }
}

/** The anon_vma whose root locks both VMAs' trees; they have the same, if each has one. */
function anonVmaOf(vma: Vma, neighbour: Vma | null): AnonVma | null {
  const own = vma.anonVma;
  return own == null && neighbour != null ? neighbour.anonVma : own;
}
