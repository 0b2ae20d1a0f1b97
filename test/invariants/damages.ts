import {
  STRUCTS,
  CACHE_FILE,
  CACHE_VMA,
  CONTENTS_BASE,
  CPU_LRU_BATCHES,
  F_SEAL_WRITE,
  FOLL_PIN,
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  MACHINE_BASE,
  MEM_MAP,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  PERCPU_EVENTS,
  PERCPU_GATHER,
  PERCPU_LRU,
  PERCPU_MAGAZINES,
  PERCPU_PCP,
  PG_ACTIVE,
  PG_ANON_EXCLUSIVE,
  PG_LOCKED,
  PG_LRU,
  PG_MLOCKED,
  PG_UNEVICTABLE,
  PG_WAITERS,
  VM_NR_ACTIVE_FILE,
  VM_NR_ANON_MAPPED,
  VM_NR_FILE_MAPPED,
  VM_NR_FILE_PAGES,
  VM_NR_FREE_PAGES,
  VM_NR_INACTIVE_ANON,
  VM_NR_ISOLATED_ANON,
  VM_NR_PAGE_TABLE_PAGES,
  VM_NR_SHMEM,
  VM_PGFREE,
  VM_MAYBE_GUARD,
  VM_WRITE,
  INODE_LISTS,
  KMEM_STATE,
  LRUVEC_BASE,
  MM_LISTS,
  SLAB_DEPOTS,
  VEC_LIST,
  ZONE_BASE,
  ZONE_FREE_LIST,
  ZONE_NR_FREE,
} from '../../src/wasm/generated/layout.js';
import type { Invariant } from '../../src/verify/invariants.js';
import { DEPOT_SIZE, MMS, NR_ORPHANS } from '../../src/verify/places.js';
import { PTE_PRESENT, PTE_RW, PTE_SPECIAL } from '../../src/verify/pte.js';
import type { Specimen } from './specimen.js';

/** One word, what happens to it, and what `verify` must say then. */
export interface Damage {
  readonly name: string;
  readonly at: (s: Specimen) => number;
  readonly to: (before: number, s: Specimen) => number;
  readonly invariant: Invariant;
  readonly object: (s: Specimen) => string;
}

type Place = (s: Specimen) => number;
type Name = string | ((s: Specimen) => string);

const add = (delta: number) => (before: number) => before + delta;
const flip = (bits: number) => (before: number) => before ^ bits;
const set = (value: number) => () => value;

function damage(
  name: string,
  at: Place,
  to: Damage['to'],
  invariant: Invariant,
  object: Name,
): Damage {
  return { name, at, to, invariant, object: typeof object === 'string' ? () => object : object };
}

const LRU_LIST = 'LRU list inactive_anon';
const INODE = 'inode 1 (memfd "buf")';
const MM = 'mm of pid 1';
const ZERO_PAGE = MEM_MAP + 2048 * PAGE_STRUCT_SIZE;

const sharedPage = (s: Specimen) => s.pageName(s.shared);
const anonPage = (s: Specimen) => s.pageName(s.anon);
const anonVmaName = (s: Specimen) => `anon_vma 0x${s.anonVma.toString(16)}`;
const childAnonVmaName = (s: Specimen) => `anon_vma 0x${s.childAnonVma.toString(16)}`;
const anonEntry = (s: Specimen) => s.entryName(s.anon);
const vmaOfAnon = (s: Specimen) => s.vmaName(s.anon);
const page =
  (field: Parameters<typeof fieldOfPage>[1], address: 'shared' | 'anon') => (s: Specimen) =>
    fieldOfPage(s, field, s.page(s[address]));

function fieldOfPage(
  s: Specimen,
  field: 'flags' | 'mapping' | 'index' | 'mapcount' | 'refcount',
  at: number,
): number {
  return s.at('Page', field, at);
}

/** The first page of the list of CPU 0: free. */
const freePage = (s: Specimen) => s.word(cpu(s) + PERCPU_PCP + 8) - s.at('Page', 'lru', 0);
const freePageName = (s: Specimen) => `page ${(freePage(s) - MEM_MAP) / PAGE_STRUCT_SIZE}`;
/** The largest order with a free block, and that block. */
const freeBlock = (s: Specimen) =>
  s.word(ZONE_BASE + ZONE_FREE_LIST + 9 * 8) - s.at('Page', 'lru', 0);
const freeBlockName = (s: Specimen) => `page ${(freeBlock(s) - MEM_MAP) / PAGE_STRUCT_SIZE}`;
const cpu = (s: Specimen) => s.views.perCpu(0);
const counter = (item: number) => (s: Specimen) => cpu(s) + PERCPU_EVENTS + item * 8;
const kdesc = (address: number) =>
  KDESC_BASE + Math.floor((address - KMEM_BASE) / PAGE_SIZE) * KDESC_SIZE;
