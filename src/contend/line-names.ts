import type { CoreExports } from '../wasm/exports.js';
import {
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  KPAGE_PGTABLE,
  MEM_MAP,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  PERCPU_BASE,
  PERCPU_SIZE,
  PERCPU_VECTOR,
  PERCPU_VECTOR_SIZE,
  STRUCTS,
} from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import type { LineScope } from './types.js';

/** What lies at an address, and who else uses the same cache line at the same time. */
export interface PlaceName {
  readonly struct: string;
  readonly field: string;
  readonly scope: LineScope;
}

/** Page tables by their level. */
const TABLES = ['pte', 'pmd', 'pud', 'pgd'];
/** Names of fields as Linux spells them, where that is not the snake case of ours. */
const LINUX_FIELDS: Readonly<Record<string, string>> = {
  refcount: '_refcount',
  mapcount: '_mapcount',
};

/** Names the addresses that a pin touches, for one process and one file. */
export class LineNames {
  readonly #views: CoreViews;
  readonly #mm: number;
  readonly #mapping: number;
  readonly #counters: number;
  readonly #firstPfn: number;

  constructor(views: CoreViews, task: number, mapping: number, addr: number, core: CoreExports) {
    this.#views = views;
    this.#mm = views.read('Task', 'mm', task);
    this.#mapping = mapping;
    this.#counters = views.read('AddressSpace', 'pinCounters', mapping);
    this.#firstPfn = core.pfnAt(task, addr);
  }

  /** The struct, field and scope of an address. */
  nameOf(address: number): PlaceName {
    if (address >= PERCPU_BASE && address < KDESC_BASE) return perCpuPlace(address);
    if (address >= MEM_MAP && address < KMEM_BASE) return this.#pagePlace(address);
    const inMm = this.#inStruct('MmStruct', this.#mm, address, 'mm_struct', 'machine');
    const inMapping = this.#inStruct(
      'AddressSpace',
      this.#mapping,
      address,
      'address_space',
      'file',
    );
    return inMm ?? inMapping ?? this.#kernelPlace(address);
  }

  #pagePlace(address: number): PlaceName {
    const pfn = Math.floor((address - MEM_MAP) / PAGE_STRUCT_SIZE);
    const base = MEM_MAP + pfn * PAGE_STRUCT_SIZE;
    // Frames come from the allocator in no order; what counts is that each is a line of its own.
    const struct = `page[${Math.abs(pfn - this.#firstPfn)}]`;
    return { struct, field: fieldAt('Page', address - base), scope: 'page' };
  }

  #inStruct(
    name: keyof typeof STRUCTS,
    base: number,
    address: number,
    struct: string,
    scope: LineScope,
  ): PlaceName | undefined {
    const offset = address - base;
    if (offset < 0 || offset >= STRUCTS[name].size) return undefined;
    return { struct, field: fieldAt(name, offset), scope };
  }

  #kernelPlace(address: number): PlaceName {
    const page = Math.floor((address - KMEM_BASE) / PAGE_SIZE);
    if (this.#counters === KMEM_BASE + page * PAGE_SIZE) {
      const cpu = (address - this.#counters) >> 6;
      return { struct: `pin_counters[${cpu}]`, field: 'count', scope: 'cpu' };
    }
    const desc = KDESC_BASE + page * KDESC_SIZE;
    if (this.#views.read('Kdesc', 'kind', desc) === KPAGE_PGTABLE) {
      const level = TABLES[this.#views.read('Kdesc', 'level', desc)] ?? 'table';
      const index = (address % PAGE_SIZE) >> 3;
      return { struct: `${level} table`, field: `${level}[${index}]`, scope: 'machine' };
    }
    return { struct: 'kernel memory', field: `0x${address.toString(16)}`, scope: 'machine' };
  }
}

function perCpuPlace(address: number): PlaceName {
  const offset = (address - PERCPU_BASE) % PERCPU_SIZE;
  if (offset >= PERCPU_VECTOR && offset < PERCPU_VECTOR + PERCPU_VECTOR_SIZE) {
    const field = (offset & 4) === 0 ? 'pfn' : 'mapping';
    return { struct: 'pages vector', field, scope: 'cpu' };
  }
  return { struct: 'per_cpu', field: fieldAt('PerCpu', offset), scope: 'cpu' };
}

/** The field that holds an offset, spelled as C would. */
function fieldAt(name: keyof typeof STRUCTS, offset: number): string {
  const fields: Readonly<Record<string, { readonly offset: number; readonly size: number }>> =
    STRUCTS[name].fields;
  for (const [field, { offset: start, size }] of Object.entries(fields)) {
    if (offset < start || offset >= start + size) continue;
    return LINUX_FIELDS[field] ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
  return `+${offset}`;
}
