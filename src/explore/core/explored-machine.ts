import { Kernel } from '../../kernel.js';
import { Machine } from '../../machine.js';
import { hostPagesFor, resolveOptions, type MachineOptions } from '../../options.js';
import type { WordMemory } from '../word-memory.js';
import { Coroutines, type Outcome } from './coroutines.js';
import { MemoryHash } from './memory-hash.js';
import { MemoryImage } from './memory-image.js';
import { StoreViews } from './store-views.js';
import { WrittenPages } from './written-pages.js';

const HOST_PAGE = 65536;

/**
 * A machine whose CPUs are coroutines of this thread: it is booted and set up once, and put back to
 * what it was before each execution.
 */
export class ExploredMachine {
  /** For setup and check: its calls run straight through, as CPU 0. */
  readonly machine: Machine;
  readonly coroutines: Coroutines;
  readonly #kernel: Kernel;
  readonly #written: WrittenPages;
  #image: MemoryImage | undefined;
  #hash: MemoryHash | undefined;

  private constructor(kernel: Kernel, written: WrittenPages, coroutines: Coroutines) {
    this.#kernel = kernel;
    this.#written = written;
    this.machine = Machine.over(kernel);
    this.coroutines = coroutines;
  }

  /** Boots a machine for a scenario with so many CPUs. */
  static async boot(options: MachineOptions, cpus: number): Promise<ExploredMachine> {
    const resolved = resolveOptions({ ...options, cpus: Math.max(cpus, options.cpus ?? 1) });
    const coroutines = new Coroutines();
    const kernel = await Kernel.boot(resolved, {
      build: 'explore',
      imports: coroutines.imports,
      extraPages: Coroutines.pagesFor(resolved.cpus),
      wrap: (core) => coroutines.wrap(core),
      sleep: (ms) => {
        const wake = kernel.clock.now() + ms;
        return coroutines.running < 0 ? kernel.clock.sleepUntil(wake) : coroutines.sleep(wake);
      },
    });
    const written = new WrittenPages(kernel.views);
    written.collect();
    if (written.sinceStart.length === 0) throw new Error('explore.wasm does not note its writes');
    coroutines.attach(kernel.views, written, resolved.cpus, hostPagesFor(resolved) * HOST_PAGE);
    for (let cpu = resolved.cpus - 1; cpu >= 0; cpu--) kernel.core.cpuInit(cpu);
    return new ExploredMachine(kernel, written, coroutines);
  }

  /** Remembers the state: each execution begins with it. */
  keep(): void {
    const { views, options } = this.#kernel;
    this.#image = new MemoryImage(views, options, this.#written, this.coroutines.core);
    this.#hash = new MemoryHash(views, this.#image, this.#written, options.cpus);
  }

  /** A hash of the memory, brought up to date. */
  hash(): MemoryHash {
    if (this.#hash === undefined) throw new TypeError('keep() was not called');
    this.#hash.update();
    return this.#hash;
  }

  /** Store buffers for so many of its CPUs, and for raw words beside it. */
  storeViews(cpus: number, words: WordMemory): StoreViews {
    return new StoreViews(cpus, words, this.#kernel.views, this.#written);
  }

  /** Puts the state back, also after a panic. */
  reset(): void {
    if (this.#image === undefined) throw new TypeError('keep() was not called');
    this.coroutines.reset();
    this.#hash?.restart();
    this.#image.restore();
    this.#kernel.cpu = 0;
    this.#kernel.clock.clear(); // setup sets its timers again
    this.#kernel.revive();
  }

  /** Lets a CPU run until it stops or its operation ends. */
  resume(cpu: number): Outcome {
    this.#kernel.cpu = cpu;
    try {
      return this.coroutines.resume(cpu);
    } finally {
      this.#kernel.cpu = 0;
    }
  }

  /** Wakes a CPU that sleeps: the machine's clock moves to its time, and runs what is due. */
  wake(cpu: number): void {
    const time = this.coroutines.wakeTime(cpu);
    if (time === undefined) return;
    this.#kernel.clock.sleepUntil(time);
    this.coroutines.wake(cpu);
  }

  /** Ends the machine. */
  close(): Promise<void> {
    return this.machine.close();
  }
}