/** The table of PTEs of the shared mapping. */
const table = (s: Specimen) => s.entry(s.shared) - (s.entry(s.shared) % PAGE_SIZE);
const freeKernelPage = (s: Specimen) => s.word(s.at('Kmem', 'firstFree', KMEM_STATE));
const kernelPageName = (address: number) => `kernel page ${(address - KMEM_BASE) / PAGE_SIZE}`;
const magazine = (cache: number) => (s: Specimen) => cpu(s) + PERCPU_MAGAZINES + cache * 16;

const PAGES: readonly Damage[] = [
  damage('a reference too many', page('refcount', 'shared'), add(1), 'refcount', sharedPage),
  damage('a reference too few', page('refcount', 'anon'), add(-2), 'refcount', anonPage),
  damage('a mapping too many', page('mapcount', 'shared'), add(1), 'mapcount', sharedPage),
  damage('a mapping too few', page('mapcount', 'anon'), add(-1), 'mapcount', anonPage),
  damage('a locked page', page('flags', 'shared'), flip(PG_LOCKED), 'page-flags', sharedPage),
  damage('a page waited for', page('flags', 'anon'), flip(PG_WAITERS), 'page-flags', anonPage),
  damage(
    'an exclusive page of a file',
    page('flags', 'shared'),
    flip(PG_ANON_EXCLUSIVE),
    'page-flags',
    sharedPage,
  ),
  damage(
    'a shared page that can be written',
    page('flags', 'anon'),
    flip(PG_ANON_EXCLUSIVE),
    'pte-exclusive',
    anonEntry,
  ),
  damage(
    'a cached page without a file',
    page('mapping', 'shared'),
    set(0),
    'page-cache',
    sharedPage,
  ),
  damage('the same, by its mapping', page('mapping', 'shared'), set(0), 'page-mapping', sharedPage),
  damage(
    'a cached page at another index',
    page('index', 'shared'),
    add(1),
    'page-cache',
    sharedPage,
  ),
  damage(
    'a page of a strange anon_vma',
    page('mapping', 'anon'),
    add(64),
    'pte-mapping',
    anonEntry,
  ),
  damage(
    'an anonymous page at another index',
    page('index', 'anon'),
    add(1),
    'pte-mapping',
    anonEntry,
  ),
  damage(
    'a reference to a free page',
    (s) => s.at('Page', 'refcount', freePage(s)),
    add(1),
    'free-page',
    freePageName,
  ),
  damage(
    'a free page with flags',
    (s) => s.at('Page', 'flags', freePage(s)),
    flip(8),
    'free-page',
    freePageName,
  ),
  damage(
    'a free page that is mapped',
    (s) => s.at('Page', 'mapcount', freePage(s)),
    set(0),
    'free-page',
    freePageName,
  ),
  damage(
    'a reference to the zero page',
    (s) => s.at('Page', 'refcount', ZERO_PAGE),
    add(-1),
    'zero-page',
    'the zero page',
  ),
  damage(
    'a mapping of the zero page',
    (s) => s.at('Page', 'mapcount', ZERO_PAGE),
    add(1),
    'zero-page',
    'the zero page',
  ),
  damage(
    'a written zero page',
    () => CONTENTS_BASE + 2048 * PAGE_SIZE + 400,
    set(1),
    'zero-page',
    'the zero page',
  ),
];

/** The first slot of CPU 0's batch of pages that are added to the lists. */
const batchSlot = (s: Specimen) => cpu(s) + PERCPU_LRU + CPU_LRU_BATCHES + 4;
const copyPage = (s: Specimen) => s.pageName(s.copy);

