import {
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  MEM_MAP,
  PAGE_SIZE,
  PERCPU_BASE,
  PERCPU_SIZE,
  SLAB_DEPOTS,
} from '../../../wasm/generated/layout.js';
import { offsetOf } from '../../../wasm/views.js';
import { objectSizeOf } from '../location-names.js';
import type { OracleContext } from './oracle.js';

/** Room for the offset within an object. */
const OFFSETS = 4096;
/** Bytes of the depots of all caches. */
const DEPOTS_SIZE = 16 * 64;
/** Subclasses of a class (Linux: MAX_LOCKDEP_SUBCLASSES). */
const SUBCLASSES = 8;
const CACHE = offsetOf('Kdesc', 'cache');

/** What stands for the address of a raw word that is used as a lock: each is a class of its own. */
export function addressOfWord(word: number): number {
  return -1 - word;
}

function wordOf(address: number): number {
  return -1 - address;
}

/**
 * Classes of locks: a lock is an instance of the field of a struct that it is (Linux: the key of a
 * lockdep_map). Numbers count from 0, in the order of first use.
 */
export class LockClasses {
  readonly #context: OracleContext;
  /** By subclass, and by where the lock would lie if there were one of each kind. */
  readonly #numbers = Array.from({ length: SUBCLASSES }, () => new Map<number, number>());
  readonly #names: string[] = [];

  constructor(context: OracleContext) {
    this.#context = context;
  }

  /** The class of the lock at an address. */
  classOf(address: number, subclass: number): number {
    const key = this.#keyOf(address);
    const numbers = this.#numbers[subclass]!;
    let number = numbers.get(key);
    if (number === undefined) {
      number = this.#names.length;
      numbers.set(key, number);
      this.#names.push(this.#newName(address) + (subclass === 0 ? '' : `/${subclass}`));
    }
    return number;
  }

  /** As Linux prints it: `mm.mmap_lock`, and `mm.mmap_lock/1` for a subclass. */
  nameOf(number: number): string {
    return this.#names[number] ?? '';
  }

  #keyOf(address: number): number {
    if (address < 0) return address;
    if (address >= KMEM_BASE) {
      const desc = KDESC_BASE + Math.floor((address - KMEM_BASE) / PAGE_SIZE) * KDESC_SIZE;
      const cache = this.#context.views.u32At(desc + CACHE);
      const size = objectSizeOf(cache) ?? PAGE_SIZE;
      return KMEM_BASE + (cache + 1) * OFFSETS + ((address % PAGE_SIZE) % size);
    }
    if (address >= MEM_MAP) return MEM_MAP;
    if (address >= KDESC_BASE) return KDESC_BASE;
    if (address >= PERCPU_BASE) return PERCPU_BASE + ((address - PERCPU_BASE) % PERCPU_SIZE);
    // All depots are alike.
    const isDepot = address >= SLAB_DEPOTS && address < SLAB_DEPOTS + DEPOTS_SIZE;
    return isDepot ? SLAB_DEPOTS : address;
  }

  #newName(address: number): string {
    if (address < 0) return `words[${wordOf(address)}]`;
    if (address >= MEM_MAP && address < KMEM_BASE) return 'page lock';
    return this.#context.nameOf(address).replace(/@[0-9a-f]+|\[\w+\]/g, '');
  }
}
