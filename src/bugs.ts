import {
  BUG_ANON_VMA_DEGREE,
  BUG_ANON_VMA_PLAIN_CHECK,
  BUG_ANON_VMA_PUT_ORDER,
  BUG_COW_MAPCOUNT_ONLY,
  BUG_COW_REFCOUNT_VS_UNMAP,
  BUG_FORK_HAS_PINNED_LATE,
  BUG_FORK_NO_EARLY_COPY,
  BUG_FORK_NO_WRITE_PROTECT_SEQ,
  BUG_GOT_UNPIN_IN_PUT_PAGE,
  BUG_GUP_NO_PTE_RECHECK,
  BUG_MADVFREE_IGNORE_REFS,
  BUG_PTFREE_UNSYNCHRONISED,
  BUG_SEAL_FALSE_BUSY,
  BUG_SEAL_GUP_COUNT_WRONG_MAPPING,
  BUG_SEAL_SCAN_BEFORE_DENY,
  BUG_SHARE_NO_BARRIER,
  BUG_SHMEM_FAULT_TAKES_I_RWSEM,
  BUG_SWAPIN_FREE_BEFORE_RMAP,
  BUG_SWAP_SKIP_CACHE_ABA,
  BUG_TRUNCATE_FAULT_RACE,
  BUG_WRITE_FAULT_UNDER_PAGE_LOCK,
} from './wasm/generated/layout.js';

/** A mistake that Linux once made, or nearly made. */
export interface HistoricBug {
  /** What `bugs` of `Machine.boot` takes. */
  readonly name: string;
  /** The commit or CVE, or the discussion that found it. */
  readonly reference: string;
  /** One line: the mistake, and what comes of it. */
  readonly description: string;
  /** Begins with `here` if a machine can re-enact it; otherwise says what is missing. */
  readonly status: string;
  /** The scenario that shows it, in the package; undefined where there is none. */
  readonly scenario: string | undefined;
  /** The memory model under which the scenario shows it; undefined: any. */
  readonly memoryModel: 'tso' | undefined;
}

interface Bug {
  readonly name: string;
  /** BUG_* of the core. */
  readonly code: number;
  readonly reference: string;
  readonly description: string;
  /** The memory model that it needs; by default any. */
  readonly memoryModel?: 'tso';
}

/** In the order of their bits. */
const HERE: readonly Bug[] = [
  {
    name: 'gup.no_pte_recheck',
    code: BUG_GUP_NO_PTE_RECHECK,
    reference: 'Linux: mm/gup.c, gup_fast_pte_range: the second look at the entry',
    description: 'GUP-fast does not read the entry again: it pins a page that was unmapped before',
  },
  {
    name: 'ptfree.unsynchronised',
    code: BUG_PTFREE_UNSYNCHRONISED,
    reference: 'Linux: mm/mmu_gather.c, tlb_remove_table_sync_one; 2ba99c5e0881 (6.1)',
    description: 'page tables are freed without a wait for walkers: GUP-fast pins a stranger page',
  },
  {
    name: 'fork.no_write_protect_seq',
    code: BUG_FORK_NO_WRITE_PROTECT_SEQ,
    reference: '57efa1fe5957 (5.11)',
    description: 'GUP-fast pins a page while fork write-protects it: the device loses the parent',
  },
  {
    name: 'fork.no_early_copy',
    code: BUG_FORK_NO_EARLY_COPY,
    reference: '70e806e4e645 (5.9)',
    description: "fork shares pinned pages: the parent's next store leaves the pinned page",
  },
  {
    name: 'cow.mapcount_only',
    code: BUG_COW_MAPCOUNT_ONLY,
    reference: 'CVE-2020-29374; 17839856fd58, 09854ba94c6a (5.9)',
    description: 'copy-on-write trusts the mapcount: a child reads through a pipe what comes later',
  },
  {
    name: 'got.unpin_in_put_page',
    code: BUG_GOT_UNPIN_IN_PUT_PAGE,
    reference: 'LKML 2018, PageDmaPinned v1; review by Jan Kara',
    description: 'put_page ends a pin: one for an older reference makes a pinned page look free',
  },
  {
    name: 'seal.scan_before_deny',
    code: BUG_SEAL_SCAN_BEFORE_DENY,
    reference: 'Linux 3.17, memfd_add_seals: deny first, then scan (the other order)',
    description: 'F_SEAL_WRITE looks for pins, then denies writable mappings: one slips between',
  },
  {
    name: 'seal.false_busy',
    code: BUG_SEAL_FALSE_BUSY,
    reference: 'f2b277c4d1c6 (5.6); lru_add_drain_all in memfd_wait_for_pins',
    description: "a page in another CPU's LRU batch passes for pinned: EBUSY for nobody's sake",
  },
  {
    name: 'seal.gup_count_wrong_mapping',
    code: BUG_SEAL_GUP_COUNT_WRONG_MAPPING,
    reference: 'LKML, May 2014: i_mmap_writable raised in get_user_pages, done naively',
    description: 'a release asks the page for its file: after a truncation the count never falls',
  },
  {
    name: 'anon_vma.degree',
    code: BUG_ANON_VMA_DEGREE,
    reference: 'CVE-2022-42703; 2555283eb40d (6.0)',
    description: 'children and VMAs of an anon_vma in one count: one in use is adopted again',
  },
  {
    name: 'anon_vma.put_order',
    code: BUG_ANON_VMA_PUT_ORDER,
    reference: '624483f3ea82 (3.16)',
    description: 'the last put frees the root before its child, which still looks at its lock',
  },
  {
    name: 'madvfree.ignore_refs',
    code: BUG_MADVFREE_IGNORE_REFS,
    reference: '6c8e2a256915 (5.18)',
    description: 'reclaim drops a MADV_FREE page that a device writes to: the data are lost',
  },
  {
    name: 'share.no_barrier',
    code: BUG_SHARE_NO_BARRIER,
    reference: '088b8aa537c2 (6.1)',
    description: 'no barrier between the clear of an entry and the look for pins: one is missed',
    memoryModel: 'tso',
  },
  {
    name: 'cow.refcount_vs_unmap',
    code: BUG_COW_REFCOUNT_VS_UNMAP,
    reference: 'LKML 2005; refused since 2.6.7; c475a8ab625d (2.6.13)',
    description: 'swap-out unmaps a page that a device writes to, and COW takes it for shared',
  },
  {
    name: 'swap.skip_cache_aba',
    code: BUG_SWAP_SKIP_CACHE_ABA,
    reference: 'CVE-2024-26759; 13ddaf26be32 (6.8)',
    description: 'a swap-in that skips the swap cache maps what a reused slot held before',
  },
  {
    name: 'write.fault_under_page_lock',
    code: BUG_WRITE_FAULT_UNDER_PAGE_LOCK,
    reference: '08291429cfa6 (2.6.24)',
    description:
      'write() faults for its buffer with a page of the file locked: it waits for itself',
  },
  {
    name: 'shmem.fault_takes_i_rwsem',
    code: BUG_SHMEM_FAULT_TAKES_I_RWSEM,
    reference: 'f00cdc6df7d7 (3.16-rc), taken back by 8e205f779d14 after a report of lockdep',
    description: 'a fault into a hole takes i_rwsem of its file, and write() has that of another',
  },
  {
    name: 'truncate.fault_race',
    code: BUG_TRUNCATE_FAULT_RACE,
    reference: 'd00806b18315 (2.6.23)',
    description:
      'a fault maps a page that it found unlocked: a truncation has removed it meanwhile',
  },
  {
    name: 'swapin.free_before_rmap',
    code: BUG_SWAPIN_FREE_BEFORE_RMAP,
    reference: 'LKML 2005; the order in do_swap_page, c475a8ab625d (2.6.13)',
    description: 'a swap-in frees the slot and unlocks the page before it maps it: a sharer writes',
  },
  {
    name: 'fork.has_pinned_late',
    code: BUG_FORK_HAS_PINNED_LATE,
    reference: 'Linux 5.9: mm/gup.c, mm->has_pinned is set before the walk (the other order)',
    description:
      'GUP-fast says behind its pin that there are pins: a fork in between shares the page',
  },
  {
    name: 'anon_vma.plain_check',
    code: BUG_ANON_VMA_PLAIN_CHECK,
    reference: 'Linux: mm/memory.c, vmf_anon_prepare; mm/rmap.c, __anon_vma_prepare',
    description: 'a fault looks by a plain read whether a VMA has an anon_vma: a data race',
  },
];

