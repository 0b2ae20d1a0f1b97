import type { PolicyEntry } from './policy-entry.js';
import {
  COW_ANON_EXCLUSIVE,
  COW_MAP_PLUS_SWAP,
  COW_REF_EQUAL,
  COW_REF_ONE,
  FORK_PINNED_EARLY_COPY_CHILD,
  FORK_PINNED_EARLY_COPY_CHILD_NO_SEQCOUNT,
  FORK_PINNED_SHARE,
  UNMAP_PINNED_ALLOW,
  UNMAP_PINNED_REFUSE_IF_EXCLUSIVE_AND_PINNED,
  UNMAP_PINNED_REFUSE_IF_REF_NE_MAP_PLUS_2,
} from './wasm/generated/layout.js';

/** Who may write to the page of a private mapping in place, and who gets a copy. */
export type CowPolicy = 'ref-equal' | 'map-plus-swap' | 'ref-one' | 'anon-exclusive';

/** Whether a private page that a device may be using can be unmapped to be swapped out. */
export type UnmapPinnedPolicy =
  'allow' | 'refuse-if-ref-ne-map-plus-2' | 'refuse-if-exclusive-and-pinned';

/** What a fork does with a private page that a device may be using. */
export type ForkPinnedPolicy = 'share' | 'early-copy-child' | 'early-copy-child-no-seqcount';

/** The axis `cow`. */
export const COW: Readonly<Record<CowPolicy, PolicyEntry>> = {
  'ref-equal': {
    name: 'ref-equal',
    code: COW_REF_EQUAL,
    default: false,
    description: 'a page with one reference is written in place; any other reference makes a copy',
    source: 'Linux 2.6.11: mm/swapfile.c, can_share_swap_page',
  },
  'map-plus-swap': {
    name: 'map-plus-swap',
    code: COW_MAP_PLUS_SWAP,
    default: false,
    description: 'a page mapped and swapped once is written in place, whoever else refers to it',
    source: 'LKML, 2005, Hugh Dickins; Linux 2.6.13: mm/swapfile.c, can_share_swap_page',
  },
  'ref-one': {
    name: 'ref-one',
    code: COW_REF_ONE,
    default: false,
    description: 'one mapping and no other reference, or else a copy',
    source: 'Linux 5.9: mm/memory.c, do_wp_page',
  },
  'anon-exclusive': {
    name: 'anon-exclusive',
    code: COW_ANON_EXCLUSIVE,
    default: true,
    description: 'a bit in the page says whose own it is; a pin for reading unshares a page first',
    source: 'Linux since 5.19: mm/memory.c, do_wp_page; PG_anon_exclusive',
  },
};

/** The axis `unmapPinned`. */
export const UNMAP_PINNED: Readonly<Record<UnmapPinnedPolicy, PolicyEntry>> = {
  allow: {
    name: 'allow',
    code: UNMAP_PINNED_ALLOW,
    default: false,
    description: 'references do not keep a page from being unmapped and swapped out',
    source: 'Linux 2.6.13: mm/rmap.c, try_to_unmap_one',
  },
  'refuse-if-ref-ne-map-plus-2': {
    name: 'refuse-if-ref-ne-map-plus-2',
    code: UNMAP_PINNED_REFUSE_IF_REF_NE_MAP_PLUS_2,
    default: false,
    description: 'a page of the swap cache stays mapped if a reference is not accounted for',
    source: 'Linux 2.6.11: mm/rmap.c, try_to_unmap_one',
  },
  'refuse-if-exclusive-and-pinned': {
    name: 'refuse-if-exclusive-and-pinned',
    code: UNMAP_PINNED_REFUSE_IF_EXCLUSIVE_AND_PINNED,
    default: true,
    description: "a page that is a process's own stays mapped if it may be pinned",
    source: 'Linux: mm/rmap.c, try_to_unmap_one, folio_try_share_anon_rmap_pte',
  },
};

/** The axis `forkPinned`. */
export const FORK_PINNED: Readonly<Record<ForkPinnedPolicy, PolicyEntry>> = {
  share: {
    name: 'share',
    code: FORK_PINNED_SHARE,
    default: false,
    description: 'a pinned page is shared like any other, and the next writer gets a copy',
    source: 'Linux before 5.9: mm/memory.c, copy_one_pte',
  },
  'early-copy-child': {
    name: 'early-copy-child',
    code: FORK_PINNED_EARLY_COPY_CHILD,
    default: true,
    description: 'the child gets a copy of a pinned page at once; GUP-fast knows of the fork',
    source: 'Linux: mm/memory.c, copy_present_page; write_protect_seq',
  },
  'early-copy-child-no-seqcount': {
    name: 'early-copy-child-no-seqcount',
    code: FORK_PINNED_EARLY_COPY_CHILD_NO_SEQCOUNT,
    default: false,
    description: 'the same, but a GUP-fast that races with the fork goes unnoticed',
    source: 'Linux 5.9: mm/memory.c, copy_present_page',
  },
};