const LRU: readonly Damage[] = [
  damage('an LRU batch with a wild page', batchSlot, set(77), 'lru-batch', 'LRU batch 0 of CPU 0'),
  damage(
    'an LRU batch that begins anew',
    (s) => batchSlot(s) - 4,
    set(0),
    'lru-batch',
    'LRU batch 0 of CPU 0',
  ),
  damage('a page lost by its LRU batch', batchSlot, set(0), 'lru-member', copyPage),
  damage('the reference of that', batchSlot, set(0), 'refcount', copyPage),
  damage('a page on its list twice', batchSlot, (_, s) => s.page(s.anon), 'lru-member', anonPage),
  damage('a listed page that denies it', page('flags', 'anon'), flip(PG_LRU), 'lru-list', anonPage),
  damage('a page on the wrong list', page('flags', 'anon'), flip(PG_ACTIVE), 'lru-list', anonPage),
  damage(
    'an unevictable page on a list',
    page('flags', 'anon'),
    flip(PG_UNEVICTABLE),
    'lru-list',
    anonPage,
  ),
  damage('nr_inactive_anon', counter(VM_NR_INACTIVE_ANON), add(1), 'counter', 'nr_inactive_anon'),
  damage('nr_active_file', counter(VM_NR_ACTIVE_FILE), add(1), 'counter', 'nr_active_file'),
  damage('nr_mlock', page('flags', 'anon'), flip(PG_MLOCKED), 'counter', 'nr_mlock'),
  damage('nr_isolated', counter(VM_NR_ISOLATED_ANON), add(1), 'counter', 'nr_isolated_anon'),
  damage('an LRU list that leads astray', () => LRUVEC_BASE + 8, add(64), 'list', LRU_LIST),
  damage('the lock of the LRU lists', () => LRUVEC_BASE, set(1), 'lock-free', 'LRU lists'),
  damage(
    'the lock of LRU batches',
    (s) => cpu(s) + PERCPU_LRU,
    set(1),
    'lock-free',
    'LRU batches of CPU 0',
  ),
  damage('a reclaim under way', (s) => cpu(s) + PERCPU_LRU + 4, set(1), 'quiet', 'CPU 0'),
  damage(
    'LRU batches that are off',
    (s) => s.at('MachineState', 'lruDisabled', MACHINE_BASE),
    set(1),
    'quiet',
    'machine',
  ),
];

const FREE_LISTS: readonly Damage[] = [
  damage(
    'a free list that ends nowhere',
    () => ZONE_BASE + ZONE_FREE_LIST + 9 * 8,
    set(0x1234),
    'list',
    'free list of order 9',
  ),
  damage(
    'a free list that loses its pages',
    () => ZONE_BASE + ZONE_FREE_LIST + 9 * 8,
    () => ZONE_BASE + ZONE_FREE_LIST + 9 * 8,
    'list',
    'free list of order 9',
  ),
  damage(
    'a link that does not point back',
    (s) => s.at('Page', 'lru', freeBlock(s)) + 4,
    add(64),
    'list',
    'free list of order 9',
  ),
  damage(
    'a block of another order',
    (s) => s.at('Page', 'privateData', freeBlock(s)),
    add(1),
    'free-list',
    freeBlockName,
  ),
  damage(
    'a block without its type',
    (s) => s.at('Page', 'mapcount', freeBlock(s)),
    set(-1),
    'free-page',
    freeBlockName,
  ),
  damage(
    'a wrong number of blocks',
    () => ZONE_BASE + ZONE_NR_FREE + 9 * 4,
    add(1),
    'free-list',
    'free list of order 9',
  ),
  damage(
    'a wrong number of pages',
    (s) => s.at('Zone', 'nrBuddy', ZONE_BASE),
    add(-1),
    'free-list',
    'zone',
  ),
  damage(
    'a frontier beyond the memory',
    (s) => s.at('Zone', 'frontier', ZONE_BASE),
    set(5000),
    'free-list',
    'zone',
  ),
  damage(
    'a wrong number on the list of a CPU',
    (s) => cpu(s) + PERCPU_PCP + 4,
    add(1),
    'free-list',
    'free list of CPU 0',
  ),
  damage(
    'a list of a CPU that leads astray',
    (s) => s.at('Page', 'lru', freePage(s)),
    add(64),
    'list',
    'free list of CPU 0',
  ),
];