/** What is known, but cannot be re-enacted yet. */
const LATER: readonly Omit<HistoricBug, 'scenario' | 'memoryModel'>[] = [
  {
    name: 'reclaim.dirty_before_ref',
    reference: 'Linux: mm/vmscan.c, __remove_mapping',
    description: 'reclaim looks at the dirty flag before the reference count: a write is lost',
    status: 'later: needs writeback; all else marks pages dirty under a lock that reclaim holds',
  },
  {
    name: 'rmap.no_mapping_recheck',
    reference: 'LKML 2014, remap_anon_pages, patch 10/17',
    description: 'a reverse map walk through the anon_vma that a page has just left',
    status: 'later: needs UFFDIO_MOVE; COW moves a page to a descendant, and the old walk finds it',
  },
  {
    name: 'mnt.dekker',
    reference: 'Linux: fs/namespace.c, mnt_get_write_access and mnt_hold_writers',
    description:
      'no barrier between count and look on both sides: a writer slips through a remount',
    status: 'later: the tmpfs has no mounts (the shape, on raw words, is the litmus test SB)',
  },
];

/** Every historic bug that mmemu knows of, and whether a machine can re-enact it. */
export function bugs(): HistoricBug[] {
  const here = HERE.map(({ name, reference, description, memoryModel }) => ({
    name,
    reference,
    description,
    memoryModel,
    status: 'here',
    scenario: `scenarios/zoo/${name}.mjs`,
  }));
  const later = { scenario: undefined, memoryModel: undefined };
  return [...here, ...LATER.map((bug) => ({ ...bug, ...later }))];
}

/**
 * Checks a list of bugs to re-enact; none comes twice.
 * @throws TypeError for what is no list of names; RangeError for names that there are not
 */
export function resolveBugs(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) throw new TypeError('bugs: expected an array of names');
  const list = names as readonly string[];
  for (const name of list) {
    if (typeof name !== 'string') throw new TypeError('bugs: expected names');
    if (HERE.some((bug) => bug.name === name)) continue;
    const later = LATER.find((bug) => bug.name === name);
    if (later !== undefined) {
      throw new RangeError(`bugs: "${name}" cannot be re-enacted yet (${later.status})`);
    }
    const all = HERE.map((bug) => bug.name).join(', ');
    throw new RangeError(`bugs: there is no "${name}"; there are ${all}`);
  }
  return Object.freeze([...new Set(list)]);
}

/** The mask of BUG_* for names that were checked. */
export function bugsMask(names: readonly string[]): number {
  return HERE.reduce((mask, { name, code }) => (names.includes(name) ? mask | code : mask), 0);
}
