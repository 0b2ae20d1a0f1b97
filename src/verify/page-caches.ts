import { F_SEAL_WRITE, VM_MAYWRITE, VM_SHARED } from '../wasm/generated/layout.js';
import type { Vma } from './address-spaces.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { Inode } from './files.js';
import { pageName, type Frames } from './frames.js';
import type { Slabs } from './slabs.js';
import type { SwapDevice } from './swap.js';
import { walkIntervalTree } from './trees.js';
import { isValue, slotOf, walkXarray } from './xarrays.js';

const MAPPING = offsetsOf('AddressSpace');
const VMA = offsetsOf('Vma');

/** Checks a file's page cache and notes its pages; returns how many it has. */
export function checkPageCache(
  audit: Audit,
  slabs: Slabs,
  frames: Frames,
  swap: SwapDevice,
  inode: Inode,
): number {
  const { memory, findings } = audit;
  let pages = 0;
  let swapped = 0;
  walkXarray(audit, slabs, inode.mapping + MAPPING.iPages0, inode.name, (index, value) => {
    if (isValue(value)) {
      swapped++;
      swap.name(slotOf(value), false, () => `entry ${index} of ${inode.name}`);
      return;
    }
    pages++;
    const pfn = frames.pfnOfPage(value);
    if (pfn < 0) {
      findings.report('object', inode.name, 'a page', hex(value), `entry at index ${index}`);
      return;
    }
    frames.cached[pfn] = (frames.cached[pfn] ?? 0) + 1;
    const name = () => pageName(pfn);
    findings.equalHex(
      'page-cache',
      name,
      inode.mapping,
      frames.mapping(pfn),
      () => `mapping of a page of ${inode.name}`,
    );
    findings.equal('page-cache', name, index, frames.index(pfn), () => `index in ${inode.name}`);
  });
  findings.equal(
    'page-cache',
    () => inode.name,
    pages,
    memory.u64(inode.mapping + MAPPING.nrPages),
    'nrPages',
  );
  const noted = memory.u64(inode.mapping + MAPPING.nrSwapped);
  findings.equal('page-cache', () => inode.name, swapped, noted, 'nrSwapped');
  return pages;
}

/** Checks that i_mmap of a file holds the given VMAs, all that map it. */
export function checkIMmap(audit: Audit, inode: Inode, vmas: readonly Vma[]): void {
  const { memory, findings } = audit;
  const expected = new Map(vmas.map((vma) => [vma.address + VMA.shared0, vma]));
  const nodes = walkIntervalTree(
    audit,
    inode.mapping + MAPPING.iMmap,
    { name: `i_mmap of ${inode.name}`, isNode: (node) => expected.has(node) },
    (node) => {
      const vma = expected.get(node);
      const start = vma?.pgoff ?? 0;
      const last = start + (vma?.pages ?? 1) - 1;
      return { start, last, subtreeLast: memory.u64(node - VMA.shared0 + VMA.subtreeLast) };
    },
  );
  for (const node of nodes) expected.delete(node);
  for (const vma of expected.values()) {
    findings.report('i-mmap', inode.name, `${vma.name} in i_mmap`, 'not there');
  }
}

/**
 * Checks i_mmap_writable: so many shared mappings may write, and so many counted pins live; or -1,
 * once F_SEAL_WRITE has denied both.
 */
export function checkWritable(
  audit: Audit,
  inode: Inode,
  vmas: readonly Vma[],
  pins: number,
): void {
  const { memory, findings } = audit;
  const bits = VM_SHARED | VM_MAYWRITE;
  const mappings = vmas.filter((vma) => (vma.flags & bits) === bits).length;
  const denied = (inode.seals & F_SEAL_WRITE) !== 0;
  if (denied) {
    const detail = 'shared mappings that may write to a file with F_SEAL_WRITE';
    findings.equal('seal', () => inode.name, 0, mappings, detail);
  }
  const expected = mappings + pins - (denied ? 1 : 0);
  const found = memory.s32(inode.mapping + MAPPING.iMmapWritable);
  findings.equal('i-mmap-writable', () => inode.name, expected, found);
}
