import {
  FOLL_WRITE,
  MADV_GUARD_INSTALL,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  O_CREAT,
  O_RDWR,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type PinnedPages,
  type Policy,
  type Process,
} from '../../src/index.js';
import { vmasOf } from '../../src/stats/maps.js';
import { INODES, VECS } from '../../src/verify/places.js';
import { ENTRIES, pfnOf, spanOf, TOP_LEVEL } from '../../src/verify/pte.js';
import { MEM_MAP, PAGE_STRUCT_SIZE, type STRUCTS } from '../../src/wasm/generated/layout.js';
import { offsetOf, type CoreViews } from '../../src/wasm/views.js';

type Structs = typeof STRUCTS;

/**
 * A machine with one of everything, to be damaged:
 *
 *   pid 1   shared    8 pages of memfd "buf", read and written, pages 0 to 2 pinned for writing
 *           anon      8 private pages: 0 to 3 written, 4 and 5 read (the zero page)
 *           middle    the same mapping's pages 6 and 7, read-only: a VMA of their own; 7 is a guard
 *           copy      4 private pages of the memfd, page 0 written, page 1 read
 *   LRU     all are on the inactive list, but page 0 of copy waits in a batch of CPU 0
 *           files "/a" and "/b"
 *           a pipe: page 1 of anon, then 5 bytes of its own
 *   pid 2   nothing; pid 3 has exited, so free objects and kernel pages exist
 */
export class Specimen {
  readonly machine: Machine;
  readonly views: CoreViews;
  readonly process: Process;
  readonly other: Process;
  readonly fd: number;
  readonly shared: number;
  readonly anon: number;
  readonly middle: number;
  readonly copy: number;
  readonly pinned: PinnedPages;
  readonly #words: Uint32Array;

  private constructor(machine: Machine, pinned: 'shared' | 'anon') {
    this.machine = machine;
    this.views = machine.kernel.views;
    this.#words = new Uint32Array(this.views.memory.buffer);
    this.process = machine.spawn();
    this.other = machine.spawn();
    const { process } = this;
    const both = PROT_READ | PROT_WRITE;
    this.fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
    process.ftruncate(this.fd, 8 * PAGE_SIZE);
    this.shared = process.mmap(0, 8 * PAGE_SIZE, both, MAP_SHARED, this.fd, 0);
    process.store(this.shared, new Uint8Array(8 * PAGE_SIZE).fill(1));
    this.anon = process.mmap(0, 8 * PAGE_SIZE, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    process.store(this.anon, new Uint8Array(4 * PAGE_SIZE).fill(2));
    process.load(this.anon + 4 * PAGE_SIZE, 2 * PAGE_SIZE);
    this.middle = this.anon + 6 * PAGE_SIZE;
    process.mprotect(this.middle, 2 * PAGE_SIZE, PROT_READ);
    process.madvise(this.middle + PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL);
    this.copy = process.mmap(0, 4 * PAGE_SIZE, both, MAP_PRIVATE, this.fd, 0);
    machine.kernel.run((core) => core.lruAddDrainAll()); // but the next page waits in a batch
    process.store(this.copy, [3]);
    process.load(this.copy + PAGE_SIZE, 1);
    this.pinned = process.pinUserPages(this[pinned], 3, FOLL_WRITE);
    const [, writeEnd] = process.pipe();
    process.vmsplice(writeEnd, this.anon + PAGE_SIZE, PAGE_SIZE);
    process.write(writeEnd, [1, 2, 3, 4, 5]);
    for (const path of ['/a', '/b']) process.open(path, O_RDWR | O_CREAT);
    machine.spawn().exit();
  }

  /** @param pinned whose pages are pinned: the file's, unless a policy forbids that */
  static async make(
    policy: Partial<Policy> = {},
    pinned: 'shared' | 'anon' = 'shared',
  ): Promise<Specimen> {
    return new Specimen(await Machine.boot({ memory: '8MiB', cpus: 2, policy }), pinned);
  }

  word(address: number): number {
    return this.#words[address >>> 2] ?? 0;
  }

  /** Runs `look` while a word has another value. */
  damaged<T>(address: number, value: number, look: () => T): T {
    const before = this.word(address);
    this.#words[address >>> 2] = value;
    try {
      return look();
    } finally {
      this.#words[address >>> 2] = before;
    }
  }

  /** Address of a field of the struct at `base`. */
  at<S extends keyof Structs>(
    struct: S,
    field: keyof Structs[S]['fields'] & string,
    base: number,
  ): number {
    return this.views.address(struct, field, base);
  }

  /** The struct page behind an address of the process. */
  page(address: number): number {
    return MEM_MAP + this.pfn(address) * PAGE_STRUCT_SIZE;
  }

  pfn(address: number): number {
    const entry = this.entry(address);
    return pfnOf(this.word(entry), this.word(entry + 4));
  }

  /** For messages of violations. */
  pageName(address: number): string {
    return `page ${this.pfn(address)}`;
  }

  entryName(address: number): string {
    return `entry at 0x${address.toString(16)} of pid 1`;
  }

  /** Where the entry for an address lies: in the table of PTEs, or in an upper one. */
  entry(address: number, level = 0): number {
    let table = this.views.read('MmStruct', 'pgd', this.mm);
    for (let at = TOP_LEVEL; ; at--) {
      const slot = table + (Math.floor(address / spanOf(at)) % ENTRIES) * 8;
      if (at === level) return slot;
      table = pfnOf(this.word(slot), this.word(slot + 4)) * PAGE_SIZE;
    }
  }

  /** The struct pipe_inode_info of the one pipe, and its name. */
  get pipe(): number {
    const pipes = this.#inodes.map((inode) => this.views.read('Inode', 'pipe', inode));
    return pipes.find(Boolean) ?? 0;
  }

  /** The inodes of "/a" and "/b". */
  get named(): [number, number] {
    return this.#inodes.slice(-2) as [number, number];
  }

  get #inodes(): number[] {
    return [...this.views.list(INODES)].map((link) => link - offsetOf('Inode', 'list'));
  }

