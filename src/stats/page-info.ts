import { VECS } from '../verify/places.js';
import { ZONE_BASE } from '../wasm/generated/layout.js';
import type { VerifyContext } from '../verify/verify.js';
import {
  DENTRY_NONE,
  FOLL_PIN,
  MAX_PAGE_ORDER,
  MEM_MAP,
  PAGE_MAPPING_ANON,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  PAGE_TYPE_BUDDY,
  PG_ACTIVE,
  PG_ANON_EXCLUSIVE,
  PG_DIRTY,
  PG_LOCKED,
  PG_LRU,
  PG_MLOCKED,
  PG_RECLAIM,
  PG_REFERENCED,
  PG_SWAPBACKED,
  PG_SWAPCACHE,
  PG_UNEVICTABLE,
  PG_UPTODATE,
  PG_WAITERS,
  PG_WORKINGSET,
  PG_WRITEBACK,
} from '../wasm/generated/layout.js';
import { offsetOf, type CoreViews } from '../wasm/views.js';
import { pfnsOf } from './vectors.js';

/** What is known about one page frame. */
export interface PageInfo {
  /** References of every kind; 0: free. */
  readonly refcount: number;
  /** Page-table entries that map it; 0: none. */
  readonly mapcount: number;
  /**
   * Pins: those that the reference count shows, or where the pin policy does not show them, those
   * of the `PinnedPages` that hold the page.
   */
  readonly pincount: number;
  /**
   * Linux's names in lower case: `locked`, `writeback`, `referenced`, `uptodate`, `dirty`, `lru`,
   * `waiters`, `active`, `workingset`, `swapcache`, `anon_exclusive`, `reclaim`, `swapbacked`,
   * `unevictable`, `mlocked`; and `anon` for an anonymous page, `buddy` for one of a free block.
   */
  readonly flags: string[];
  /** `inode 3 (memfd "buf")`, `anon_vma`, or null for a page that belongs to neither. */
  readonly mapping: string | null;
  /** Offset in pages within that; 0 without one. */
  readonly index: number;
}

const FLAGS: readonly (readonly [bit: number, name: string, kpf: bigint])[] = [
  [PG_LOCKED, 'locked', 1n << 0n],
  [PG_WRITEBACK, 'writeback', 1n << 8n],
  [PG_REFERENCED, 'referenced', 1n << 2n],
  [PG_UPTODATE, 'uptodate', 1n << 3n],
  [PG_DIRTY, 'dirty', 1n << 4n],
  [PG_LRU, 'lru', 1n << 5n],
  [PG_WAITERS, 'waiters', 0n],
  [PG_ACTIVE, 'active', 1n << 6n],
  [PG_WORKINGSET, 'workingset', 0n],
  [PG_SWAPCACHE, 'swapcache', 1n << 13n],
  [PG_ANON_EXCLUSIVE, 'anon_exclusive', 0n],
  [PG_RECLAIM, 'reclaim', 1n << 9n],
  [PG_SWAPBACKED, 'swapbacked', 1n << 14n],
  [PG_UNEVICTABLE, 'unevictable', 1n << 18n],
  [PG_MLOCKED, 'mlocked', 1n << 33n],
];
const KPF_BUDDY = 1n << 10n;
const KPF_MMAP = 1n << 11n;
const KPF_ANON = 1n << 12n;
const KPF_NOPAGE = 1n << 20n;
const KPF_ZERO_PAGE = 1n << 24n;

/** The names of the flags that are set in a word of page flags. */
export function flagNames(bits: number): string[] {
  return FLAGS.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

/** Everything about a page frame. */
export function pageInfo(context: VerifyContext, pfn: number): PageInfo {
  const { views } = context;
  const page = pageAt(pfn);
  const bits = views.u32At(page + offsetOf('Page', 'flags'));
  const mapping = views.read('Page', 'mapping', page);
  const flags = flagNames(bits);
  if (isAnon(mapping)) flags.push('anon');
  if (isFreeBuddyPage(context, pfn)) flags.push('buddy');
  return {
    refcount: views.readSigned('Page', 'refcount', page),
    mapcount: kpagecount(context, pfn),
    pincount: Math.max(context.pagePins(pfn), pinsOfVectors(views, pfn)),
    flags,
    mapping: mapping === 0 ? null : ownerName(views, mapping),
    index: mapping === 0 ? 0 : views.read('Page', 'index', page),
  };
}

/** How often a page frame is mapped (Linux: fs/proc/page.c, kpagecount_read). */
export function kpagecount({ views }: VerifyContext, pfn: number): number {
  const page = pageAt(pfn);
  // The word of a free page has other uses, and is 0 in one that was never used.
  if (views.readSigned('Page', 'refcount', page) === 0) return 0;
  return views.readSigned('Page', 'mapcount', page) + 1;
}

/** KPF_* bits of a page frame (Linux: fs/proc/page.c, stable_page_flags). */
export function kpageflags(context: VerifyContext, pfn: number): bigint {
  const { views } = context;
  const zeroPfn = nrFrames(context);
  if (pfn > zeroPfn) return KPF_NOPAGE;
  const page = pageAt(pfn);
  const bits = views.u32At(page + offsetOf('Page', 'flags'));
  let flags = FLAGS.reduce((all, [bit, , kpf]) => ((bits & bit) === 0 ? all : all | kpf), 0n);
  if (kpagecount(context, pfn) > 0) flags |= KPF_MMAP;
  if (isAnon(views.read('Page', 'mapping', page))) flags |= KPF_ANON;
  if (isFreeBuddyPage(context, pfn)) flags |= KPF_BUDDY;
  if (pfn === zeroPfn) flags |= KPF_ZERO_PAGE;
  return flags;
}

/** True for every page of a free block (Linux: is_free_buddy_page), and for what was never used. */
function isFreeBuddyPage(context: VerifyContext, pfn: number): boolean {
  const { views } = context;
  if (pfn >= views.read('Zone', 'frontier', ZONE_BASE)) return pfn < nrFrames(context);
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    const head = pageAt(pfn - (pfn % 2 ** order));
    const isBlock = views.readSigned('Page', 'mapcount', head) === PAGE_TYPE_BUDDY;
    if (isBlock && views.read('Page', 'privateData', head) >= order) return true;
  }
  return false;
}

/** How many pins of a page the live vectors hold. */
function pinsOfVectors(views: CoreViews, pfn: number): number {
  let pins = 0;
  for (const link of views.list(VECS)) {
    const vec = link - offsetOf('GupVec', 'list');
    if ((views.read('GupVec', 'gupFlags', vec) & FOLL_PIN) === 0) continue;
    for (const held of pfnsOf(views, vec)) if (held === pfn) pins++;
  }
  return pins;
}

function ownerName(views: CoreViews, mapping: number): string {
  if (isAnon(mapping)) return 'anon_vma';
  const inode = mapping - offsetOf('Inode', 'mapping0');
  const name = views.read('Inode', 'name', inode);
  const number = `inode ${views.read('Inode', 'iIno', inode)}`;
  if (name === 0) return number;
  const kind = views.read('Inode', 'dentry', inode) === DENTRY_NONE ? 'memfd' : 'file';
  return `${number} (${kind} ${JSON.stringify(views.text(name))})`;
}

function isAnon(mapping: number): boolean {
  return (mapping & PAGE_MAPPING_ANON) !== 0;
}

function nrFrames({ options }: VerifyContext): number {
  return options.memory / PAGE_SIZE;
}

function pageAt(pfn: number): number {
  return MEM_MAP + pfn * PAGE_STRUCT_SIZE;
}
