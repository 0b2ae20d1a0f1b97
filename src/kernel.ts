import { bugsMask } from './bugs.js';
import { inRange } from './check.js';
import { closedError, MachinePanicError } from './errors.js';
import {
  contentsCode,
  hostPagesFor,
  kernelPagesFor,
  swapBase,
  swapRegionSize,
  type ResolvedOptions,
} from './options.js';
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
  SWAP_INFO,
} from './wasm/generated/layout.js';
import {
  createMemory,
  growTo,
  instantiate,
  loadModule,
  type HostImports,
  type WasmBuild,
} from './wasm/load.js';
import { CoreViews } from './wasm/views.js';

/** An engine other than threads, which runs a machine's CPUs its own way. */
export interface KernelHost {
  readonly build: WasmBuild;
  readonly imports: HostImports;
  /** Pages of WebAssembly memory behind the machine's own, for the engine. */
  readonly extraPages: number;
  /** What the facade calls in place of the instance's exports. */
  wrap(core: CoreExports): CoreExports;
  sleep(ms: number): unknown[];
}

const ENOMEM = -12;

/**
 * One booted machine as the facade sees it: the memory, this thread's instance of the core (CPU 0),
 * and the workers of the other CPUs. `Machine`, `Process` and page handles share one.
 *
 * Once the machine has stopped, by a failed check, a dead worker or `close()`, everything that is
 * tried with it ends with the same error.
 */
export class Kernel {
  /** Whose scratch memory and whose sections calls of this thread use. */
  cpu = 0;
  readonly options: ResolvedOptions;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly views: CoreViews;
  readonly clock: VirtualClock;
  readonly #core: CoreExports;
  readonly #host: KernelHost | undefined;
  readonly #pool: CpuPool;
  /** Host memory that is kept for a swap device. */
  #swapRegion: { readonly base: number; readonly size: number };
  #error: Error | undefined;

  private constructor(
    options: ResolvedOptions,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    host: KernelHost | undefined,
  ) {
    this.options = options;
    this.module = module;
    this.memory = memory;
    this.views = new CoreViews(memory);
    this.clock = new VirtualClock(this.views);
    const core = instantiate(module, memory, host?.imports);
    this.#core = host?.wrap(core) ?? core;
    this.#host = host;
    this.#pool = new CpuPool(this);
    const { swap } = options;
    this.#swapRegion = { base: swapBase(options), size: swapRegionSize(swap, options) };
  }

  /** A page of memory through which bytes go to and from the core. */
  get scratch(): number {
    return this.views.perCpu(this.cpu) + PERCPU_SCRATCH;
  }

  /** Boots a machine with this thread as its CPU 0. */
  static async boot(options: ResolvedOptions, host?: KernelHost): Promise<Kernel> {
    const module = await loadModule(host?.build ?? options.build);
    const pages = hostPagesFor(options) + (host?.extraPages ?? 0);
    const kernel = new Kernel(options, module, createMemory(pages), host);
    const frames = options.memory / PAGE_SIZE;
    const codes = policyCodes(options.policy);
    const { rlimitMemlock } = options;
    kernel.run((core) => {
      core.boot(
        frames,
        kernelPagesFor(frames),
        options.cpus,
        contentsCode(options.contents),
        codes.pin,
        codes.seal,
        options.maxMapCount,
        codes.lruBatch,
        options.faultAround / PAGE_SIZE,
        codes.cow,
        codes.unmapPinned,
        codes.forkPinned,
      );
      if (options.bugs.length > 0) core.setBugs(bugsMask(options.bugs));
      if (rlimitMemlock !== 'unlimited') core.setRlimitMemlock(rlimitMemlock);
    });
    if (options.swap > 0) kernel.swapon(options.swap);
    return kernel;
  }

  /** A machine whose memory `fill` provides, as another one has left it. */
  static async restored(
    options: ResolvedOptions,
    fill: (views: CoreViews) => void,
  ): Promise<Kernel> {
    const module = await loadModule(options.build);
    const memory = createMemory(hostPagesFor(options));
    const kernel = new Kernel(options, module, memory, undefined);
    fill(kernel.views);
    kernel.#adoptSwap();
    kernel.run((core) => core.cpuInit(0));
    return kernel;
  }

  /** A booted machine as one of its CPUs sees it, on a thread that the caller has started. */
  static attached(
    options: ResolvedOptions,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    cpu: number,
    host: KernelHost,
  ): Kernel {
    const kernel = new Kernel(options, module, memory, host);
    kernel.cpu = cpu;
    kernel.#adoptSwap();
    kernel.run((core) => core.cpuSwitch(cpu));
    return kernel;
  }

  /**
   * Adds a swap device, in the memory of the one before if that is large enough: 0 or a negative
   * error.
   */
  swapon(bytes: number): number {
    const size = swapRegionSize(bytes, this.options);
    if (this.views.read('SwapInfo', 'flags', SWAP_INFO) === 0 && size > this.#swapRegion.size) {
      const base = this.memory.buffer.byteLength;
      try {
        growTo(this.memory, base + size);
      } catch (error) {
        if (error instanceof RangeError) return ENOMEM;
        throw error;
      }
      this.#swapRegion = { base, size: this.memory.buffer.byteLength - base };
    }
    return this.run((core) => core.sysSwapon(this.#swapRegion.base, bytes / PAGE_SIZE));
  }

  /** Keeps the host memory of a swap device that a snapshot has brought. */
  #adoptSwap(): void {
    if (this.views.read('SwapInfo', 'flags', SWAP_INFO) === 0) return;
    const base = this.views.read('SwapInfo', 'slots', SWAP_INFO);
    const bytes = this.views.read('SwapInfo', 'pages', SWAP_INFO) * PAGE_SIZE;
    this.#swapRegion = { base, size: swapRegionSize(bytes, this.options) };
    growTo(this.memory, base + this.#swapRegion.size);
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
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    return this.#trapped(this.cpu, error.message);
  }

  /** Throws if the machine has stopped. */
  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * Sleeps for so many ms of the machine's clock, as a call does that waits for it. What callbacks
   * throw meanwhile does not end the sleep: it is returned.
   */
  sleep(ms: number): unknown[] {
    if (this.#host !== undefined) return this.#host.sleep(ms);
    return this.clock.sleepUntil(this.clock.now() + ms);
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

  /** Of an engine that has put the memory of a stopped machine back: it runs again. */
  revive(): void {
    this.#error = undefined;
  }

  /** Of the same: ends the calls that wait on any CPU, and those that will. */
  halt(): void {
    this.#stop(MACHINE_CLOSED);
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
