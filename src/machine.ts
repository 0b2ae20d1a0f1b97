import { finite, inRange } from './check.js';
import { Device } from './device.js';
import { MmError } from './errors.js';
import { Kernel } from './kernel.js';
import { resolveOptions, swapSize, type MachineOptions, type ResolvedOptions } from './options.js';
import type { Policy } from './policies.js';
import { Process } from './process.js';
import { buddyinfo, type BuddyRow } from './stats/buddyinfo.js';
import { openSnapshot, takeSnapshot } from './snapshot/snapshot.js';
import { meminfo, type Meminfo } from './stats/meminfo.js';
import { kpagecount, kpageflags, pageInfo, type PageInfo } from './stats/page-info.js';
import { vmstat, type Vmstat } from './stats/vmstat.js';
import { liveTasks } from './verify/tasks.js';
import { verifyMachine, type VerifyContext, type Violation } from './verify/verify.js';
import { PAGE_SIZE } from './wasm/generated/layout.js';

/**
 * An emulated machine: its memory, its CPUs and its processes.
 *
 * ```ts
 * const machine = await Machine.boot({ memory: '256MiB', policy: { pin: 'pincount' } });
 * ```
 */
export class Machine {
  /** What it runs with, every default filled in. */
  readonly options: ResolvedOptions;
  /** The design that each mechanism follows. */
  readonly policy: Policy;
  readonly #kernel: Kernel;