  get mm(): number {
    return this.views.read('Task', 'mm', this.process.task);
  }

  /** The VMA that begins at an address. */
  vma(start: number, mm = this.mm): number {
    for (const vma of vmasOf(this.views, mm)) {
      if (this.views.read('Vma', 'vmStart', vma) === start) return vma;
    }
    throw new Error(`no VMA at ${start}`);
  }

  vmaName(start: number): string {
    const end = this.views.read('Vma', 'vmEnd', this.vma(start));
    return `VMA 0x${start.toString(16)}-0x${end.toString(16)} of pid 1`;
  }

  get inode(): number {
    return this.views.u32At(INODES) - this.at('Inode', 'list', 0);
  }

  get mapping(): number {
    return this.at('Inode', 'mapping0', this.inode);
  }

  get file(): number {
    return this.views.read('Vma', 'vmFile', this.vma(this.shared));
  }

  /** The one node of the file's page cache. */
  get xaNode(): number {
    const xarray = this.at('AddressSpace', 'iPages0', this.mapping);
    return this.views.read('XArray', 'head', xarray) - 2;
  }

  get vector(): number {
    return this.views.u32At(VECS) - this.at('GupVec', 'list', 0);
  }

  get anonVma(): number {
    return this.views.read('Vma', 'anonVma', this.vma(this.anon));
  }

  get copyAnonVma(): number {
    return this.views.read('Vma', 'anonVma', this.vma(this.copy));
  }

  /** Of the VMA of `anon` in the child that `fork` has made. */
  get childAnonVma(): number {
    const child = this.machine.processes().find(({ pid }) => pid > 3);
    const mm = this.views.read('Task', 'mm', child?.task ?? 0);
    return this.views.read('Vma', 'anonVma', this.vma(this.anon, mm));
  }

  /** The chain that joins the VMA of `anon` to its anon_vma. */
  get chain(): number {
    const link = this.views.u32At(this.at('Vma', 'anonVmaChain', this.vma(this.anon)));
    return link - this.at('AnonVmaChain', 'sameVma', 0);
  }
}