const ENTRIES: readonly Damage[] = [
  damage('an entry that is gone', (s) => s.entry(s.shared), set(0), 'mapcount', sharedPage),
  damage('an entry for another page', (s) => s.entry(s.anon), add(PAGE_SIZE), 'mapcount', anonPage),
  damage(
    'the same, by the page it has',
    (s) => s.entry(s.anon),
    add(PAGE_SIZE),
    'pte-mapping',
    anonEntry,
  ),
  damage(
    'an entry for no frame',
    (s) => s.entry(s.anon),
    add(PAGE_SIZE * 4000),
    'pte-target',
    anonEntry,
  ),
  damage(
    'an entry for a free frame',
    (s) => s.entry(s.anon),
    add(PAGE_SIZE * 1000),
    'free-page',
    (s) => `page ${s.pfn(s.anon) + 1000}`,
  ),
  damage(
    'an entry that is not there and not empty',
    (s) => s.entry(s.anon),
    flip(PTE_PRESENT),
    'pte-target',
    anonEntry,
  ),
  damage(
    'an entry that forbids what the VMA allows',
    (s) => s.entry(s.anon),
    flip(PTE_PRESENT | 0x100),
    'pte-access',
    anonEntry,
  ),
  damage(
    'a guard that its VMA does not know of',
    (s) => s.at('Vma', 'vmFlags', s.vma(s.middle)),
    flip(VM_MAYBE_GUARD),
    'pte-guard',
    (s) => s.entryName(s.middle + PAGE_SIZE),
  ),
  damage(
    'a marker of no kind',
    (s) => s.entry(s.middle + PAGE_SIZE),
    flip(1 << 14),
    'pte-target',
    (s) => s.entryName(s.middle + PAGE_SIZE),
  ),
  damage(
    'an entry outside of every VMA',
    (s) => s.entry(s.shared + 8 * PAGE_SIZE),
    (_, s) => s.word(s.entry(s.shared)),
    'pte-in-vma',
    (s) => s.entryName(s.shared + 8 * PAGE_SIZE),
  ),
  damage('the last owner of a page', (s) => s.entry(s.anon), set(0), 'page-owner', anonPage),
  damage(
    'a special entry for a page',
    (s) => s.entry(s.shared),
    flip(PTE_SPECIAL),
    'zero-page',
    (s) => s.entryName(s.shared),
  ),
  damage(
    'a plain entry for the zero page',
    (s) => s.entry(s.anon + 4 * PAGE_SIZE),
    flip(PTE_SPECIAL),
    'zero-page',
    (s) => s.entryName(s.anon + 4 * PAGE_SIZE),
  ),
  damage(
    'a zero page that can be written',
    (s) => s.entry(s.anon + 4 * PAGE_SIZE),
    flip(PTE_RW),
    'zero-page',
    (s) => s.entryName(s.anon + 4 * PAGE_SIZE),
  ),
  damage(
    'a page of a file that a private mapping can write',
    (s) => s.entry(s.copy + PAGE_SIZE),
    flip(PTE_RW),
    'pte-exclusive',
    (s) => s.entryName(s.copy + PAGE_SIZE),
  ),
  damage(
    'a VMA that may no longer be written',
    (s) => s.at('Vma', 'vmFlags', s.vma(s.anon)),
    flip(VM_WRITE),
    'pte-access',
    anonEntry,
  ),
  damage(
    'a file that is shorter',
    (s) => s.at('Inode', 'iSize', s.inode),
    set(7 * PAGE_SIZE),
    'pte-beyond-end',
    (s) => s.entryName(s.shared + 7 * PAGE_SIZE),
  ),
  damage(
    'an upper entry with other flags',
    (s) => s.entry(s.shared, 1),
    flip(PTE_RW),
    'page-table',
    (s) => `entry of level 1 at 0x${(s.shared - (s.shared % 2 ** 21)).toString(16)} of pid 1`,
  ),
  damage(
    'a table that two entries name',
    (s) => s.entry(s.shared, 1) + 8,
    (_, s) => s.word(s.entry(s.shared, 1)),
    'kernel-page-owner',
    (s) => kernelPageName(table(s)),
  ),
  damage(
    'an upper entry that is gone',
    (s) => s.entry(s.shared, 1),
    set(0),
    'kernel-page-owner',
    (s) => kernelPageName(table(s)),
  ),
  damage(
    'a table of another level',
    (s) => s.at('Kdesc', 'level', kdesc(table(s))),
    add(1),
    'page-table',
    (s) => `page table of pid 1 at 0x${(s.shared - (s.shared % 2 ** 21)).toString(16)}`,
  ),
  damage(
    'a locked table',
    (s) => s.at('Kdesc', 'ptl', kdesc(table(s))),
    set(1),
    'lock-free',
    (s) => `page table of pid 1 at 0x${(s.shared - (s.shared % 2 ** 21)).toString(16)}`,
  ),
];

