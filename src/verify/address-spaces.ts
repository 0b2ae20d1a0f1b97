import {
  CACHE_MM,
  CACHE_VMA,
  PAGE_SIZE,
  VM_ACCESS_FLAGS,
  VM_LOCKED,
  VM_SHARED,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { Files, Inode } from './files.js';
import { walkList } from './lists.js';
import { MMS } from './places.js';
import { ADDRESS_END } from './pte.js';
import type { Slabs } from './slabs.js';
import { walkTree } from './trees.js';

const MM = offsetsOf('MmStruct');
const VMA = offsetsOf('Vma');

/** A VMA, as it was read once. */
export interface Vma {
  readonly address: number;
  /** For messages: `VMA 0x1000-0x3000 of pid 2`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly pages: number;
  readonly pgoff: number;
  readonly flags: number;
  readonly inode: Inode | undefined;
  /** Its struct anon_vma, or 0. */
  readonly anonVma: number;
}

/** An address space. */
export interface Mm {
  readonly address: number;
  /** For messages: `mm of pid 2`. */
  readonly name: string;
  readonly pid: number;
  readonly pgd: number;
  /** By address. */
  readonly vmas: readonly Vma[];
}

/** Reads all address spaces, and checks their trees of VMAs. */
export function readAddressSpaces(audit: Audit, slabs: Slabs, files: Files): Mm[] {
  const { memory, findings } = audit;
  const isLink = (link: number) => slabs.isLive(CACHE_MM, link - MM.mmList);
  const links = walkList(audit, MMS, 'list of mms', isLink);
  const mms = links.map((link) => {
    slabs.use(CACHE_MM, link - MM.mmList, 'list of mms');
    return readMm(audit, slabs, files, link - MM.mmList);
  });
  for (const mm of mms) {
    const users = files.tasks.filter((task) => task.mm === mm.address);
    const noted = memory.u32(mm.address + MM.mmUsers);
    findings.equal('mm', mm.name, users.length, noted, 'mmUsers');
    for (const { pid } of users) findings.equal('mm', mm.name, pid, mm.pid, 'pid');
  }
  for (const task of files.tasks) {
    if (mms.some((mm) => mm.address === task.mm)) continue;
    findings.report('object', `process ${task.pid}`, 'an mm of the list', hex(task.mm), 'its mm');
  }
  return mms;
}

function readMm(audit: Audit, slabs: Slabs, files: Files, address: number): Mm {
  const { memory, findings } = audit;
  const pid = memory.u32(address + MM.pid);
  const name = `mm of pid ${pid}`;
  const nodes = walkTree(audit, address + MM.mmRoot, {
    name: `VMAs of pid ${pid}`,
    isNode: (node) => slabs.isLive(CACHE_VMA, node - VMA.node0),
    visit: (node, left, right) => checkExtents(audit, pid, node, left, right),
  });
  const vmas = nodes.map((node) => readVma(audit, slabs, files, node - VMA.node0, pid));
  const total = vmas.reduce((sum, vma) => sum + vma.pages, 0);
  findings.equal('mm', name, vmas.length, memory.u32(address + MM.mapCount), 'mapCount');
  findings.equal('mm', name, total, memory.u64(address + MM.totalVm), 'totalVm');
  const isLocked = ({ flags }: Vma) => (flags & VM_LOCKED) !== 0;
  const locked = vmas.filter(isLocked).reduce((sum, vma) => sum + vma.pages, 0);
  findings.equal('mm', name, locked, memory.u64(address + MM.lockedVm), 'lockedVm');
  checkVmas(audit, address, vmas);
  return { address, name, pid, pgd: memory.u32(address + MM.pgd), vmas };
}

function readVma(audit: Audit, slabs: Slabs, files: Files, address: number, pid: number): Vma {
  const { memory } = audit;
  const start = memory.u64(address + VMA.vmStart);
  const end = memory.u64(address + VMA.vmEnd);
  const name = `VMA ${hex(start)}-${hex(end)} of pid ${pid}`;
  const file = memory.u32(address + VMA.vmFile);
  slabs.use(CACHE_VMA, address, name);
  return {
    address,
    name,
    start,
    end,
    pages: (end - start) / PAGE_SIZE,
    pgoff: memory.u64(address + VMA.vmPgoff),
    flags: memory.u32(address + VMA.vmFlags),
    inode: file === 0 ? undefined : files.use(file, name)?.inode,
    anonVma: memory.u32(address + VMA.anonVma),
  };
}

function checkVmas(audit: Audit, mm: number, vmas: readonly Vma[]): void {
  const { memory, findings } = audit;
  let before = 0;
  for (const vma of vmas) {
    const { name, start, end, flags } = vma;
    const range = `${hex(start)}-${hex(end)}`;
    if (start % PAGE_SIZE !== 0 || end % PAGE_SIZE !== 0 || start >= end || end > ADDRESS_END) {
      findings.report('vma', name, 'whole pages of user space', range, 'its range');
    }
    if (start < before) findings.report('tree-order', name, `${hex(before)} or more`, hex(start));
    before = end;
    findings.equalHex('vma', name, mm, memory.u32(vma.address + VMA.vmMm), 'vmMm');
    const forbidden = flags & ~(flags >>> 4) & VM_ACCESS_FLAGS;
    findings.equal('vma', name, 0, forbidden, 'access that it may not have');
    if ((flags & VM_SHARED) !== 0 && vma.inode === undefined) {
      findings.report('vma', name, 'a file', 'none', 'what a shared mapping has');
    }
  }
}

/** What a node of the tree knows about its subtree: both ends, and the largest hole in it. */
function checkExtents(audit: Audit, pid: number, node: number, left: number, right: number): void {
  const { memory, findings } = audit;
  const field = (at: number, offset: number) => memory.u64(at - VMA.node0 + offset);
  const low = left === 0 ? node : left;
  const high = right === 0 ? node : right;
  const start = field(low, left === 0 ? VMA.vmStart : VMA.subtreeStart);
  const end = field(high, right === 0 ? VMA.vmEnd : VMA.subtreeEnd);
  const gaps = [0];
  if (left !== 0) {
    gaps.push(field(left, VMA.subtreeGap), field(node, VMA.vmStart) - field(left, VMA.subtreeEnd));
  }
  if (right !== 0) {
    gaps.push(
      field(right, VMA.subtreeGap),
      field(right, VMA.subtreeStart) - field(node, VMA.vmEnd),
    );
  }
  const name = () =>
    `VMA ${hex(field(node, VMA.vmStart))}-${hex(field(node, VMA.vmEnd))} of pid ${pid}`;
  findings.equal('tree-subtree', name, start, field(node, VMA.subtreeStart), 'subtreeStart');
  findings.equal('tree-subtree', name, end, field(node, VMA.subtreeEnd), 'subtreeEnd');
  findings.equal(
    'tree-subtree',
    name,
    Math.max(...gaps),
    field(node, VMA.subtreeGap),
    'subtreeGap',
  );
}
