import {
  CACHE_ANON_VMA,
  CACHE_AVC,
  CACHE_FILE,
  CACHE_GUP_VEC,
  CACHE_INODE,
  CACHE_MM,
  CACHE_NAME,
  CACHE_PIPE,
  CACHE_TASK,
  CACHE_VMA,
  CACHE_XA_NODE,
  CONTENTS_BASE,
  CPU_LRU_BATCHES,
  FOLIO_BATCH_BYTES,
  INODE_LISTS,
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  KMEM_STATE,
  KPAGE_PGTABLE,
  KPAGE_SLAB,
  LRUVEC_BASE,
  MACHINE_BASE,
  MEM_MAP,
  MM_LISTS,
  NR_VM_ITEMS,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  PERCPU_BASE,
  PERCPU_EVENTS,
  PERCPU_LRU,
  PERCPU_PCP,
  PERCPU_SIZE,
  SLAB_DEPOTS,
  STRUCTS,
  SWAP_INFO,
  SWAP_SLOT_SIZE,
  VEC_LIST,
  ZONE_BASE,
} from '../../wasm/generated/layout.js';
import type { CoreViews } from '../../wasm/views.js';
import { placeOfTable, spanOf } from './table-places.js';

type StructName = keyof typeof STRUCTS;

/** Levels of page tables, from the last one up. */
const TABLES = ['pte', 'pmd', 'pud', 'pgd'];
/** What the objects of a cache are; Linux's name, ours, and their size in the slab. */
const CACHES: Readonly<Record<number, readonly [string, StructName | undefined, number]>> = {
  [CACHE_TASK]: ['task', 'Task', 64],
  [CACHE_MM]: ['mm', 'MmStruct', 256],
  [CACHE_VMA]: ['vma', 'Vma', 128],
  [CACHE_ANON_VMA]: ['anon_vma', 'AnonVma', 64],
  [CACHE_AVC]: ['anon_vma_chain', 'AnonVmaChain', 64],
  [CACHE_INODE]: ['inode', 'Inode', 256],
  [CACHE_FILE]: ['file', 'File', 64],
  [CACHE_XA_NODE]: ['xa_node', 'XaNode', 320],
  [CACHE_GUP_VEC]: ['gup_vec', 'GupVec', 64],
  [CACHE_NAME]: ['name', undefined, 256],
  [CACHE_PIPE]: ['pipe', 'Pipe', 320],
};

/** The batches of a CPU, in their order, and what a flush has taken out of one. */
const BATCHES = [
  ...['lru_add', 'lru_activate', 'lru_deactivate_file', 'lru_deactivate', 'lru_lazyfree'],
  ...['lru_move_tail', 'mlock', 'moving'],
];
/** Where a structure lies of which there is one, its name, and its struct. */
const PLACES: readonly (readonly [number, string, StructName])[] = [
  [ZONE_BASE, 'zone', 'Zone'],
  [KMEM_STATE, 'kmem', 'Kmem'],
  [INODE_LISTS, 'inodes', 'InodeLists'],
  [MM_LISTS, 'mmlist', 'MmLists'],
  [VEC_LIST, 'gup_vecs', 'VecList'],
  [SWAP_INFO, 'swap_info', 'SwapInfo'],
  [LRUVEC_BASE, 'lruvec', 'Lruvec'],
];
/** The same within the area of a CPU. */
const CPU_PLACES: readonly (readonly [number, string, StructName])[] = [
  [PERCPU_PCP, 'pcp', 'PerCpuPages'],
  [PERCPU_LRU, 'lru', 'CpuLru'],
];
/** Freed memory holds no pid (Linux: PID_MAX_LIMIT). */
const PID_MAX = 2 ** 22;
const CACHES_MAX = 16;
/** Each depot has a cache line of its own. */
const DEPOT_STRIDE = 64;
/** Bytes of one of a CPU's counters. */
const EVENT_SIZE = 8;

/** Structures within others: where they begin, Linux's name, and their struct. */
const EMBEDDED: Partial<Record<StructName, readonly (readonly [number, string, StructName])[]>> = {
  Inode: [
    [STRUCTS.Inode.fields.mapping0.offset, 'i_data', 'AddressSpace'],
    [STRUCTS.Inode.fields.mapping0.offset + STRUCTS.AddressSpace.size, 'i_private', 'ShmemFalloc'],
  ],
  AddressSpace: [[STRUCTS.AddressSpace.fields.iPages0.offset, 'i_pages', 'XArray']],
};
/** Bytes of a slot of an xarray's node, whose slots follow its fields, and of one of a batch. */
const SLOT_SIZE = 4;

/** Bytes of an object of a cache; undefined for a cache that there is not. */
export function objectSizeOf(cache: number): number | undefined {
  return CACHES[cache]?.[2];
}

/** Readable names of addresses in the core's memory: struct and field, as Linux spells them. */
export class LocationNames {
  readonly #views: CoreViews;

  constructor(views: CoreViews) {
    this.#views = views;
  }