const ADDRESS_SPACES: readonly Damage[] = [
  damage('mapCount', (s) => s.at('MmStruct', 'mapCount', s.mm), add(1), 'mm', MM),
  damage('totalVm', (s) => s.at('MmStruct', 'totalVm', s.mm), add(-1), 'mm', MM),
  damage('lockedVm', (s) => s.at('MmStruct', 'lockedVm', s.mm), add(1), 'mm', MM),
  damage('nrTables', (s) => s.at('MmStruct', 'nrTables', s.mm), add(1), 'mm', MM),
  damage('mmUsers', (s) => s.at('MmStruct', 'mmUsers', s.mm), add(1), 'mm', MM),
  damage('mmapLock', (s) => s.at('MmStruct', 'mmapLock', s.mm), set(8), 'lock-free', MM),
  damage('pageTableLock', (s) => s.at('MmStruct', 'pageTableLock', s.mm), set(1), 'lock-free', MM),
  damage(
    'writeProtectSeq',
    (s) => s.at('MmStruct', 'writeProtectSeq', s.mm),
    set(3),
    'lock-free',
    MM,
  ),
  damage('a list of mms that is empty', () => MMS, set(MMS), 'list', 'list of mms'),
  damage('a height', (s) => s.vma(s.anon) + 12, add(1), 'tree', 'VMAs of pid 1'),
  damage('a parent', (s) => s.at('Vma', 'node0', s.vma(s.anon)), add(128), 'tree', 'VMAs of pid 1'),
  damage(
    'the end of a VMA',
    (s) => s.at('Vma', 'vmEnd', s.vma(s.copy)),
    add(2 * PAGE_SIZE),
    'tree-order',
    (s) => s.vmaName(s.anon),
  ),
  damage(
    'the start of a VMA',
    (s) => s.at('Vma', 'vmStart', s.vma(s.anon)),
    add(100),
    'vma',
    (s) => `VMA 0x${(s.anon + 100).toString(16)}-0x${s.middle.toString(16)} of pid 1`,
  ),
  damage(
    'a page that a VMA leaves out',
    (s) => s.at('Vma', 'vmStart', s.vma(s.anon)),
    add(PAGE_SIZE),
    'pte-in-vma',
    anonEntry,
  ),
  damage(
    'the largest hole',
    (s) => s.at('Vma', 'subtreeGap', s.vma(s.shared)),
    add(PAGE_SIZE),
    'tree-subtree',
    (s) => s.vmaName(s.shared),
  ),
  damage(
    'the first address of a subtree',
    (s) => s.at('Vma', 'subtreeStart', s.vma(s.anon)),
    add(PAGE_SIZE),
    'tree-subtree',
    vmaOfAnon,
  ),
  damage('the mm of a VMA', (s) => s.at('Vma', 'vmMm', s.vma(s.anon)), add(256), 'vma', vmaOfAnon),
  damage(
    'what a VMA may do',
    (s) => s.at('Vma', 'vmFlags', s.vma(s.anon)),
    flip(0x10),
    'vma',
    vmaOfAnon,
  ),
  damage(
    'the offset of a VMA',
    (s) => s.at('Vma', 'vmPgoff', s.vma(s.copy)),
    add(1),
    'pte-mapping',
    (s) => s.entryName(s.copy + PAGE_SIZE),
  ),
  damage(
    'the anon_vma of a VMA',
    (s) => s.at('Vma', 'anonVma', s.vma(s.anon)),
    set(0),
    'anon-vma',
    vmaOfAnon,
  ),
  damage(
    'the list of chains',
    (s) => s.at('Vma', 'anonVmaChain', s.vma(s.anon)),
    add(8),
    'list',
    (s) => `chains of ${vmaOfAnon(s)}`,
  ),
  damage(
    'the VMA of a chain',
    (s) => s.at('AnonVmaChain', 'vma', s.chain),
    add(128),
    'anon-vma',
    vmaOfAnon,
  ),
  damage(
    'the anon_vma of a chain',
    (s) => s.at('AnonVmaChain', 'anonVma', s.chain),
    add(8),
    'object',
    vmaOfAnon,
  ),
  damage(
    'the last page below a chain',
    (s) => s.at('AnonVmaChain', 'subtreeLast', s.chain),
    add(1),
    'tree-subtree',
    (s) => `tree of ${anonVmaName(s)}`,
  ),
  damage(
    'the count of an anon_vma',
    (s) => s.at('AnonVma', 'refcount', s.anonVma),
    add(1),
    'anon-vma',
    anonVmaName,
  ),
  damage(
    'the VMAs of an anon_vma',
    (s) => s.at('AnonVma', 'numActiveVmas', s.anonVma),
    add(1),
    'anon-vma',
    anonVmaName,
  ),
  damage(
    'the tree of an anon_vma',
    (s) => s.at('AnonVma', 'tree', s.anonVma),
    set(0),
    'anon-vma',
    anonVmaName,
  ),
  damage(
    'the lock of an anon_vma',
    (s) => s.at('AnonVma', 'rwsem', s.anonVma),
    set(2),
    'lock-free',
    anonVmaName,
  ),
];

