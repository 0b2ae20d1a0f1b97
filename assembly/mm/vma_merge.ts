import { PAGE_SHIFT } from '../memlayout';
import { AnonVma } from '../types/anon_vma';
import { File } from '../types/file';
import { MmStruct } from '../types/mm_struct';
import { VM_STICKY, Vma } from '../types/vm_area';
import { anonVmaClone } from './anon_vma';
import { moveBoundary, nextVma, prevVma, setVmaRange, swallowVma } from './vma';
import { findVma, findVmaBefore } from './vma_tree';

/**
 * Which VMAs become one (Linux: the middle of mm/vma.c). Neighbours merge if they are alike (flags,
 * file), if their offsets go on, and if their anonymous pages can have one anon_vma: the same, or
 * only one of the two has any, and that one has not come from a fork. With a lower and an upper
 * neighbour that go with the range but not with each other, the lower one wins. Sticky flags do not
 * count, and stay if either had them.
 *
 * A merge moves boundaries before it makes or frees anything, so a change of flags at the edge of
 * a VMA needs no new one, and works where there are already maxMapCount of them. mmap_lock is held
 * for writing throughout.
 */

/** Results of `mergeSides`. */
const MERGE_LOWER: u32 = 1;
const MERGE_UPPER: u32 = 2;

/**
 * Puts a new mapping that is linked nowhere into its neighbours, if it goes with them: returns the
 * VMA that has its range then, and `fresh` is the caller's to drop; or null, and nothing has
 * changed (Linux: vma_merge_new_range, vma_merge_copied_range). `copiedFrom` is the VMA whose pages
 * are to be moved in, or null.
 */
export function vmaMergeNew(mm: MmStruct, fresh: Vma, copiedFrom: Vma | null): Vma | null {
  const upper = findVma(mm, fresh.vmStart);
  const lower = upper == null ? findVmaBefore(mm, fresh.vmStart) : prevVma(upper);
  let anonVma: AnonVma | null = null;
  if (copiedFrom != null) anonVma = copiedFrom.anonVma;
  const below =
    lower != null &&
    follows(lower, fresh.vmStart, fresh.vmPgoff) &&
    alike(lower, fresh.vmFlags, fresh.vmFile) &&
    anonMergeable(lower, anonVma, copiedFrom);
  const above =
    upper != null &&
    follows(fresh, upper.vmStart, upper.vmPgoff) &&
    alike(upper, fresh.vmFlags, fresh.vmFile) &&
    anonMergeable(upper, anonVma, copiedFrom) &&
    (!below || anonAgree(lower!, upper));
  if (!below && !above) return null;
  const target = below ? lower! : upper!;
  if (below && above && !dupAnonVma(target, upper!)) return null;
  if (copiedFrom != null && !dupAnonVma(target, copiedFrom)) return null;
  target.resetFlags(target.vmFlags | (fresh.vmFlags & VM_STICKY));
  if (!below) {
    setVmaRange(mm, target, fresh.vmStart, target.vmEnd);
    return target;
  }
  setVmaRange(mm, target, target.vmStart, fresh.vmEnd);
  if (above) swallowVma(mm, target, upper!);
  return target;
}

/**
 * Extends a VMA by bytes behind it that nobody maps, and joins it with what then touches it and is
 * like it; false: no memory, and nothing has changed (Linux: vma_merge_extend).
 */
export function vmaMergeExtend(mm: MmStruct, vma: Vma, bytes: u64): bool {
  const end = vma.vmEnd + bytes;
  const upper = nextVma(vma);
  const above =
    upper != null &&
    upper.vmStart == end &&
    upper.vmPgoff == vma.vmPgoff + ((end - vma.vmStart) >> PAGE_SHIFT) &&
    alike(upper, vma.vmFlags, vma.vmFile) &&
    anonMergeable(upper, vma.anonVma, null);
  if (above && !dupAnonVma(vma, upper!)) return false;
  setVmaRange(mm, vma, vma.vmStart, end);
  if (above) swallowVma(mm, vma, upper!);
  return true;
}

/** True if new private anonymous memory from `start` on may belong to the VMA before it. */
export function canExtendBy(lower: Vma, start: u64, flags: u32): bool {
  return (
    follows(lower, start, start >> PAGE_SHIFT) &&
    alike(lower, flags, null) &&
    anonMergeable(lower, null, null)
  );
}

