import {
  CONTENTS_BASE,
  PAGE_MAPPING_ANON,
  PAGE_SIZE,
  PG_ANON_EXCLUSIVE,
  PG_LOCKED,
  PG_SWAPCACHE,
  PG_WAITERS,
  PIN_PINCOUNT,
  PIN_READ_WRITE_SPLIT,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { IN_USE, pageName, type Frames } from './frames.js';

/** How many pages of each kind are mapped: what counters tell. */
export interface MappedPages {
  readonly inUse: number;
  readonly anonMapped: number;
  readonly fileMapped: number;
}

/** Checks each page in use against those who were found to refer to it. */
export function checkPagesInUse(audit: Audit, frames: Frames): MappedPages {
  const counts = { inUse: 0, anonMapped: 0, fileMapped: 0 };
  for (let pfn = 0; pfn < frames.frontier; pfn++) {
    if (frames.state[pfn] !== IN_USE) continue;
    checkReferences(audit, frames, pfn);
    checkFlags(audit, frames, pfn);
    counts.inUse++;
    if ((frames.entries[pfn] ?? 0) === 0) continue;
    if ((frames.mapping(pfn) & PAGE_MAPPING_ANON) !== 0) counts.anonMapped++;
    else counts.fileMapped++;
  }
  checkZeroPage(audit, frames);
  return counts;
}

/**
 * Asks the core what its own walks find. They trust what was checked before, so nothing may have
 * been wrong so far.
 */
export function checkCoreAgrees(audit: Audit, frames: Frames): void {
  const { findings, context } = audit;
  for (let pfn = 0; pfn < frames.frontier; pfn++) {
    if (frames.state[pfn] !== IN_USE) continue;
    const entries = frames.entries[pfn] ?? 0;
    const isAnon = (frames.mapping(pfn) & PAGE_MAPPING_ANON) !== 0;
    // An anonymous page that only pins keep may name an anon_vma that is gone, as in Linux.
    if (entries > 0 || !isAnon) {
      findings.equal('rmap', () => pageName(pfn), entries, context.rmapCount(pfn));
    }
    const pins = pinsByPolicy(audit, frames, pfn);
    findings.equal('pincount', () => pageName(pfn), pins, context.pagePins(pfn));
  }
}

/** The pins that a reference count shows under the machine's policy. */
function pinsByPolicy(audit: Audit, frames: Frames, pfn: number): number {
  if (audit.pinPolicy === PIN_READ_WRITE_SPLIT) return frames.writers[pfn] ?? 0;
  if (audit.pinPolicy !== PIN_PINCOUNT) return 0;
  // 1024 plain references look like a pin: that is how the design counts.
  const plain = expectedReferences(frames, pfn) - 1024 * (frames.pins[pfn] ?? 0);
  return (frames.pins[pfn] ?? 0) + Math.floor(plain / 1024);
}

function expectedReferences(frames: Frames, pfn: number): number {
  const cached = (frames.cached[pfn] ?? 0) + (frames.swapCached[pfn] ?? 0);
  return cached + (frames.entries[pfn] ?? 0) + (frames.batched[pfn] ?? 0) + (frames.held[pfn] ?? 0);
}

function checkReferences(audit: Audit, frames: Frames, pfn: number): void {
  const { findings } = audit;
  const name = () => pageName(pfn);
  const expected = expectedReferences(frames, pfn);
  const found = frames.refcount(pfn);
  if (expected === 0) {
    const owners = `none, and a reference count of ${found}`;
    findings.report('page-owner', pageName(pfn), 'an owner', owners);
  } else {
    findings.equal('refcount', name, expected, found, () => describe(frames, pfn));
  }
  findings.equal('mapcount', name, frames.entries[pfn] ?? 0, frames.mapcount(pfn) + 1);
  const mapping = frames.mapping(pfn);
  const ofFile = mapping !== 0 && (mapping & PAGE_MAPPING_ANON) === 0;
  const detail = 'slots of page caches, by its mapping';
  findings.equal('page-mapping', name, ofFile ? 1 : 0, frames.cached[pfn] ?? 0, detail);
}

function describe(frames: Frames, pfn: number): string {
  const entries = frames.entries[pfn] ?? 0;
  const held = frames.held[pfn] ?? 0;
  const cached = frames.cached[pfn] ?? 0;
  const swap = frames.swapCached[pfn] ?? 0;
  const batched = frames.batched[pfn] ?? 0;
  const owners = `${entries} of entries, ${batched} of LRU batches, ${held} of others`;
  return `reference count (${cached} of the page cache, ${swap} of the swap cache, ${owners})`;
}

function checkFlags(audit: Audit, frames: Frames, pfn: number): void {
  const { findings } = audit;
  const name = () => pageName(pfn);
  const flags = frames.flags(pfn);
  findings.equal('page-flags', name, 0, flags & PG_LOCKED, 'PG_locked');
  findings.equal('page-flags', name, 0, flags & PG_WAITERS, 'PG_waiters');
  const inSwapCache = (flags & PG_SWAPCACHE) !== 0 ? 1 : 0;
  findings.equal('swap-cache', name, frames.swapCached[pfn] ?? 0, inSwapCache, 'PG_swapcache');
  checkPinned(audit, frames, pfn);
  if ((flags & PG_ANON_EXCLUSIVE) === 0) return;
  if (!audit.keepsExclusive) {
    findings.report('page-flags', pageName(pfn), 'no mark', 'an exclusive page', 'by policy cow');
  }
  const isAnon = (frames.mapping(pfn) & PAGE_MAPPING_ANON) !== 0;
  if (!isAnon)
    findings.report('page-flags', pageName(pfn), 'an anonymous page', 'an exclusive one');
  const entries = frames.entries[pfn] ?? 0;
  if (entries <= 1) return;
  findings.report(
    'page-flags',
    pageName(pfn),
    'at most 1',
    entries,
    'entries of an exclusive page',
  );
}

/**
 * A private page that a device uses stays the process's own as long as it is mapped: the process's
 * next write goes to the page, and to no copy. Only some policies promise that.
 */
function checkPinned(audit: Audit, frames: Frames, pfn: number): void {
  const { cow, forkPinned, unmapPinned, pin } = audit.context.options.policy;
  if (cow !== 'anon-exclusive' || forkPinned !== 'early-copy-child') return;
  if (unmapPinned !== 'refuse-if-exclusive-and-pinned') return;
  const pins = { pincount: frames.pins, 'read-write-split': frames.writers };
  const shown = pin === 'pincount' || pin === 'read-write-split' ? pins[pin] : undefined;
  if ((shown?.[pfn] ?? 0) === 0 || (frames.entries[pfn] ?? 0) === 0) return;
  if ((frames.mapping(pfn) & PAGE_MAPPING_ANON) === 0) return;
  if ((frames.flags(pfn) & PG_ANON_EXCLUSIVE) !== 0) return;
  audit.findings.report('pin-exclusive', pageName(pfn), 'an exclusive page', 'a shared one');
}

/** Its descriptor lies behind that of the last frame: one reference is the machine's. */
function checkZeroPage(audit: Audit, frames: Frames): void {
  const { findings, memory, context } = audit;
  const pfn = frames.zeroPfn;
  const held = frames.held[frames.frontier] ?? 0;
  findings.equal('zero-page', 'the zero page', 1 + held, frames.refcount(pfn), 'reference count');
  findings.equal('zero-page', 'the zero page', -1, frames.mapcount(pfn), 'map count');
  const size = { none: 0, stamp: 8, full: PAGE_SIZE }[context.options.contents];
  if (memory.isZero(CONTENTS_BASE + pfn * size, size)) return;
  findings.report('zero-page', 'the zero page', 'zeros', 'something else', 'contents');
}