const FILES: readonly Damage[] = [
  damage(
    'one more that may write',
    (s) => s.at('AddressSpace', 'iMmapWritable', s.mapping),
    add(1),
    'i-mmap-writable',
    INODE,
  ),
  damage(
    'none that may write',
    (s) => s.at('AddressSpace', 'iMmapWritable', s.mapping),
    set(-1),
    'i-mmap-writable',
    INODE,
  ),
  damage(
    'an empty i_mmap',
    (s) => s.at('AddressSpace', 'iMmap', s.mapping),
    set(0),
    'i-mmap',
    INODE,
  ),
  damage(
    'the last page below a VMA',
    (s) => s.at('Vma', 'subtreeLast', s.vma(s.shared)),
    add(1),
    'tree-subtree',
    `i_mmap of ${INODE}`,
  ),
  damage(
    'the offset of a VMA in i_mmap',
    (s) => s.at('Vma', 'vmPgoff', s.vma(s.shared)),
    add(100),
    'tree-subtree',
    `i_mmap of ${INODE}`,
  ),
  damage(
    'the lock of i_mmap',
    (s) => s.at('AddressSpace', 'iMmapRwsem', s.mapping),
    set(2),
    'lock-free',
    INODE,
  ),
  damage('i_rwsem', (s) => s.at('Inode', 'iRwsem', s.inode), set(8), 'lock-free', INODE),
  damage(
    'the number of pages',
    (s) => s.at('AddressSpace', 'nrPages', s.mapping),
    add(1),
    'page-cache',
    INODE,
  ),
  damage(
    'the number of nodes',
    (s) => s.at('XArray', 'nrNodes', s.at('AddressSpace', 'iPages0', s.mapping)),
    add(1),
    'xarray-node',
    INODE,
  ),
  damage(
    'the count of a node',
    (s) => s.at('XaNode', 'count', s.xaNode),
    add(1),
    'xarray-node',
    INODE,
  ),
  damage('the shift of a node', (s) => s.xaNode + 4, add(1), 'xarray-node', INODE),
  damage('a mark', (s) => s.at('XaNode', 'marks2', s.xaNode), set(2), 'xarray-node', INODE),
  damage(
    'a mark of an empty slot',
    (s) => s.at('XaNode', 'marks0', s.xaNode) + 4,
    set(2),
    'xarray-node',
    INODE,
  ),
  damage('a slot', (s) => s.xaNode + STRUCTS.XaNode.size, set(0), 'page-cache', INODE),
  damage(
    'an entry that is no page',
    (s) => s.xaNode + STRUCTS.XaNode.size,
    add(4),
    'object',
    INODE,
  ),
  damage(
    'a page cache that is gone',
    (s) => s.at('XArray', 'head', s.at('AddressSpace', 'iPages0', s.mapping)),
    set(0),
    'slab-alive',
    (s) => `xa_node 0x${s.xaNode.toString(16)}`,
  ),
  damage(
    'the count of an inode',
    (s) => s.at('Inode', 'iCount', s.inode),
    add(1),
    'inode-count',
    INODE,
  ),
  damage(
    'an orphan among the living',
    (s) => s.at('Inode', 'state', s.inode),
    set(1),
    'inode-count',
    INODE,
  ),
  damage('the number of orphans', () => NR_ORPHANS, set(1), 'inode-count', 'list of orphans'),
  damage(
    'the count of a file',
    (s) => s.at('File', 'fCount', s.file),
    add(-1),
    'file-count',
    (s) => `file 0x${s.file.toString(16)} of ${INODE}`,
  ),
  damage(
    'a descriptor',
    (s) => s.views.read('Task', 'fdTable', s.process.task) + s.fd * 4,
    set(0),
    'file-count',
    (s) => `file 0x${s.file.toString(16)} of ${INODE}`,
  ),
  damage(
    'a descriptor of no file',
    (s) => s.views.read('Task', 'fdTable', s.process.task) + 40,
    set(0x5000_0000),
    'object',
    'descriptor 10 of pid 1',
  ),
  damage(
    'a seal while somebody may write',
    (s) => s.at('Inode', 'seals', s.inode),
    flip(F_SEAL_WRITE),
    'seal',
    INODE,
  ),
  damage(
    'a seal while a page is pinned',
    (s) => s.at('Inode', 'seals', s.inode),
    flip(F_SEAL_WRITE),
    'seal',
    sharedPage,
  ),
  damage(
    'counters that no policy needs',
    (s) => s.at('AddressSpace', 'pinCounters', s.mapping),
    set(KMEM_BASE),
    'pin-counters',
    INODE,
  ),
];

