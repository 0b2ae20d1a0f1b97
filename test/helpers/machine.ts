import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  CONTENTS_BASE,
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  MACHINE_BASE,
  MEM_MAP,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  PERCPU_BASE,
  PERCPU_SIZE,
  STRUCTS,
} from '../../src/wasm/generated/layout.js';
import type { CoreExports } from './core-exports.js';

/** 4 GiB of addresses; only what is touched costs memory. */
const MEMORY_PAGES = 65536;
/** Where tests put structs of their own: no machine of a test reaches so far. Below 2^31. */
export const ARENA = 0x7f00_0000;
const ARENA_SIZE = 0x40_0000;
const MACHINE_SIZE = 0x1000;

/** What a machine of a test is booted with. */
export interface BootOptions {
  readonly frames?: number;
  readonly kpages?: number;
  readonly cpus?: number;
  /** CONTENTS_*: none unless said. */
  readonly contents?: number;
}

let compiled: WebAssembly.Module | undefined;

/** The core with its internal functions exported, compiled once a test file. */
export function testingModule(): WebAssembly.Module {
  const path = new URL('../../build/testing.wasm', import.meta.url);
  compiled ??= new WebAssembly.Module(unlikeAnyOther(readFileSync(path)));
  return compiled;
}

/**
 * Adds a custom section with a random name. The engine shares code among modules of the same bytes,
 * and so a test file would meet code that files before it have made hot: each shall see both what
 * the baseline compiler makes of the core and what the optimizing one does.
 */
function unlikeAnyOther(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const name = randomBytes(8);
  return Uint8Array.from([...module, 0, name.length + 1, name.length, ...name.map(toAscii)]);
}

function toAscii(byte: number): number {
  return 0x61 + (byte % 26);
}

/** Node has it; TypeScript's library for ES2023 does not. */
interface WaitAsync {
  waitAsync(
    this: void,
    cells: Int32Array,
    index: number,
    value: number,
    ms: number,
  ): { readonly value: string | Promise<string> };
}

/** A machine, its memory, and the instance of its CPU 0. */
export class TestMachine {
  readonly memory = new WebAssembly.Memory({
    initial: MEMORY_PAGES,
    maximum: MEMORY_PAGES,
    shared: true,
  });
  readonly u8 = new Uint8Array(this.memory.buffer);
  readonly u32 = new Uint32Array(this.memory.buffer);
  readonly i32 = new Int32Array(this.memory.buffer);
  readonly u64 = new BigUint64Array(this.memory.buffer);
  readonly core: CoreExports;
  #options: Required<BootOptions> = { frames: 0, kpages: 0, cpus: 0, contents: 0 };

  constructor(options: BootOptions = {}) {
    this.core = this.instantiate();
    this.boot(options);
  }

  /** Another instance over the same memory, as each CPU has one; it still needs cpuInit. */
  instantiate(): CoreExports {
    const { exports } = new WebAssembly.Instance(testingModule(), { env: { memory: this.memory } });
    return exports as unknown as CoreExports;
  }

  /** An instance that is CPU `cpu`. */
  cpu(cpu: number): CoreExports {
    const core = this.instantiate();
    core.cpuInit(cpu);
    return core;
  }

  /** Forgets everything and boots again. Other instances stay what CPU they were. */
  boot(options: BootOptions = {}): void {
    this.#clear();
    this.#options = { frames: 4096, kpages: 1024, cpus: 1, contents: 0, ...options };
    const { frames, kpages, cpus, contents } = this.#options;
    this.core.boot(frames, kpages, cpus, contents, 1, 0, 65530);
  }

  /** Zeroes `size` bytes of the arena from `address` on, and returns the address. */
  arena(offset: number, size: number): number {
    this.u8.fill(0, ARENA + offset, ARENA + offset + size);
    return ARENA + offset;
  }

  /** The word at an address. */
  word(address: number): number {
    return Atomics.load(this.u32, address >>> 2);
  }

  /**
   * Sleeps on a word as a CPU does, without blocking this thread: "ok" once it was notified,
   * "not-equal" at once if the word is another, "timed-out" after five seconds.
   */
  async sleepOn(address: number, word: number): Promise<string> {
    const { waitAsync } = Atomics as unknown as WaitAsync;
    return await waitAsync(this.i32, address >>> 2, word, 5000).value;
  }

  /** A field of the machine's struct. */
  state(field: keyof (typeof STRUCTS)['MachineState']['fields']): number {
    return this.word(MACHINE_BASE + STRUCTS.MachineState.fields[field].offset);
  }

  /** The descriptor of a frame. */
  page(pfn: number): number {
    return MEM_MAP + pfn * PAGE_STRUCT_SIZE;
  }

  /** The frame that a descriptor describes. */
  pfn(page: number): number {
    return ((page >>> 0) - MEM_MAP) / PAGE_STRUCT_SIZE;
  }

  /** Zeroes what the machine before could have touched. */
  #clear(): void {
    const { frames, cpus } = this.#options;
    const kpages = this.word(this.core.kmemAddress() + STRUCTS.Kmem.fields.frontier.offset);
    const fill = (from: number, size: number) => this.u8.fill(0, from, from + size);
    fill(MACHINE_BASE, MACHINE_SIZE);
    fill(PERCPU_BASE, cpus * PERCPU_SIZE);
    fill(KDESC_BASE, kpages * KDESC_SIZE);
    fill(KMEM_BASE, kpages * PAGE_SIZE);
    fill(MEM_MAP, (frames + 1) * PAGE_STRUCT_SIZE);
    if (this.#options.contents !== 0) fill(CONTENTS_BASE, (frames + 1) * PAGE_SIZE);
    fill(ARENA, ARENA_SIZE);
  }
}
