import { inRange } from './check.js';
import { closedError, MachinePanicError } from './errors.js';
import { contentsCode, hostPagesFor, kernelPagesFor, type ResolvedOptions } from './options.js';
import { lastEvents, panicFromRecord } from './panic.js';
import { policyCodes } from './policies.js';
import { CpuPool, type CpuFailure } from './threads/cpu-pool.js';
import { VirtualClock } from './virtual-clock.js';
import type { CoreExports } from './wasm/exports.js';
import {
  MACHINE_CLOSED,
  MACHINE_PANICKED,
  MACHINE_RUNNING,
  PAGE_SIZE,
  PERCPU_SCRATCH,
} from './wasm/generated/layout.js';
import { createMemory, instantiate, loadModule } from './wasm/load.js';
import { CoreViews } from './wasm/views.js';

/**
 * One booted machine as the facade sees it: the memory, this thread's instance of the core (CPU 0),
 * and the workers of the other CPUs. `Machine`, `Process` and page handles share one.
 *
 * Once the machine has stopped, by a failed check, a dead worker or `close()`, everything that is
 * tried with it ends with the same error.
 */
export class Kernel {
  readonly options: ResolvedOptions;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly views: CoreViews;
  readonly clock: VirtualClock;
  /** A page of memory through which bytes go to and from the core on CPU 0. */
  readonly scratch: number;
  readonly #core: CoreExports;
  readonly #pool: CpuPool;
  #error: Error | undefined;

  private constructor(
    options: ResolvedOptions,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
  ) {
    this.options = options;
    this.module = module;
    this.memory = memory;
    this.views = new CoreViews(memory);
    this.clock = new VirtualClock(this.views);
    this.scratch = this.views.perCpu(0) + PERCPU_SCRATCH;
    this.#core = instantiate(module, memory);
    this.#pool = new CpuPool(this);
  }

  /** Boots a machine with this thread as its CPU 0. */
  static async boot(options: ResolvedOptions): Promise<Kernel> {
    const module = await loadModule(options.build);
    const kernel = new Kernel(options, module, createMemory(hostPagesFor(options)));
    const frames = options.memory / PAGE_SIZE;
    const { pin, seal } = policyCodes(options.policy);
    kernel.run((core) =>
      core.boot(
        frames,
        kernelPagesFor(frames),
        options.cpus,
        contentsCode(options.contents),
        pin,
        seal,
        options.maxMapCount,
      ),
    );
    return kernel;
  }

  /** Runs something on CPU 0; a trap of the core becomes the machine's panic. */
  run<T>(action: (core: CoreExports) => T): T {
    const core = this.core;
    try {
      return action(core);
    } catch (error) {
      throw this.caught(error);
    }
  }

  /**
   * The core on CPU 0, for calls that must not pay for a closure: they pass what they catch through
   * `caught`. Throws if the machine has stopped.
   */
  get core(): CoreExports {
    if (this.#error !== undefined) throw this.#error;
    return this.#core;
  }

  /** What to throw for an error that a call of the core has thrown: a trap is a panic. */
  caught(error: unknown): unknown {
    return error instanceof WebAssembly.RuntimeError ? this.#trapped(0, error.message) : error;
  }

  /** Throws if the machine has stopped. */
  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /** Runs one export on the worker of CPU 1 or above. */
  async call(cpu: number, name: string, ...args: (number | boolean)[]): Promise<number> {
    this.check();
    inRange(cpu, 1, this.options.cpus - 1, 'cpu');
    return this.#pool.call(cpu, name, args);
  }

  /** The thread of a CPU, once it was used. */
  worker(cpu: number): ReturnType<CpuPool['worker']> {
    return this.#pool.worker(cpu);
  }

  /** True once nothing can be done any more. */
  get stopped(): boolean {
    return this.#error !== undefined;
  }

  /** Ends the workers; what runs on them ends with an error. */
  async close(): Promise<void> {
    this.#error ??= closedError();
    this.#stop(MACHINE_CLOSED);
    await this.#pool.end(this.#error);
  }

  /** A call on a worker's CPU has failed, or the worker died: the whole machine stops. */
  failed(failure: CpuFailure): Error {
    if (failure.trapped) return this.#trapped(failure.cpu, failure.reason);
    return this.#panic(
      new MachinePanicError({
        reason: failure.reason,
        cpu: failure.cpu,
        events: lastEvents(this.views),
      }),
    );
  }

  /** The core of one CPU trapped: because of a failed check, or because of a bug that has none. */
  #trapped(cpu: number, reason: string): Error {
    if (this.#error !== undefined) return this.#error;
    const recorded = this.views.read('MachineState', 'panicId', this.views.machine) !== 0;
    if (recorded) return this.#panic(panicFromRecord(this.views));
    const events = lastEvents(this.views);
    return this.#panic(new MachinePanicError({ reason: `trap: ${reason}`, cpu, events }));
  }

  #panic(error: MachinePanicError): Error {
    this.#error ??= error;
    this.#stop(MACHINE_PANICKED);
    return this.#error;
  }

  /** Tells every CPU: those that wait wake, those in a measuring loop leave it. */
  #stop(state: number): void {
    const words = this.views.i32;
    Atomics.compareExchange(words, this.views.machineWord('state'), MACHINE_RUNNING, state);
    Atomics.store(words, this.views.machineWord('stop'), 1);
    this.#core.wakeEverybody();
  }
}