const KERNEL: readonly Damage[] = [
  damage(
    'a number of CPUs',
    (s) => s.at('MachineState', 'nrCpus', MACHINE_BASE),
    add(1),
    'machine',
    'machine',
  ),
  damage(
    'a CPU in a call',
    (s) => s.at('MachineState', 'workersRunning', MACHINE_BASE),
    set(1),
    'quiet',
    'machine',
  ),
  damage('interrupts off', (s) => s.at('PerCpu', 'irqSeq', cpu(s)), add(1), 'quiet', 'CPU 0'),
  damage('a CPU that waits', (s) => s.at('PerCpu', 'waitingOn', cpu(s)), set(64), 'quiet', 'CPU 0'),
  damage(
    'a page that waits to be freed',
    (s) => cpu(s) + PERCPU_GATHER,
    set(1),
    'gather-empty',
    'CPU 0',
  ),
  damage(
    'a table that waits to be freed',
    (s) => cpu(s) + PERCPU_GATHER + 4,
    set(KMEM_BASE),
    'gather-empty',
    'CPU 0',
  ),
  damage('the lock of the zone', () => ZONE_BASE, set(1), 'lock-free', 'zone'),
  damage('the lock of kmem', () => KMEM_STATE, set(2), 'lock-free', 'kmem'),
  damage('the lock of inodes', () => INODE_LISTS, set(1), 'lock-free', 'lists of inodes'),
  damage('the lock of mms', () => MM_LISTS, set(1), 'lock-free', 'list of mms'),
  damage('the lock of vectors', () => VEC_LIST, set(1), 'lock-free', 'list of vectors'),
  damage(
    'the lock of a depot',
    () => SLAB_DEPOTS + CACHE_VMA * DEPOT_SIZE,
    set(1),
    'lock-free',
    'depot of cache 2',
  ),
  damage(
    'the lock of descriptors',
    (s) => s.at('Task', 'filesLock', s.process.task),
    set(1),
    'lock-free',
    'process 1',
  ),
  damage(
    'kernel pages in use',
    (s) => s.at('Kmem', 'nrUsed', KMEM_STATE),
    add(1),
    'kernel-pages',
    'kmem',
  ),
  damage(
    'no free kernel pages',
    (s) => s.at('Kmem', 'firstFree', KMEM_STATE),
    set(0),
    'kernel-pages',
    (s) => kernelPageName(freeKernelPage(s)),
  ),
  damage(
    'a free kernel page in use',
    (s) => s.at('Kdesc', 'kind', kdesc(freeKernelPage(s))),
    set(3),
    'kernel-pages',
    'kmem',
  ),
  damage(
    'a free kernel page that is not clean',
    (s) => freeKernelPage(s) + 1000,
    set(1),
    'kernel-page-zero',
    (s) => kernelPageName(freeKernelPage(s)),
  ),
  damage(
    'a page of data that nobody has',
    (s) => s.at('Kdesc', 'kind', kdesc(s.mm)),
    set(3),
    'kernel-page-owner',
    (s) => kernelPageName(s.mm - (s.mm % PAGE_SIZE)),
  ),
  damage(
    'the objects of a CPU',
    (s) => magazine(CACHE_VMA)(s) + 4,
    add(1),
    'slab-free-list',
    'magazine of cache vm_area_struct of CPU 0',
  ),
  damage(
    'the objects taken by a CPU',
    (s) => magazine(CACHE_FILE)(s) + 8,
    add(1),
    'slab-free-list',
    'cache file',
  ),
  damage(
    'a magazine that loses its objects',
    magazine(CACHE_FILE),
    set(0),
    'slab-free-list',
    'cache file',
  ),
  damage(
    'a free list of live objects',
    magazine(CACHE_VMA),
    (_, s) => s.vma(s.anon),
    'slab-free-list',
    'magazine of cache vm_area_struct of CPU 0',
  ),
  damage(
    'the slabs of a depot',
    (s) => s.at('Depot', 'nrSlabs', SLAB_DEPOTS + CACHE_VMA * DEPOT_SIZE),
    add(1),
    'slab-free-list',
    'cache vm_area_struct',
  ),
  damage(
    'a vector with fewer pages',
    (s) => s.at('GupVec', 'length', s.vector),
    set(2),
    'refcount',
    (s) => s.pageName(s.shared + 2 * PAGE_SIZE),
  ),
  damage(
    'a vector without pins',
    (s) => s.at('GupVec', 'gupFlags', s.vector),
    flip(FOLL_PIN),
    'refcount',
    sharedPage,
  ),
  damage(
    'a vector of other pages',
    (s) => s.at('GupVec', 'inline0', s.vector),
    add(1),
    'refcount',
    sharedPage,
  ),
  damage(
    'a vector that counts a file',
    (s) => s.at('GupVec', 'inline0', s.vector) + 4,
    (_, s) => s.mapping,
    'pin-counters',
    (s) => `vector 0x${s.vector.toString(16)}`,
  ),
  damage('nr_free_pages', counter(VM_NR_FREE_PAGES), add(1), 'counter', 'nr_free_pages'),
  damage('nr_file_pages', counter(VM_NR_FILE_PAGES), add(1), 'counter', 'nr_file_pages'),
  damage('nr_shmem', counter(VM_NR_SHMEM), add(1), 'counter', 'nr_shmem'),
  damage('nr_anon_pages', counter(VM_NR_ANON_MAPPED), add(-1), 'counter', 'nr_anon_pages'),
  damage('nr_mapped', counter(VM_NR_FILE_MAPPED), add(1), 'counter', 'nr_mapped'),
  damage(
    'nr_page_table_pages',
    counter(VM_NR_PAGE_TABLE_PAGES),
    add(1),
    'counter',
    'nr_page_table_pages',
  ),
  damage('pgfree', counter(VM_PGFREE), add(1), 'counter', 'pgalloc_normal - pgfree'),
  damage(
    'pins acquired',
    (s) => s.at('PerCpu', 'pinsAcquired', cpu(s)),
    add(1),
    'counter',
    'nr_foll_pin_acquired - nr_foll_pin_released',
  ),
];

