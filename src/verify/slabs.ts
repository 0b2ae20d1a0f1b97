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
  KPAGE_SLAB,
  PAGE_SIZE,
  PERCPU_MAGAZINES,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { KernelPages } from './kernel-pages.js';
import { SLAB_DEPOTS } from '../wasm/generated/layout.js';
import { DEPOT_SIZE, kernelPageAt } from './places.js';

/** The caches: what they hold, and the size of an object in bytes. */
const CACHES: readonly { readonly cache: number; readonly name: string; readonly size: number }[] =
  [
    { cache: CACHE_TASK, name: 'task_struct', size: 64 },
    { cache: CACHE_MM, name: 'mm_struct', size: 256 },
    { cache: CACHE_VMA, name: 'vm_area_struct', size: 128 },
    { cache: CACHE_ANON_VMA, name: 'anon_vma', size: 64 },
    { cache: CACHE_AVC, name: 'anon_vma_chain', size: 64 },
    { cache: CACHE_INODE, name: 'inode', size: 256 },
    { cache: CACHE_FILE, name: 'file', size: 64 },
    { cache: CACHE_XA_NODE, name: 'xa_node', size: 320 },
    { cache: CACHE_GUP_VEC, name: 'gup_vec', size: 64 },
    { cache: CACHE_NAME, name: 'name', size: 256 },
    { cache: CACHE_PIPE, name: 'pipe_inode_info', size: 320 },
  ];

const MAGAZINE = offsetsOf('Magazine');
const MAGAZINE_SIZE = 16;
const DEPOT = offsetsOf('Depot');

/** The objects that each cache has given out: all of its slabs' objects but those on its lists. */
export class Slabs {
  readonly #audit: Audit;
  readonly #live = new Map<number, Set<number>>();
  readonly #used = new Map<number, Set<number>>();

  constructor(audit: Audit, pages: KernelPages) {
    this.#audit = audit;
    const slabs = slabsByCache(audit, pages);
    for (const { cache, name, size } of CACHES) {
      const objects = new Set<number>();
      for (const slab of slabs.get(cache) ?? []) {
        for (let at = 0; at + size <= PAGE_SIZE; at += size) objects.add(slab + at);
      }
      const noted = audit.memory.u32(SLAB_DEPOTS + cache * DEPOT_SIZE + DEPOT.nrSlabs);
      audit.findings.equal(
        'slab-free-list',
        `cache ${name}`,
        slabs.get(cache)?.length ?? 0,
        noted,
        'nrSlabs',
      );
      this.#removeFree(cache, name, objects);
      this.#live.set(cache, objects);
      this.#used.set(cache, new Set());
    }
  }

  /** Addresses of the objects of a cache that are alive. */
  live(cache: number): ReadonlySet<number> {
    return this.#live.get(cache) ?? new Set();
  }

  /** True if an address is that of a live object of a cache. */
  isLive(cache: number, address: number): boolean {
    return this.#live.get(cache)?.has(address) === true;
  }

  /** Notes that `user` has a pointer to an object; false, and a violation, if it is not alive. */
  use(cache: number, address: number, user: string): boolean {
    if (!this.isLive(cache, address)) {
      const name = nameOf(cache);
      this.#audit.findings.report('object', user, `a live ${name}`, hex(address), `its ${name}`);
      return false;
    }
    this.#used.get(cache)?.add(address);
    return true;
  }

  /** Reports live objects that nobody uses; called once everything was walked. */
  checkUse(): void {
    for (const { cache, name } of CACHES) {
      const used = this.#used.get(cache);
      for (const object of this.live(cache)) {
        if (used?.has(object) === true) continue;
        this.#audit.findings.report('slab-alive', `${name} ${hex(object)}`, 'an owner', 'none');
      }
    }
  }

  /** Takes the objects on a cache's lists out of `objects`, which holds all of its objects. */
  #removeFree(cache: number, name: string, objects: Set<number>): void {
    const { memory, findings } = this.#audit;
    const all = objects.size;
    let alive = 0;
    const depot = SLAB_DEPOTS + cache * DEPOT_SIZE;
    this.#walkFree(memory.u32(depot + DEPOT.firstFree), `depot of cache ${name}`, objects);
    for (const cpu of this.#audit.cpus()) {
      const magazine = this.#audit.perCpu(cpu) + PERCPU_MAGAZINES + cache * MAGAZINE_SIZE;
      const list = `magazine of cache ${name} of CPU ${cpu}`;
      const count = this.#walkFree(memory.u32(magazine + MAGAZINE.firstFree), list, objects);
      findings.equal('slab-free-list', list, count, memory.u32(magazine + MAGAZINE.count), 'count');
      alive += memory.u32(magazine + MAGAZINE.nrAllocs) - memory.u32(magazine + MAGAZINE.nrFrees);
    }
    const noted = ((alive % 2 ** 32) + 2 ** 32) % 2 ** 32;
    const detail = `objects alive, of ${all}, by what the CPUs have taken and freed`;
    findings.equal('slab-free-list', `cache ${name}`, objects.size, noted, detail);
  }

  #walkFree(first: number, list: string, objects: Set<number>): number {
    let count = 0;
    for (let at = first; at !== 0; at = this.#audit.memory.u32(at), count++) {
      if (objects.delete(at)) continue;
      this.#audit.findings.report('slab-free-list', list, 'an object of the cache, once', hex(at));
      break;
    }
    return count;
  }
}

function slabsByCache(audit: Audit, pages: KernelPages): Map<number, number[]> {
  const slabs = new Map<number, number[]>();
  for (const page of pages.ofKind(KPAGE_SLAB)) {
    const cache = pages.descriptor(page, 'cache');
    if (CACHES.every((known) => known.cache !== cache)) {
      audit.findings.report('kernel-pages', `kernel page ${page}`, 'a cache', cache, 'its cache');
    }
    const list = slabs.get(cache);
    if (list === undefined) slabs.set(cache, [kernelPageAt(page)]);
    else list.push(kernelPageAt(page));
  }
  return slabs;
}

function nameOf(cache: number): string {
  return CACHES.find((known) => known.cache === cache)?.name ?? `object of cache ${cache}`;
}
