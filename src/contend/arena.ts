import { MAP_POPULATE, MAP_SHARED, PAGE_SIZE, PROT_READ, PROT_WRITE } from '../constants.js';
import { Machine } from '../machine.js';
import type { PinPolicy, SealPolicy } from '../policies.js';
import type { Process } from '../process.js';
import { offsetOf } from '../wasm/views.js';
import { NR_CPUS_MAX } from '../wasm/generated/layout.js';
import type { ContendSettings, Sharing } from './types.js';

/** Threads' pages lie so many pages apart at least: no prefetcher may join what is not shared. */
const STRIDE_MIN = 16;

/** Where each thread pins, for one sharing and batch. */
type Places = readonly number[];

/** One file of the arena, and where it is mapped. */
interface Mapped {
  readonly fd: number;
  readonly addr: number;
  readonly pages: number;
}

/** The machine of one policy, with every file that the measurement pins pages of, all present. */
export class Arena {
  readonly policy: string;
  readonly machine: Machine;
  readonly process: Process;
  readonly #settings: ContendSettings;
  readonly #places = new Map<string, Places>();
  readonly #files: Mapped[] = [];
  readonly #atStart: string;

  private constructor(policy: string, machine: Machine, settings: ContendSettings) {
    this.policy = policy;
    this.machine = machine;
    this.process = machine.spawn();
    this.#settings = settings;
    for (const sharing of settings.sharing) {
      for (const batch of settings.batch) {
        this.#places.set(`${sharing}/${batch}`, this.#prepare(sharing, batch));
      }
    }
    this.#atStart = this.#counters();
  }

  /** Boots the machine and fills its memory. CPU 0 is the caller, the threads are CPUs 1 and up. */
  static async open(policy: string, settings: ContendSettings): Promise<Arena> {
    const threads = Math.max(...settings.threads, 2);
    const seal: SealPolicy = policy === 'get-page' ? 'wait-for-pins' : 'refuse-if-counted';
    const machine = await Machine.boot({
      memory: memoryFor(settings),
      cpus: Math.min(NR_CPUS_MAX, threads + 1),
      contents: 'none',
      policy: { pin: policy as PinPolicy, seal },
      build: 'bench',
    });
    return new Arena(policy, machine, settings);
  }

  /** The address where a thread pins its batch. */
  addressOf(sharing: Sharing, batch: number, thread: number): number {
    return this.#places.get(`${sharing}/${batch}`)?.[thread] ?? 0;
  }

  /** True if every count of every page and file is what it was before the measurement. */
  countersAreBack(): boolean {
    return this.#counters() === this.#atStart;
  }

  #prepare(sharing: Sharing, batch: number): Places {
    const threads = Math.max(...this.#settings.threads);
    const all = Array.from({ length: threads }, (_, thread) => thread);
    if (sharing === 'separate-files') return all.map(() => this.#mapFile(batch).addr);
    const stride = sharing === 'same-page' ? 0 : Math.max(batch, STRIDE_MIN);
    const { addr } = this.#mapFile(stride === 0 ? batch : stride * threads);
    return all.map((thread) => addr + thread * stride * PAGE_SIZE);
  }

  #mapFile(pages: number): Mapped {
    const fd = this.process.memfdCreate('contended', 0);
    const length = pages * PAGE_SIZE;
    this.process.ftruncate(fd, length);
    const flags = MAP_SHARED | MAP_POPULATE;
    const addr = this.process.mmap(0, length, PROT_READ | PROT_WRITE, flags, fd, 0);
    const file = { fd, addr, pages };
    this.#files.push(file);
    return file;
  }

  /** Reference and pin counts of every page, and what the files count, as one text. */
  #counters(): string {
    const { kernel } = this.machine;
    const { task } = this.process;
    const counts = this.#files.map(({ fd, addr, pages }) => {
      const file = kernel.run((core) => core.sysHoldFile(task, fd));
      const mapping = kernel.views.read('File', 'inode', file) + offsetOf('Inode', 'mapping0');
      kernel.run((core) => core.sysDropFile(file));
      const writers = kernel.views.readSigned('AddressSpace', 'iMmapWritable', mapping);
      const refs = Array.from({ length: pages }, (_, page) => {
        const pfn = kernel.run((core) => core.pfnAt(task, addr + page * PAGE_SIZE));
        return this.machine.page(pfn).refcount;
      });
      return `${writers}:${refs.join(',')}`;
    });
    return counts.join(' ');
  }
}

/** Twice the pages that the files have, in whole MiB. */
function memoryFor({ sharing, batch, threads }: ContendSettings): number {
  const most = Math.max(...threads);
  const pages = batch.reduce((sum, size) => sum + 2 * most * Math.max(size, STRIDE_MIN), 0);
  const bytes = 2 * sharing.length * pages * PAGE_SIZE;
  return Math.ceil(bytes / 2 ** 20) * 2 ** 20 + 8 * 2 ** 20;
}