const PIPE = 'inode 2 (pipe)';
const buffer = (s: Specimen, index: number) => s.at('Pipe', 'bufs0', s.pipe) + index * 16;

const PIPES: readonly Damage[] = [
  damage('a reader too many', (s) => s.at('Pipe', 'readers', s.pipe), add(1), 'pipe', PIPE),
  damage('a writer too few', (s) => s.at('Pipe', 'writers', s.pipe), add(-1), 'pipe', PIPE),
  damage('a pipe that overflows', (s) => s.at('Pipe', 'head', s.pipe), add(16), 'pipe', PIPE),
  damage(
    'a buffer that is forgotten',
    (s) => s.at('Pipe', 'tail', s.pipe),
    add(1),
    'refcount',
    (s) => s.pageName(s.anon + PAGE_SIZE),
  ),
  damage(
    'bytes in a buffer that is not used',
    (s) => s.at('Pipe', 'head', s.pipe),
    add(-1),
    'pipe',
    `buffer 1 of ${PIPE}`,
  ),
  damage(
    'a buffer beyond its page',
    (s) => buffer(s, 0) + 4,
    add(1),
    'pipe',
    `buffer 0 of ${PIPE}`,
  ),
  damage('a buffer of no frame', (s) => buffer(s, 1), set(4000), 'object', `buffer 1 of ${PIPE}`),
  damage(
    'a pipe that its inode does not know',
    (s) => s.at('Inode', 'pipe', s.inode),
    (_, s) => s.pipe + 64,
    'object',
    'inode 1 (pipe)',
  ),
];

/** Damages to a specimen whose process 1 has forked; the anon_vma of its child. */
export const FAMILY: readonly Damage[] = [
  damage(
    'a root that is no anon_vma',
    (s) => s.at('AnonVma', 'root', s.childAnonVma),
    add(32),
    'anon-vma',
    childAnonVmaName,
  ),
  damage(
    'a root of its own below a parent',
    (s) => s.at('AnonVma', 'root', s.childAnonVma),
    (_, s) => s.childAnonVma,
    'anon-vma',
    childAnonVmaName,
  ),
  damage(
    'a parent that a VMA has not joined',
    (s) => s.at('AnonVma', 'parent', s.childAnonVma),
    (_, s) => s.copyAnonVma,
    'anon-vma',
    childAnonVmaName,
  ),
  damage(
    'a child too many',
    (s) => s.at('AnonVma', 'numChildren', s.anonVma),
    add(1),
    'anon-vma',
    anonVmaName,
  ),
  damage(
    'a root that its family does not hold',
    (s) => s.at('AnonVma', 'refcount', s.anonVma),
    add(-1),
    'anon-vma',
    anonVmaName,
  ),
  damage(
    'an exclusive page of two processes',
    page('flags', 'anon'),
    flip(PG_ANON_EXCLUSIVE),
    'page-flags',
    anonPage,
  ),
];

const PATHS: readonly Damage[] = [
  damage(
    'a path that finds a file that has none',
    (s) => s.at('Inode', 'dentry', s.named[0]),
    set(2),
    'path',
    'inode 3 (file "/a")',
  ),
  damage(
    'a file that no path finds',
    (s) => s.at('Inode', 'dentry', s.inode),
    set(1),
    'path',
    'inode 1 (file "buf")',
  ),
  damage(
    'two files with one path',
    (s) => s.word(s.at('Inode', 'name', s.named[1])),
    (_, s) => s.word(s.word(s.at('Inode', 'name', s.named[0]))),
    'path',
    'inode 4 (file "/a")',
  ),
];

/** Damages to a specimen under the default policy. */
export const DAMAGES = [
  ...PAGES,
  ...LRU,
  ...FREE_LISTS,
  ...ENTRIES,
  ...ADDRESS_SPACES,
  ...FILES,
  ...KERNEL,
  ...PIPES,
  ...PATHS,
];
