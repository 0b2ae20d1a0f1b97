import type { PolicyEntry, PolicyValue } from './policy-entry.js';
import {
  COW,
  FORK_PINNED,
  UNMAP_PINNED,
  type CowPolicy,
  type ForkPinnedPolicy,
  type UnmapPinnedPolicy,
} from './private-page-policies.js';
import {
  LRU_BATCH_ALL,
  LRU_BATCH_DISABLED,
  LRU_BATCH_LOCAL,
  LRU_BATCH_NONE,
  PIN_GET_PAGE,
  PIN_I_MMAP_WRITABLE,
  PIN_I_MMAP_WRITABLE_PERCPU,
  PIN_PINCOUNT,
  PIN_READ_WRITE_SPLIT,
  SEAL_DONTPIN,
  SEAL_IGNORE_PINS,
  SEAL_REFUSE_IF_COUNTED,
  SEAL_WAIT_FOR_PINS,
} from './wasm/generated/layout.js';

/** A mechanism for which there are several designs. */
export interface PolicyAxis {
  readonly axis: string;
  readonly values: readonly PolicyValue[];
}

/** What a pin (FOLL_PIN) counts. */
export type PinPolicy =
  'get-page' | 'pincount' | 'i-mmap-writable' | 'i-mmap-writable-percpu' | 'read-write-split';

/** What F_SEAL_WRITE does about pinned pages. */
export type SealPolicy = 'ignore-pins' | 'wait-for-pins' | 'refuse-if-counted' | 'dontpin';

/** What the references of pages on their way to an LRU list do to those who count references. */
export type LruBatchPolicy = 'none' | 'batch-local' | 'batch-all' | 'batch-disabled';

/** One choice for each axis. */
export interface Policy {
  readonly pin: PinPolicy;
  readonly seal: SealPolicy;
  readonly lruBatch: LruBatchPolicy;
  readonly cow: CowPolicy;
  readonly unmapPinned: UnmapPinnedPolicy;
  readonly forkPinned: ForkPinnedPolicy;
}

const PIN: Readonly<Record<PinPolicy, PolicyEntry>> = {
  'get-page': {
    name: 'get-page',
    code: PIN_GET_PAGE,
    default: false,
    description: 'a pin is a plain reference, which nobody can tell from any other',
    source: 'Linux before 5.7: get_user_pages, put_page',
  },
  pincount: {
    name: 'pincount',
    code: PIN_PINCOUNT,
    default: true,
    description: 'a pin adds 1024 to the reference count of its page (FOLL_PIN)',
    source: 'Linux: mm/gup.c, try_grab_folio',
  },
  'i-mmap-writable': {
    name: 'i-mmap-writable',
    code: PIN_I_MMAP_WRITABLE,
    default: false,
    description: 'get_user_pages for writing raises i_mmap_writable of the file',
    source: 'LKML, May 2014, the discussion of file sealing: David Herrmann',
  },
  'i-mmap-writable-percpu': {
    name: 'i-mmap-writable-percpu',
    code: PIN_I_MMAP_WRITABLE_PERCPU,
    default: false,
    description: 'the same promise on one counter a CPU, which a sealer sums after stopping pins',
    source: 'mmemu; in the manner of mnt_want_write in Linux: fs/namespace.c',
  },
  'read-write-split': {
    name: 'read-write-split',
    code: PIN_READ_WRITE_SPLIT,
    default: false,
    description: 'references and write pins are two counts in the one word of the page',
    source: 'LKML, May 2014, the same thread: Hugh Dickins',
  },
};

const SEAL: Readonly<Record<SealPolicy, PolicyEntry>> = {
  'ignore-pins': {
    name: 'ignore-pins',
    code: SEAL_IGNORE_PINS,
    default: false,
    description: 'only mappings hold F_SEAL_WRITE up; a device may write to a sealed file',
    source: 'LKML, 2014, first versions of the sealing patches',
  },
  'wait-for-pins': {
    name: 'wait-for-pins',
    code: SEAL_WAIT_FOR_PINS,
    default: true,
    description: 'waits up to 150 ms for pages with unexplained references, then fails with EBUSY',
    source: 'Linux: mm/memfd.c, memfd_wait_for_pins',
  },
  'refuse-if-counted': {
    name: 'refuse-if-counted',
    code: SEAL_REFUSE_IF_COUNTED,
    default: false,
    description: 'fails with EBUSY at once if the pin policy has counted a pin',
    source: 'LKML, May 2014: the other half of raising i_mmap_writable in get_user_pages',
  },
  dontpin: {
    name: 'dontpin',
    code: SEAL_DONTPIN,
    default: false,
    description: 'get_user_pages refuses pages of a file that can be sealed (EFAULT)',
    source: 'LKML, May 2014: VM_IO or VM_DONTPIN on sealable mappings',
  },
};

