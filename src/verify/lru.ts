import {
  BATCH_LRU_ADD,
  BATCH_MLOCK,
  CPU_LRU_BATCHES,
  FOLIO_BATCH_BYTES,
  FOLIO_BATCH_SIZE,
  LRU_ACTIVE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  LRU_UNEVICTABLE,
  LRUVEC_BASE,
  MLOCK_NEW,
  NR_BATCHES,
  NR_EVICTABLE_LISTS,
  PERCPU_EVENTS,
  PERCPU_LRU,
  PG_ACTIVE,
  PG_LRU,
  PG_MLOCKED,
  PG_SWAPBACKED,
  PG_UNEVICTABLE,
  VM_NR_INACTIVE_ANON,
  VM_NR_ISOLATED_ANON,
  VM_NR_ISOLATED_FILE,
  VM_NR_MLOCK,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import { IN_USE, pageName, type Frames } from './frames.js';
import { walkList } from './lists.js';

const LRUVEC = offsetsOf('Lruvec');
const PAGE = offsetsOf('Page');
/** The lowest bits of an entry say what is to be done with the page. */
const TAGS = 3;
const NAMES = ['inactive_anon', 'active_anon', 'inactive_file', 'active_file', 'unevictable'];

/** Reads the CPUs' LRU batches: each entry is a reference to its page. */
export function readBatches(audit: Audit, frames: Frames): void {
  for (const cpu of audit.cpus()) {
    for (let kind = 0; kind < NR_BATCHES; kind++) readBatch(audit, frames, cpu, kind);
  }
}

function readBatch(audit: Audit, frames: Frames, cpu: number, kind: number): void {
  const { memory, findings } = audit;
  const batch = audit.perCpu(cpu) + PERCPU_LRU + CPU_LRU_BATCHES + kind * FOLIO_BATCH_BYTES;
  const name = `LRU batch ${kind} of CPU ${cpu}`;
  const nr = memory.u32(batch);
  if (nr >= FOLIO_BATCH_SIZE) findings.report('lru-batch', name, 'less than 31', nr, 'nr');
  for (let index = 0; index < FOLIO_BATCH_SIZE; index++) {
    const entry = memory.u32(batch + 4 + index * 4);
    if (entry === 0) continue;
    if (index >= nr) findings.report('lru-batch', name, 0, hex(entry), `slot ${index} of ${nr}`);
    const pfn = frames.pfnOfPage(entry - (entry & TAGS));
    if (pfn < 0) {
      findings.report('lru-batch', name, 'a page', hex(entry), `slot ${index}`);
      continue;
    }
    frames.batched[pfn] = (frames.batched[pfn] ?? 0) + 1;
    const adds = kind === BATCH_LRU_ADD || (kind === BATCH_MLOCK && (entry & MLOCK_NEW) !== 0);
    if (adds) frames.adding[pfn] = (frames.adding[pfn] ?? 0) + 1;
  }
}

/** Checks the LRU lists against the flags of the pages, and counts them. */
export function checkLru(audit: Audit, frames: Frames): void {
  const listOf = new Map<number, number>();
  const found = NAMES.map(() => 0);
  for (let lru = 0; lru < NR_EVICTABLE_LISTS; lru++) {
    for (const pfn of pagesOn(audit, frames, lru)) {
      const name = () => pageName(pfn);
      const before = listOf.get(pfn);
      if (before !== undefined) {
        const both = `on ${NAMES[before]} and on ${NAMES[lru]}`;
        audit.findings.report('lru-list', pageName(pfn), 'on one list', both);
      }
      audit.findings.equal('lru-list', name, IN_USE, frames.state[pfn] ?? -1, 'a page in use');
      listOf.set(pfn, lru);
      found[lru] = (found[lru] ?? 0) + 1;
    }
  }
  let mlocked = 0;
  for (let pfn = 0; pfn < frames.frontier; pfn++) {
    if (frames.state[pfn] !== IN_USE) continue;
    const flags = frames.flags(pfn);
    if ((flags & PG_MLOCKED) !== 0) mlocked++;
    checkMember(audit, frames, pfn, listOf.get(pfn));
    const unlisted = (flags & PG_LRU) !== 0 && listByFlags(flags) === LRU_UNEVICTABLE;
    if (unlisted) found[LRU_UNEVICTABLE] = (found[LRU_UNEVICTABLE] ?? 0) + 1;
  }
  NAMES.forEach((list, lru) => {
    counter(audit, `nr_${list}`, VM_NR_INACTIVE_ANON + lru, found[lru] ?? 0);
  });
  counter(audit, 'nr_mlock', VM_NR_MLOCK, mlocked);
  counter(audit, 'nr_isolated_anon', VM_NR_ISOLATED_ANON, 0);
  counter(audit, 'nr_isolated_file', VM_NR_ISOLATED_FILE, 0);
}

function pagesOn(audit: Audit, frames: Frames, lru: number): number[] {
  const isLink = (link: number) => frames.pfnOfPage(link - PAGE.lru) >= 0;
  const head = LRUVEC_BASE + LRUVEC.lists0 + lru * 8;
  const links = walkList(audit, head, `LRU list ${NAMES[lru]}`, isLink);
  return links.map((link) => frames.pfnOfPage(link - PAGE.lru));
}

/** One page in use: where it is, and where its flags and its owners say that it is. */
function checkMember(audit: Audit, frames: Frames, pfn: number, list: number | undefined): void {
  const { findings } = audit;
  const flags = frames.flags(pfn);
  const name = () => pageName(pfn);
  const isListed = (flags & PG_LRU) !== 0;
  const expected = isListed ? listByFlags(flags) : undefined;
  const where = expected === LRU_UNEVICTABLE ? undefined : expected;
  const text = (at: number | undefined) => (at === undefined ? 'none' : (NAMES[at] ?? 'none'));
  findings.equal('lru-list', name, text(where), text(list), 'its LRU list');
  const adding = frames.adding[pfn] ?? 0;
  if (isListed) {
    findings.equal('lru-member', name, 0, adding, 'batches that would put it on a list again');
    const locked = (flags & (PG_MLOCKED | PG_UNEVICTABLE)) === PG_UNEVICTABLE;
    if (locked && (frames.batched[pfn] ?? 0) === 0) {
      findings.report('lru-member', pageName(pfn), 'PG_mlocked', 'none', 'why it is unevictable');
    }
    return;
  }
  if ((frames.cached[pfn] ?? 0) + (frames.entries[pfn] ?? 0) === 0) return;
  findings.equal('lru-member', name, 1, adding, 'batches that will put it on a list');
}

/** Linux: folio_lru_list. */
function listByFlags(flags: number): number {
  if ((flags & PG_UNEVICTABLE) !== 0) return LRU_UNEVICTABLE;
  const base = (flags & PG_SWAPBACKED) !== 0 ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
  return (flags & PG_ACTIVE) !== 0 ? base + LRU_ACTIVE : base;
}

function counter(audit: Audit, name: string, item: number, expected: number): void {
  const at = PERCPU_EVENTS + item * 8;
  const sum = audit.cpus().reduce((all, cpu) => all + audit.memory.s64(audit.perCpu(cpu) + at), 0);
  audit.findings.equal('counter', name, expected, sum);
}
