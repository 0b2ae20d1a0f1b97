import {
  PAGE_MAPPING_ANON,
  PAGE_SIZE,
  PG_ANON_EXCLUSIVE,
  VM_ACCESS_FLAGS,
  VM_EXEC,
  VM_MAYBE_GUARD,
  VM_SHARED,
  VM_WRITE,
} from '../wasm/generated/layout.js';
import type { Mm, Vma } from './address-spaces.js';
import type { AnonVmas } from './anon-vmas.js';
import type { Audit } from './audit.js';
import { hex } from './core-memory.js';
import type { Frames } from './frames.js';
import { entryName, type EntryVisitor } from './page-tables.js';
import {
  isGuard,
  isPresent,
  isSwap,
  isSwapExclusive,
  pfnOf,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_HIGH_FLAGS,
  PTE_LOW_FLAGS,
  PTE_NX,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_RW,
  PTE_SPECIAL,
  PTE_USER,
  swapSlotOf,
} from './pte.js';
import type { SwapDevice } from './swap.js';

/** What may differ between the entries of one VMA. */
const PTE_VARIABLE = PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_SPECIAL;

/** An entry of the last level, with the VMA that it lies in. */
interface Entry {
  readonly mm: Mm;
  readonly vma: Vma;
  readonly address: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Checks entries of the last level against their VMA and their page, and counts them in the frames.
 * They must come in the order of their addresses.
 */
export function entryChecker(
  audit: Audit,
  frames: Frames,
  anonVmas: AnonVmas,
  swap: SwapDevice,
  mm: Mm,
): EntryVisitor {
  const { findings } = audit;
  let next = 0;
  return (address, low, high) => {
    let vma = mm.vmas[next];
    while (vma !== undefined && vma.end <= address) vma = mm.vmas[++next];
    if (!isPresent(low)) {
      checkAbsent(audit, swap, mm, vma, address, low, high);
      return;
    }
    const pfn = pfnOf(low, high);
    const slot = frames.slotOf(pfn);
    const isSpecial = (low & PTE_SPECIAL) !== 0;
    if (slot < 0) findings.report('pte-target', entryName(mm, address), 'a frame in use', pfn);
    else if (!isSpecial) frames.entries[slot] = (frames.entries[slot] ?? 0) + 1;
    if (vma === undefined || address < vma.start) {
      findings.report('pte-in-vma', entryName(mm, address), 'a VMA', 'none', 'where it lies');
      return;
    }
    const entry = { mm, vma, address, low, high };
    checkAccess(audit, entry);
    checkEnd(audit, entry);
    if (isSpecial || pfn === frames.zeroPfn) checkSpecial(audit, frames, entry, pfn);
    else if (slot >= 0) checkPage(audit, frames, anonVmas, entry, pfn);
  };
}

/** What maps nothing names a slot, in private memory, or is a guard where there may be some. */
function checkAbsent(
  { findings }: Audit,
  swap: SwapDevice,
  mm: Mm,
  vma: Vma | undefined,
  address: number,
  low: number,
  high: number,
): void {
  const name = () => entryName(mm, address);
  const lies = vma !== undefined && address >= vma.start;
  if (!lies) findings.report('pte-in-vma', name(), 'a VMA', 'none', 'where it lies');
  if (isGuard(low, high)) {
    if (!lies || (vma.flags & VM_MAYBE_GUARD) !== 0) return;
    const detail = `flags of ${vma.name}`;
    findings.report('pte-guard', name(), 'VM_MAYBE_GUARD', hex(vma.flags), detail);
    return;
  }
  if (!isSwap(low, high)) {
    findings.report('pte-target', name(), 'a page, a slot, a guard or nothing', hex(low));
    return;
  }
  swap.name(swapSlotOf(low, high), isSwapExclusive(low), name);
  if (lies && (vma.flags & VM_SHARED) !== 0) {
    findings.report('pte-mapping', name(), 'a private mapping', vma.name, 'where a slot is named');
  }
}

/** The entry allows what the VMA allows; only writing may be left to a fault. */
function checkAccess(audit: Audit, { mm, vma, address, low, high }: Entry): void {
  const { findings } = audit;
  const name = () => entryName(mm, address);
  const accessible = (vma.flags & VM_ACCESS_FLAGS) !== 0;
  const expected = accessible ? PTE_PRESENT | PTE_USER : PTE_PROTNONE;
  const found = low & PTE_LOW_FLAGS & ~PTE_VARIABLE;
  findings.equalHex('pte-access', name, expected, found, 'what every entry of it has');
  if ((low & PTE_RW) !== 0 && (vma.flags & VM_WRITE) === 0) {
    findings.report('pte-access', name(), 'no write', 'write', `what ${vma.name} allows`);
  }
  const upper = (vma.flags & VM_EXEC) !== 0 ? 0 : PTE_NX;
  findings.equalHex('pte-access', name, upper, (high & PTE_HIGH_FLAGS) >>> 0, 'upper bits');
}

/** Truncation has left nothing mapped behind the end of the file, private copies included. */
function checkEnd(audit: Audit, { mm, vma, address }: Entry): void {
  if (vma.inode === undefined) return;
  const index = indexOf(vma, address);
  if (index < vma.inode.pages) return;
  const below = `an index below ${vma.inode.pages}`;
  audit.findings.report('pte-beyond-end', entryName(mm, address), below, index);
}

/** The zero page stands for untouched private memory, and nothing else is special. */
function checkSpecial(audit: Audit, frames: Frames, entry: Entry, pfn: number): void {
  const { findings } = audit;
  const { mm, vma, address, low } = entry;
  const name = () => entryName(mm, address);
  findings.equal('zero-page', name, PTE_SPECIAL, low & PTE_SPECIAL, 'special bit');
  findings.equal('zero-page', name, frames.zeroPfn, pfn, 'the page of a special entry');
  findings.equal('zero-page', name, 0, low & PTE_RW, 'write bit');
  if (vma.inode === undefined) return;
  findings.report('zero-page', name(), 'private anonymous memory', vma.name, 'where it may lie');
}

function checkPage(
  audit: Audit,
  frames: Frames,
  anonVmas: AnonVmas,
  entry: Entry,
  pfn: number,
): void {
  const { findings } = audit;
  const { mm, vma, address, low } = entry;
  const name = () => entryName(mm, address);
  const mapping = frames.mapping(pfn);
  const isAnon = (mapping & PAGE_MAPPING_ANON) !== 0;
  const index = indexOf(vma, address);
  findings.equal('pte-mapping', name, index, frames.index(pfn), () => `index of page ${pfn}`);
  if (isAnon) {
    const anonVma = mapping - PAGE_MAPPING_ANON;
    if ((vma.flags & VM_SHARED) !== 0 || !anonVmas.joined(vma.address, anonVma)) {
      const detail = `anon_vma of page ${pfn}`;
      findings.report('pte-mapping', name(), `one of ${vma.name}`, hex(anonVma), detail);
    }
  } else {
    const detail = () => `mapping of page ${pfn}`;
    if (vma.inode === undefined) {
      findings.report('pte-mapping', name(), 'an anon_vma', hex(mapping), detail());
    } else findings.equalHex('pte-mapping', name, vma.inode.mapping, mapping, detail);
  }
  if ((low & PTE_RW) === 0 || (vma.flags & VM_SHARED) !== 0) return;
  // Where pages do not say whose own they are, the number of their mappings must do.
  const isOwn = audit.keepsExclusive
    ? (frames.flags(pfn) & PG_ANON_EXCLUSIVE) !== 0
    : frames.mapcount(pfn) === 0;
  if (isAnon && isOwn) return;
  findings.report('pte-exclusive', name(), 'an exclusive page', `page ${pfn}`);
}

/** The index that the page at an address has (Linux: linear_page_index). */
function indexOf(vma: Vma, address: number): number {
  return vma.pgoff + (address - vma.start) / PAGE_SIZE;
}