const LRU_BATCH: Readonly<Record<LruBatchPolicy, PolicyEntry>> = {
  none: {
    name: 'none',
    code: LRU_BATCH_NONE,
    default: false,
    description: 'a page goes onto its list at once: no hidden references, one lock for each page',
    source: 'Linux before 2.5.32: mm/swap.c, lru_cache_add',
  },
  'batch-local': {
    name: 'batch-local',
    code: LRU_BATCH_LOCAL,
    default: true,
    description: "31 pages a batch, each with a reference; copy-on-write drains its own CPU's",
    source: 'Linux: mm/memory.c, wp_can_reuse_anon_folio; mm/memfd.c, memfd_wait_for_pins',
  },
  'batch-all': {
    name: 'batch-all',
    code: LRU_BATCH_ALL,
    default: false,
    description: "copy-on-write drains all CPUs' batches before it trusts a reference count",
    source: 'LKML, 2021, on reuse of anonymous pages: the drain that was found too costly',
  },
  'batch-disabled': {
    name: 'batch-disabled',
    code: LRU_BATCH_DISABLED,
    default: false,
    description: 'what needs exact counts turns batches off while it runs',
    source: 'Linux: mm/swap.c, lru_cache_disable',
  },
};

const AXES = {
  pin: PIN,
  seal: SEAL,
  lruBatch: LRU_BATCH,
  cow: COW,
  unmapPinned: UNMAP_PINNED,
  forkPinned: FORK_PINNED,
};

/** The axes of `policy`, their values and defaults. */
export function policies(): PolicyAxis[] {
  return Object.entries(AXES).map(([axis, values]) => ({
    axis,
    values: Object.values(values).map(({ name, description, source, default: isDefault }) => ({
      name,
      default: isDefault,
      description,
      source,
    })),
  }));
}

/**
 * Fills the defaults in, and refuses what does not exist or makes no sense.
 * @throws RangeError that says which axis to change; TypeError for what is no object of strings.
 */
export function resolvePolicy(choice: Partial<Policy> | undefined): Policy {
  if (choice !== undefined && (typeof choice !== 'object' || choice === null)) {
    throw new TypeError('policy: expected an object such as { pin: "pincount" }');
  }
  const given: Partial<Policy> = choice ?? {};
  for (const axis of Object.keys(given)) {
    if (!Object.hasOwn(AXES, axis)) {
      throw new RangeError(
        `policy: there is no axis "${axis}"; there are ${Object.keys(AXES).join(', ')}`,
      );
    }
  }
  const policy: Policy = {
    pin: chosen('pin', PIN, given.pin),
    seal: chosen('seal', SEAL, given.seal),
    lruBatch: chosen('lruBatch', LRU_BATCH, given.lruBatch),
    cow: chosen('cow', COW, given.cow),
    unmapPinned: chosen('unmapPinned', UNMAP_PINNED, given.unmapPinned),
    forkPinned: chosen('forkPinned', FORK_PINNED, given.forkPinned),
  };
  if (policy.seal === 'refuse-if-counted' && policy.pin === 'get-page') {
    throw new RangeError(
      'policy: seal "refuse-if-counted" needs a pin policy that counts, and "get-page" counts ' +
        'nothing; change pin',
    );
  }
  const showsPins = policy.pin === 'pincount' || policy.pin === 'read-write-split';
  if (policy.forkPinned === 'early-copy-child-no-seqcount' && !showsPins) {
    throw new RangeError(
      'policy: forkPinned "early-copy-child-no-seqcount" needs pins that a page shows, and ' +
        `"${policy.pin}" does not count them there; change pin`,
    );
  }
  return Object.freeze(policy);
}

/** The numbers by which the core knows a policy. */
export function policyCodes(policy: Policy): Readonly<Record<keyof Policy, number>> {
  return {
    pin: PIN[policy.pin].code,
    seal: SEAL[policy.seal].code,
    lruBatch: LRU_BATCH[policy.lruBatch].code,
    cow: COW[policy.cow].code,
    unmapPinned: UNMAP_PINNED[policy.unmapPinned].code,
    forkPinned: FORK_PINNED[policy.forkPinned].code,
  };
}

function chosen<Name extends string>(
  axis: string,
  values: Readonly<Record<Name, PolicyEntry>>,
  name: Name | undefined,
): Name {
  const all = Object.values<PolicyEntry>(values);
  if (name === undefined) return all.find((value) => value.default)?.name as Name;
  if (typeof name !== 'string') throw new TypeError(`policy.${axis}: expected a string`);
  if (Object.hasOwn(values, name)) return name;
  const names = all.map((value) => value.name).join(', ');
  throw new RangeError(`policy.${axis}: there is no "${name}"; there are ${names}`);
}