/**
 * Which neighbours the part [start, end) of a VMA would merge with if it had these flags: bits of
 * MERGE_LOWER, MERGE_UPPER; only at the edges of the VMA are there any.
 */
export function mergeSides(vma: Vma, start: u64, end: u64, flags: u32): u32 {
  let lower: Vma | null = null;
  let upper: Vma | null = null;
  if (start == vma.vmStart) lower = prevVma(vma);
  if (end == vma.vmEnd) upper = nextVma(vma);
  const below =
    lower != null &&
    follows(lower, start, vma.vmPgoff) &&
    alike(lower, flags, vma.vmFile) &&
    anonMergeable(lower, vma.anonVma, vma);
  const above =
    upper != null &&
    follows(vma, upper.vmStart, upper.vmPgoff) &&
    alike(upper, flags, vma.vmFile) &&
    anonMergeable(upper, vma.anonVma, vma) &&
    (!below || anonAgree(lower!, upper));
  return (below ? MERGE_LOWER : 0) | (above ? MERGE_UPPER : 0);
}

/**
 * Gives the part to the neighbours that `mergeSides` has found. Returns the VMA that has it then,
 * or null: no memory, and nothing has changed (Linux: vma_merge_existing_range).
 */
export function vmaMergeExisting(
  mm: MmStruct,
  vma: Vma,
  start: u64,
  end: u64,
  flags: u32,
  sides: u32,
): Vma | null {
  const whole = start == vma.vmStart && end == vma.vmEnd;
  if ((sides & MERGE_LOWER) != 0) {
    const lower = prevVma(vma)!;
    let upper: Vma | null = null;
    if (sides == (MERGE_LOWER | MERGE_UPPER)) upper = nextVma(vma);
    if (!dupAnonVma(lower, vma) || (upper != null && !dupAnonVma(lower, upper))) return null;
    lower.resetFlags(lower.vmFlags | (flags & VM_STICKY));
    if (!whole) moveBoundary(mm, lower, vma, end);
    else swallowVma(mm, lower, vma);
    if (upper != null) swallowVma(mm, lower, upper);
    return lower;
  }
  const upper = nextVma(vma)!;
  if (!whole) {
    if (!dupAnonVma(upper, vma)) return null;
    upper.resetFlags(upper.vmFlags | (flags & VM_STICKY));
    moveBoundary(mm, vma, upper, start);
    return upper;
  }
  if (!dupAnonVma(vma, upper)) return null;
  vma.resetFlags(flags);
  swallowVma(mm, vma, upper);
  return vma;
}

/** True if what begins at an address with an offset goes on where the VMA ends. */
function follows(lower: Vma, start: u64, pgoff: u64): bool {
  return lower.vmEnd == start && pgoff == lower.vmPgoff + lower.pages;
}

/** The same kind of mapping (Linux: is_mergeable_vma). */
function alike(vma: Vma, flags: u32, file: File | null): bool {
  return ((vma.vmFlags ^ flags) & ~VM_STICKY) == 0 && vma.vmFile == file;
}

/**
 * True if a VMA may take in pages that have `anonVma`, from the VMA `source` if that is known
 * (Linux: is_mergeable_anon_vma). A VMA that has come from a fork is in the anon_vmas of its
 * ancestors too; to make another join them all would lengthen the walks of every relative.
 */
function anonMergeable(target: Vma, anonVma: AnonVma | null, source: Vma | null): bool {
  const own = target.anonVma;
  if (own == anonVma) return true;
  if (own == null) return source == null || !isForkChild(source);
  return anonVma == null && !isForkChild(target);
}

function anonAgree(lower: Vma, upper: Vma): bool {
  return lower.anonVma == null || upper.anonVma == null || lower.anonVma == upper.anonVma;
}

/** True if the VMA is in more anon_vmas than its own (Linux: vma_is_fork_child). */
function isForkChild(vma: Vma): bool {
  const head = vma.anonVmaChain;
  return vma.anonVma != null && head.next.next != head;
}

/**
 * Makes `to` join the anon_vmas of `from` if it has none: false: no memory
 * (Linux: dup_anon_vma).
 */
function dupAnonVma(to: Vma, from: Vma): bool {
  if (from.anonVma == null || to.anonVma != null) return true;
  return anonVmaClone(to, from) == 0;
}
