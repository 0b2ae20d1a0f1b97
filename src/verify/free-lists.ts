import {
  MAX_PAGE_ORDER,
  NR_PAGE_ORDERS,
  PAGE_TYPE_BUDDY,
  PAGE_TYPE_PCP,
  PERCPU_PCP,
  ZONE_FREE_LIST,
  ZONE_NR_FREE,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { offsetsOf } from './core-memory.js';
import { BUDDY_HEAD, BUDDY_TAIL, IN_USE, ON_PCP_LIST, pageName, type Frames } from './frames.js';
import { walkList } from './lists.js';
import { ZONE_BASE } from '../wasm/generated/layout.js';

const PAGE = offsetsOf('Page');
const ZONE_FIELDS = offsetsOf('Zone');
const PCP = offsetsOf('PerCpuPages');

/**
 * Walks the free lists: the buddy allocator's by order, and each CPU's. Marks the frames they hold.
 * @returns the number of free frames, those behind the frontier included
 */
export function checkFreeLists(audit: Audit, frames: Frames): number {
  let inBuddy = 0;
  for (let order = 0; order < NR_PAGE_ORDERS; order++) {
    inBuddy += checkOrder(audit, frames, order) * 2 ** order;
  }
  const noted = audit.memory.u32(ZONE_BASE + ZONE_FIELDS.nrBuddy);
  audit.findings.equal('free-list', 'zone', inBuddy, noted, 'nrBuddy');
  checkJoined(audit, frames);
  const onPcpLists = audit.cpus().reduce((sum, cpu) => sum + checkPcp(audit, frames, cpu), 0);
  return inBuddy + onPcpLists + audit.nrFrames - frames.frontier;
}

/** One list of blocks; returns how many it has. */
function checkOrder(audit: Audit, frames: Frames, order: number): number {
  const { memory, findings } = audit;
  const list = `free list of order ${order}`;
  const isLink = (link: number) => frames.pfnOfPage(link - PAGE.lru) >= 0;
  const links = walkList(audit, ZONE_BASE + ZONE_FREE_LIST + order * 8, list, isLink);
  for (const link of links) {
    const pfn = frames.pfnOfPage(link - PAGE.lru);
    const name = () => pageName(pfn);
    findings.equal('free-list', name, order, frames.order(pfn), 'order of the block');
    if (pfn % 2 ** order !== 0 || pfn + 2 ** order > frames.frontier) {
      findings.report(
        'free-list',
        pageName(pfn),
        `a block of order ${order}`,
        pfn,
        'where it lies',
      );
    }
    for (let at = pfn; at < pfn + 2 ** order; at++) {
      mark(audit, frames, at, at === pfn ? BUDDY_HEAD : BUDDY_TAIL);
    }
  }
  const noted = memory.u32(ZONE_BASE + ZONE_NR_FREE + order * 4);
  findings.equal('free-list', list, links.length, noted, 'nrFree');
  return links.length;
}

/** Two halves of a larger block are never both free. */
function checkJoined(audit: Audit, frames: Frames): void {
  for (let pfn = 0; pfn < frames.frontier;) {
    if (frames.state[pfn] !== BUDDY_HEAD) {
      pfn++;
      continue;
    }
    const order = Math.min(frames.order(pfn), MAX_PAGE_ORDER);
    const size = 2 ** order;
    const buddy = pfn + size;
    const isLower = pfn % (2 * size) === 0;
    if (isLower && order < MAX_PAGE_ORDER && frames.state[buddy] === BUDDY_HEAD) {
      if (frames.order(buddy) === order && buddy < frames.frontier) {
        const found = `pages ${pfn} and ${buddy} apart`;
        audit.findings.report('free-list', pageName(pfn), 'one joined block', found);
      }
    }
    pfn += size;
  }
}

/** One CPU's list; returns how many pages it has. */
function checkPcp(audit: Audit, frames: Frames, cpu: number): number {
  const { memory, findings } = audit;
  const pcp = audit.perCpu(cpu) + PERCPU_PCP;
  const list = `free list of CPU ${cpu}`;
  const isLink = (link: number) => frames.pfnOfPage(link - PAGE.lru) >= 0;
  const links = walkList(audit, pcp + PCP.list, list, isLink);
  for (const link of links) mark(audit, frames, frames.pfnOfPage(link - PAGE.lru), ON_PCP_LIST);
  findings.equal('free-list', list, links.length, memory.u32(pcp + PCP.count), 'count');
  return links.length;
}

function mark(audit: Audit, frames: Frames, pfn: number, state: number): void {
  if (pfn >= frames.frontier) return;
  if (frames.state[pfn] !== IN_USE) {
    audit.findings.report('frame-state', pageName(pfn), 'on one free list', 'on two');
  }
  frames.state[pfn] = state;
}

/** What the map count of a free page says: the kind of list that it is on. */
function checkType(audit: Audit, frames: Frames, pfn: number): void {
  const found = frames.mapcount(pfn);
  const state = frames.state[pfn];
  // Inside of a block nobody has ever written it, or it is what it was before the block was joined.
  if (state === BUDDY_TAIL && (found === 0 || found === -1 || found === PAGE_TYPE_PCP)) return;
  const types = { [BUDDY_HEAD]: PAGE_TYPE_BUDDY, [ON_PCP_LIST]: PAGE_TYPE_PCP };
  const expected = types[state as keyof typeof types] ?? -1;
  audit.findings.equal('free-page', () => pageName(pfn), expected, found, 'type of the page');
}

/** Reports free pages that somebody refers to; called once all references were counted. */
export function checkFreePages(audit: Audit, frames: Frames): void {
  const { findings } = audit;
  for (let pfn = 0; pfn < frames.frontier; pfn++) {
    const state = frames.state[pfn];
    if (state === IN_USE) continue;
    const name = () => pageName(pfn);
    checkType(audit, frames, pfn);
    findings.equal('free-page', name, 0, frames.refcount(pfn), 'reference count');
    findings.equal('free-page', name, 0, frames.flags(pfn), 'flags');
    findings.equal('free-page', name, 0, frames.mapping(pfn), 'mapping');
    findings.equal('free-page', name, 0, frames.entries[pfn] ?? 0, 'page-table entries');
    findings.equal('free-page', name, 0, frames.cached[pfn] ?? 0, 'slots of page caches');
    findings.equal('free-page', name, 0, frames.held[pfn] ?? 0, 'references of vectors');
    findings.equal('free-page', name, 0, frames.batched[pfn] ?? 0, 'entries of LRU batches');
  }
}