  private constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.options = kernel.options;
    this.policy = kernel.options.policy;
  }

  /**
   * Boots a machine; the calling thread is its CPU 0.
   * @throws RangeError, TypeError that name the option; TypeError where the platform cannot share
   * memory between threads
   */
  static async boot(options: MachineOptions = {}): Promise<Machine> {
    return new Machine(await Kernel.boot(resolveOptions(options)));
  }

  /** @internal The machine of a kernel that an engine has booted. */
  static over(kernel: Kernel): Machine {
    return new Machine(kernel);
  }

  /**
   * A machine that goes on where another one was when `snapshot()` was called. Its processes are
   * those of {@link Machine.processes}; callbacks of `at` are not part of a machine's state.
   * @param options `build` may be chosen anew; anything else must be as it was
   * @throws TypeError, RangeError for bytes that are no snapshot, cut, damaged or of another
   * version of the library, and for an option that the snapshot contradicts
   */
  static async restore(bytes: Uint8Array, options: MachineOptions = {}): Promise<Machine> {
    const snapshot = openSnapshot(bytes, options);
    return new Machine(await Kernel.restored(snapshot.options, (views) => snapshot.fill(views)));
  }

  /**
   * The whole state, byte for byte: the same state gives the same bytes. Only at a quiet moment.
   * @throws TypeError while a call is under way on another CPU
   */
  snapshot(): Uint8Array<ArrayBuffer> {
    return this.#kernel.run(() => takeSnapshot(this.#kernel.views, this.options));
  }

  /** The processes that live, by pid. Handles that were made before stay good as well. */
  processes(): Process[] {
    const tasks = this.#kernel.run(() => liveTasks(this.#context()));
    return tasks.map((task) => new Process(this.#kernel, task)).sort((a, b) => a.pid - b.pid);
  }

  /** A new process with an empty address space. */
  spawn(): Process {
    const task = this.#kernel.run((core) => core.spawn());
    if (task < 0) throw new MmError({ call: 'spawn()', syscall: 'clone', errno: task });
    return new Process(this.#kernel, task);
  }

  /** A device that does direct I/O to and from the memory of this machine's processes. */
  device(): Device {
    this.#kernel.check();
    return new Device(this.#kernel);
  }

  /**
   * Adds swap space: the one device that a machine can have (Linux: swapon(2)).
   * @param size bytes, or a size such as `"64MiB"`: a whole number of pages
   * @throws MmError EBUSY while there is one; EINVAL for a size of 0; ENOMEM where the host has not
   * so much memory
   */
  swapon(size: number | string): void {
    const bytes = swapSize(size, 'size');
    const error = this.#kernel.swapon(bytes);
    if (error < 0) throw new MmError({ call: `swapon(${bytes})`, syscall: 'swapon', errno: error });
  }

  /**
   * Brings back all that was swapped out, and takes the swap space away (Linux: swapoff(2)). Other
   * CPUs may be at work.
   * @throws MmError EINVAL when there is none; ENOMEM when what it holds does not fit into memory,
   * and then the device stays as it was
   */
  swapoff(): void {
    const error = this.#kernel.run((core) => core.sysSwapoff());
    if (error < 0) throw new MmError({ call: 'swapoff()', syscall: 'swapoff', errno: error });
  }

  /** Counters, under the names of /proc/vmstat. */
  vmstat(): Vmstat {
    return this.#kernel.run((core) => vmstat((item) => core.vmstatRead(item)));
  }

  /** Memory in kB, under the names of /proc/meminfo. */
  meminfo(): Meminfo {
    return this.#kernel.run(() => meminfo(this.#context()));
  }

  /** Free blocks by order, as /proc/buddyinfo has them. */
  buddyinfo(): BuddyRow[] {
    return this.#kernel.run(() => buddyinfo(this.#context()));
  }

  /** What is known about one page frame. */
  page(pfn: number): PageInfo {
    return this.#kernel.run(() => pageInfo(this.#context(), this.#checkPfn(pfn)));
  }

  /** How often a page frame is mapped (Linux: /proc/kpagecount). */
  kpagecount(pfn: number): number {
    return this.#kernel.run(() => kpagecount(this.#context(), this.#checkPfn(pfn)));
  }

  /** Flags of a page frame, KPF_* bits (Linux: /proc/kpageflags). */
  kpageflags(pfn: number): bigint {
    return this.#kernel.run(() => kpageflags(this.#context(), this.#checkPfn(pfn)));
  }

  /**
   * Checks everything that must agree with something else, by a walk of its own over the machine's
   * memory. Only at a quiet moment: nothing may run on other CPUs.
   * @returns what does not agree; empty when the machine is sound
   */
  verify(): Violation[] {
    return this.#kernel.run(() => verifyMachine(this.#context()));
  }

  /**
   * Reclaims up to so many pages, as a shortage of memory would (Linux: memory.reclaim).
   * @returns how many pages are free now that were not
   */
  reclaim(pages: number): number {
    const nr = inRange(pages, 0, this.options.memory / PAGE_SIZE, 'pages');
    return this.#kernel.run((core) => core.reclaim(nr));
  }

  /** The machine's clock in milliseconds: it advances only when a call waits for it. */
  now(): number {
    this.#kernel.check();
    return this.#kernel.clock.now();
  }

  /**
   * Runs `callback` when the machine's clock gets to `ms`: in the middle of the call that waits. A
   * time that has passed already means the next time that the clock moves.
   */
  at(ms: number, callback: () => void): void {
    this.#kernel.check();
    finite(ms, 'ms');
    if (typeof callback !== 'function') throw new TypeError('callback: expected a function');
    this.#kernel.clock.at(ms, callback);
  }

  /** Lets so many milliseconds pass on the machine's clock, and runs what is due. */
  advance(ms: number): void {
    this.#kernel.check();
    if (finite(ms, 'ms') < 0) throw new RangeError(`ms: must not be negative, got ${ms}`);
    this.#kernel.clock.advanceTo(this.#kernel.clock.now() + ms);
  }

  /**
   * Ends the workers and drops the memory. Calls that run on other CPUs end with an error; whatever
   * is tried afterwards throws `TypeError`. Closing twice does nothing.
   */
  close(): Promise<void> {
    return this.#kernel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the library's own tools work with. */
  get kernel(): Kernel {
    return this.#kernel;
  }

  #context(): VerifyContext {
    const kernel = this.#kernel;
    return {
      views: kernel.views,
      options: kernel.options,
      rmapCount: (pfn) => kernel.run((core) => core.pageRmapCount(pfn)),
      pagePins: (pfn) => kernel.run((core) => core.pagePins(pfn)),
    };
  }

  #checkPfn(pfn: number): number {
    return inRange(pfn, 0, this.options.memory / PAGE_SIZE, 'pfn'); // the zero page comes last
  }
}
