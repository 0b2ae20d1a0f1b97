import {
  CACHE_LINE,
  F_SEAL_WRITE,
  KPAGE_DATA,
  PIN_I_MMAP_WRITABLE,
  PIN_I_MMAP_WRITABLE_PERCPU,
  PIN_PINCOUNT,
  SEAL_DONTPIN,
  SEAL_REFUSE_IF_COUNTED,
  SEAL_WAIT_FOR_PINS,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { offsetsOf } from './core-memory.js';
import type { Inode } from './files.js';
import { pageName, type Frames } from './frames.js';
import type { KernelPages } from './kernel-pages.js';

const MAPPING = offsetsOf('AddressSpace');
/** AS_DONTPIN. */
const DONTPIN = 1;

/** Checks the counters, one a CPU, that a file has under policy pin: i-mmap-writable-percpu. */
export function checkPinCounters(
  audit: Audit,
  pages: KernelPages,
  inode: Inode,
  counted: number,
): void {
  const { memory, findings } = audit;
  const counters = memory.u32(inode.mapping + MAPPING.pinCounters);
  if (audit.pinPolicy !== PIN_I_MMAP_WRITABLE_PERCPU) {
    findings.equal('pin-counters', () => inode.name, 0, counters, 'counters that no policy needs');
    return;
  }
  if (!pages.claim(counters, KPAGE_DATA, inode.name)) return;
  const sum = audit
    .cpus()
    .reduce((total, cpu) => total + memory.s64(counters + cpu * CACHE_LINE), 0);
  findings.equal('pin-counters', () => inode.name, counted, sum);
}

/** Checks that a page in a file's cache is not pinned in a way that the file's seals exclude. */
export function checkSealedPages(audit: Audit, frames: Frames, sealed: readonly Inode[]): void {
  const promised = promiseOf(audit, frames);
  if (promised === undefined) return;
  const mappings = new Map(sealed.map((inode) => [inode.mapping, inode]));
  for (let pfn = 0; pfn < frames.frontier && mappings.size > 0; pfn++) {
    if ((frames.cached[pfn] ?? 0) === 0) continue;
    const inode = mappings.get(frames.mapping(pfn));
    if (inode === undefined) continue;
    const detail = `references for writing to a page of sealed ${inode.name}`;
    audit.findings.equal('seal', () => pageName(pfn), 0, promised[pfn] ?? 0, detail);
  }
}

/** The references that no file with F_SEAL_WRITE has; undefined where it promises nothing. */
function promiseOf(audit: Audit, frames: Frames): Int32Array | undefined {
  if (audit.sealPolicy === SEAL_WAIT_FOR_PINS) return frames.writers;
  if (audit.pinPolicy === PIN_I_MMAP_WRITABLE) return frames.writers;
  if (audit.sealPolicy !== SEAL_REFUSE_IF_COUNTED) return undefined;
  return audit.pinPolicy === PIN_PINCOUNT ? frames.writePins : frames.writers;
}

/** Checks that nobody holds pages of files that can be sealed, under policy seal: dontpin. */
export function checkDontpin(audit: Audit, frames: Frames, inodes: readonly Inode[]): void {
  if (audit.sealPolicy !== SEAL_DONTPIN) return;
  const { memory, findings } = audit;
  const marked = inodes.filter(
    (inode) => (memory.u32(inode.mapping + MAPPING.flags) & DONTPIN) !== 0,
  );
  const mappings = new Map(marked.map((inode) => [inode.mapping, inode]));
  for (let pfn = 0; pfn < frames.frontier && mappings.size > 0; pfn++) {
    const inode = mappings.get(frames.mapping(pfn));
    if (inode === undefined) continue;
    const detail = `references to a page of ${inode.name}, which must not be pinned`;
    findings.equal('seal', () => pageName(pfn), 0, frames.held[pfn] ?? 0, detail);
  }
}

/** True for a file that was sealed against writing. */
export function isSealed(inode: Inode): boolean {
  return (inode.seals & F_SEAL_WRITE) !== 0;
}