  /** For example `page[7]._refcount`, `mm[1].pte[0x7ffff7ffe000]`, `file@410073c0.f_count`. */
  nameOf(address: number): string {
    if (address >= CONTENTS_BASE) return this.#slotName(address);
    if (address >= KMEM_BASE) return this.#kernelName(address);
    if (address >= MEM_MAP) {
      const pfn = Math.floor((address - MEM_MAP) / PAGE_STRUCT_SIZE);
      const offset = (address - MEM_MAP) % PAGE_STRUCT_SIZE;
      return `page[${pfn}].${fieldAt('Page', offset)}`;
    }
    if (address >= KDESC_BASE) {
      const page = Math.floor((address - KDESC_BASE) / KDESC_SIZE);
      return `ptdesc[${page}].${fieldAt('Kdesc', (address - KDESC_BASE) % KDESC_SIZE)}`;
    }
    if (address >= PERCPU_BASE) {
      const cpu = Math.floor((address - PERCPU_BASE) / PERCPU_SIZE);
      const within = (address - PERCPU_BASE) % PERCPU_SIZE;
      const name = batchAt(within) ?? placeAt(CPU_PLACES, within) ?? cpuFieldAt(within);
      return `cpu[${cpu}].${name}`;
    }
    const depot = address - SLAB_DEPOTS;
    if (depot >= 0 && depot < CACHES_MAX * DEPOT_STRIDE) {
      const cache = Math.floor(depot / DEPOT_STRIDE);
      return `kmem_cache[${cache}].${fieldAt('Depot', depot % DEPOT_STRIDE)}`;
    }
    const place = placeAt(PLACES, address);
    return place ?? `machine.${fieldAt('MachineState', address - MACHINE_BASE)}`;
  }

  /** Behind the contents of frames there is nothing but the swap device. */
  #slotName(address: number): string {
    const offset = address - this.#views.read('SwapInfo', 'slots', SWAP_INFO);
    const slot = Math.floor(offset / SWAP_SLOT_SIZE);
    return `swap_slot[${slot}].${fieldAt('SwapSlot', offset % SWAP_SLOT_SIZE)}`;
  }

  #kernelName(address: number): string {
    const page = Math.floor((address - KMEM_BASE) / PAGE_SIZE);
    const desc = KDESC_BASE + page * KDESC_SIZE;
    const within = (address - KMEM_BASE) % PAGE_SIZE;
    const kind = this.#views.read('Kdesc', 'kind', desc);
    if (kind === KPAGE_PGTABLE) {
      return this.#entryName(
        address - within,
        this.#views.read('Kdesc', 'level', desc),
        within >> 3,
      );
    }
    const cache = CACHES[this.#views.read('Kdesc', 'cache', desc)];
    if (kind !== KPAGE_SLAB || cache === undefined) return `kernel memory 0x${hex(address)}`;
    const [name, struct, size] = cache;
    const object = address - (within % size);
    const part = struct === undefined ? `+${within % size}` : fieldAt(struct, within % size);
    const pid = struct === 'MmStruct' ? this.#views.read('MmStruct', 'pid', object) : 0;
    return `${pid > 0 && pid < PID_MAX ? `${name}[${pid}]` : `${name}@${hex(object)}`}.${part}`;
  }

  /** An entry by the process and the address that it maps; by its table if no process has that. */
  #entryName(table: number, level: number, index: number): string {
    const name = TABLES[level] ?? 'table';
    const place = placeOfTable(this.#views, table, level);
    if (place === undefined) return `${name}@${hex(table)}[${index}]`;
    return `mm[${place.pid}].${name}[0x${hex(place.base + index * spanOf(level))}]`;
  }
}

/** The field of the structure that lies at an address; undefined for none of them. */
function placeAt(places: typeof PLACES, address: number): string | undefined {
  for (const [base, name, struct] of places) {
    const offset = address - base;
    if (offset >= 0 && offset < STRUCTS[struct].size) return `${name}.${fieldAt(struct, offset)}`;
  }
  return undefined;
}

/** A slot of the batches of pages for the LRU lists (Linux: cpu_fbatches). */
function batchAt(within: number): string | undefined {
  const offset = within - PERCPU_LRU - CPU_LRU_BATCHES;
  const name = BATCHES[Math.floor(offset / FOLIO_BATCH_BYTES)];
  if (offset < 0 || name === undefined) return undefined;
  const slot = (offset % FOLIO_BATCH_BYTES) / SLOT_SIZE - 1;
  return slot < 0 ? `${name}.nr` : `${name}.folios[${slot}]`;
}

/** A field of a CPU's own area, or one of its counters (Linux: vm_event_states). */
function cpuFieldAt(within: number): string {
  const item = Math.floor((within - PERCPU_EVENTS) / EVENT_SIZE);
  return item >= 0 && item < NR_VM_ITEMS ? `vm_event[${item}]` : fieldAt('PerCpu', within);
}

/** The field that holds an offset, spelled as C would. */
function fieldAt(name: StructName, offset: number): string {
  const embedded = placeAt(EMBEDDED[name] ?? [], offset);
  if (embedded !== undefined) return embedded;
  if (name === 'XaNode' && offset >= STRUCTS.XaNode.size) {
    return `slots[${Math.floor((offset - STRUCTS.XaNode.size) / SLOT_SIZE)}]`;
  }
  const fields: Readonly<Record<string, { readonly offset: number; readonly size: number }>> =
    STRUCTS[name].fields;
  for (const [field, { offset: start, size }] of Object.entries(fields)) {
    if (offset < start || offset >= start + size) continue;
    if (field === 'refcount' || field === 'mapcount') return `_${field}`;
    return field.replace(/\d+$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
  return `+${offset}`;
}

function hex(value: number): string {
  return value.toString(16);
}
