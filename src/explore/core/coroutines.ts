import {
  PAGE_SIZE,
  PERCPU_SCRATCH,
  PERCPU_SCRATCH_SIZE,
  SCHED_OP_BITS,
} from '../../wasm/generated/layout.js';
import type { CoreExports } from '../../wasm/exports.js';
import type { HostImports } from '../../wasm/load.js';
import type { CoreViews } from '../../wasm/views.js';
import { noAccess, type PendingAccess } from './access.js';
import { visitBytes, visitNumber } from '../parts.js';
import { SetupLog } from './setup-log.js';
import { WrittenPages } from './written-pages.js';

/**
 * CPUs of the real core as coroutines of one thread.
 *
 * explore.wasm calls out before each access to shared memory. If the scheduler lets the same CPU go
 * on, the call simply returns. If not, the CPU's stack is unwound into memory (asyncify), the call
 * of the core returns nonsense, and the facade's method that made it is left by throwing `STOPPED`.
 *
 * A CPU goes on by calling the same method of the facade again, with the same arguments. Calls of
 * the core that had ended before are not made again: their results, and what they had left in the
 * scratch page, come from a log. The one that was stopped is entered again, and its stack rewound.
 * So any method of the facade can stop anywhere, and knows nothing of it.
 */

/** A call of the core that has ended. */
interface EndedCall {
  readonly result: unknown;
  /** What it left in the scratch page; undefined if it wrote nothing there. */
  readonly scratch: Uint8Array | undefined;
}

/** Thrown through the facade by a CPU that stops. */
export const STOPPED = new Error('a CPU has stopped: for the explorer alone');

/** Bytes of one CPU's unwound stack; a call that needs more is an error, not a wild write. */
const STACK_SIZE = 65536;
const STACK_HEADER = 8;
/** Behind each stack: notices who writes past its end. */
const GUARD = 0x5afe_57ac;

/** The exports that the asyncify pass adds. */
interface AsyncifyExports {
  asyncify_start_unwind(data: number): void;
  asyncify_stop_unwind(): void;
  asyncify_start_rewind(data: number): void;
  asyncify_stop_rewind(): void;
}

interface Coroutine {
  operation: (() => unknown) | undefined;
  /** Calls of the core that have ended. */
  readonly log: EndedCall[];
  /** How many of them this run of the operation has taken from the log. */
  replayed: number;
  /** True while a call of the core is unwound. */
  unwound: boolean;
  /** What that call has written to the scratch page; undefined for nothing. */
  scratch: Uint8Array | undefined;
  /** Time until which it sleeps; undefined: it does not. */
  wake: number | undefined;
  readonly pending: PendingAccess;
}

/** Decides at each scheduling point; true lets the same CPU go on. */
export type OnPoint = (cpu: number) => boolean;

/** Hears what has happened to an object (SchedNote); CPU -1 is setup, or nobody. */
export type OnNote = (
  cpu: number,
  note: number,
  address: number,
  detail: number,
  behind: number,
) => void;

/** Hears of accesses to plain fields (see plain-races.ts). */
export type OnRace = (cpu: number, address: number, other: number, how: number) => void;

/** How a resumed operation has come back. */
export type Outcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown };

const STOPPED_OUTCOME: Outcome = { kind: 'stopped' };

/** The CPUs of one explored machine. */
export class Coroutines {
  readonly imports: HostImports;
  /** Of the calls of the core that setup makes, outside of any CPU. */
  readonly setup = new SetupLog();
  /** The CPU that runs; -1 while none does, and calls of the core run straight through. */
  running = -1;
  onPoint: OnPoint = () => true;
  onNote: OnNote = () => undefined;
  /** Whether errors say where they were made: of no use while nobody reads them, and dear. */
  keepsStacks = false;
  onRace: OnRace = () => undefined;
  #core: (CoreExports & AsyncifyExports) | undefined;
  #views: CoreViews | undefined;
  #written: WrittenPages | undefined;
  #setupScratch: Uint8Array = new Uint8Array(0);
  #stacks = 0;
  #cpus: Coroutine[] = [];
  #rewinding = false;
  #unwinding = false;

  constructor() {
    this.imports = {
      schedPoint: (address, op, size) => this.#point(address, op, size),
      schedAwait: (address, mask, value, equal, op) =>
        this.#await(address, mask, value, equal !== 0, op),
      schedNote: (note, address, detail, behind) =>
        this.onNote(this.running, note, address >>> 0, detail, behind),
      schedRace: (address, other, how) =>
        this.onRace(this.running, address >>> 0, other >>> 0, how),
    };
  }

  /** WebAssembly pages that the stacks of so many CPUs need. */
  static pagesFor(cpus: number): number {
    return cpus * (STACK_SIZE / 65536) + 1;
  }

  /** Takes the core's instance; returns what the facade shall call instead. */
  wrap(core: CoreExports): CoreExports {
    this.#core = core as CoreExports & AsyncifyExports;
    const wrapped: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(core)) {
      wrapped[name] =
        typeof value === 'function'
          ? (...args: unknown[]) => this.#call(value as (...args: unknown[]) => unknown, args)
          : value;
    }
    return wrapped as unknown as CoreExports;
  }

  /** The instance itself: for calls that are nobody's, and touch no state of the machine. */
  get core(): CoreExports {
    return this.#exports();
  }

  /** Makes the CPUs, with their stacks at `stacks`. */
  attach(views: CoreViews, written: WrittenPages, cpus: number, stacks: number): void {
    const scratch = views.perCpu(0) + PERCPU_SCRATCH;
    this.#views = views;
    this.#setupScratch = views.u8.subarray(scratch, scratch + PERCPU_SCRATCH_SIZE);
    this.#written = written;
    this.#stacks = stacks;
    this.#cpus = Array.from({ length: cpus }, () => ({
      operation: undefined,
      log: [],
      replayed: 0,
      unwound: false,
      scratch: undefined,
      wake: undefined,
      pending: noAccess(),
    }));
  }

  /** Forgets all operations: before the next execution. */
  reset(): void {
    for (let cpu = 0; cpu < this.#cpus.length; cpu++) this.#clear(this.#of(cpu));
    this.running = -1;
    this.#rewinding = false;
    this.#unwinding = false;
  }

  /** Gives a CPU its next operation, which runs when the CPU is resumed. */
  begin(cpu: number, operation: () => unknown): void {
    const coroutine = this.#of(cpu);
    this.#clear(coroutine);
    coroutine.operation = operation;
  }

  /** What a CPU that has stopped does next. */
  pending(cpu: number): PendingAccess {
    return this.#of(cpu).pending;
  }

  /** When a sleeping CPU wakes; undefined for one that does not sleep. */
  wakeTime(cpu: number): number | undefined {
    return this.#of(cpu).wake;
  }

  /** True unless the CPU waits for a word that is not so yet. */
  isEnabled(cpu: number): boolean {
    const { wake, pending } = this.#of(cpu);
    if (wake !== undefined) return false;
    if (!pending.waits) return true;
    const word = this.#memory().i32[pending.address >> 2] ?? 0;
    return ((word & pending.mask) === pending.value) === pending.equal;
  }

  /**
   * What a CPU that has stopped will go on with, number by number: the results of its operation so
   * far, what that left in the scratch page, the stack of the call that is under way, and what it
   * waits for.
   */
  eachOf(cpu: number, visit: (value: number) => void): void {
    const { log, unwound, scratch, wake, pending } = this.#of(cpu);
    visit(log.length);
    for (const ended of log) {
      visitNumber(Number(ended.result), visit);
      if (ended.scratch !== undefined) visitBytes(ended.scratch, visit);
    }
    visitNumber(wake ?? -1, visit);
    if (!unwound) return;
    if (scratch !== undefined) visitBytes(scratch, visit);
    visit(pending.address);
    visit(pending.op);
    const stack = this.#stackOf(cpu);
    const words = this.#memory().i32;
    const end = words[stack >> 2]! >> 2;
    for (let at = (stack + STACK_HEADER) >> 2; at < end; at++) visit(words[at]!);
  }

  /** Ends a sleep: the next resume goes on behind it. */
  wake(cpu: number): void {
    this.#of(cpu).wake = undefined;
  }

  /** Lets a CPU run until it stops or its operation ends. */
  resume(cpu: number): Outcome {
    const coroutine = this.#of(cpu);
    const { operation } = coroutine;
    if (operation === undefined) throw new TypeError(`CPU ${cpu} has nothing to do`);
    this.#exports().cpuSwitch(cpu);
    this.running = cpu;
    coroutine.replayed = 0;
    coroutine.pending.waits = false;
    const { stackTraceLimit } = Error;
    if (!this.keepsStacks) Error.stackTraceLimit = 0;
    try {
      const value = operation();
      coroutine.operation = undefined;
      return { kind: 'returned', value };
    } catch (error) {
      if (error === STOPPED) return STOPPED_OUTCOME;
      coroutine.operation = undefined;
      return { kind: 'threw', error };
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      this.running = -1;
      this.#exports().cpuSwitch(0);
    }
  }

  /** A sleep until a time of the machine's clock, inside an operation. */
  sleep(time: number): [] {
    const coroutine = this.#of(this.running);
    if (this.#replay(coroutine) !== undefined) return [];
    coroutine.log.push({ result: undefined, scratch: undefined });
    coroutine.wake = time;
    throw STOPPED;
  }

  #call(run: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    if (this.running < 0) return this.#callOfSetup(run, args);
    const coroutine = this.#of(this.running);
    const logged = this.#replay(coroutine);
    if (logged !== undefined) return logged.result;
    const written = this.#written!;
    written.collect();
    if (coroutine.unwound) this.#enter(coroutine);
    const result = run(...args);
    // What the facade writes there itself it writes again; only the core's words are kept.
    const isWritten =
      coroutine.scratch !== undefined || written.isListed(this.#scratchAt() / PAGE_SIZE);
    coroutine.scratch = isWritten ? this.#copyScratch() : undefined;
    if (this.#unwinding) this.#leave(coroutine);
    coroutine.log.push({ result, scratch: coroutine.scratch });
    coroutine.scratch = undefined;
    coroutine.replayed++;
    return result;
  }

  #callOfSetup(run: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    if (this.#views === undefined) return run(...args); // the machine boots
    if (this.setup.isReplaying) return this.setup.take(this.#setupScratch);
    const result = run(...args);
    this.setup.note(result, this.#setupScratch);
    return result;
  }

  /** A call that had ended in an earlier run of the operation. */
  #replay(coroutine: Coroutine): EndedCall | undefined {
    const logged = coroutine.log[coroutine.replayed];
    if (logged === undefined) return undefined;
    coroutine.replayed++;
    if (logged.scratch !== undefined) this.#memory().u8.set(logged.scratch, this.#scratchAt());
    return logged;
  }

  #enter(coroutine: Coroutine): void {
    coroutine.unwound = false;
    if (coroutine.scratch !== undefined) {
      this.#memory().u8.set(coroutine.scratch, this.#scratchAt());
    }
    this.#rewinding = true;
    this.#exports().asyncify_start_rewind(this.#stackOf(this.running));
  }

  #leave(coroutine: Coroutine): never {
    this.#unwinding = false;
    this.#exports().asyncify_stop_unwind();
    const guard = this.#stackOf(this.running) + STACK_SIZE - 4;
    if (this.#memory().u32At(guard) !== GUARD) {
      throw new RangeError(`the stack of CPU ${this.running} does not fit ${STACK_SIZE} bytes`);
    }
    coroutine.unwound = true;
    throw STOPPED;
  }

  #point(address: number, op: number, size: number): void {
    if (this.running < 0) return;
    if (this.#rewinding) {
      this.#rewound();
      return;
    }
    const { pending } = this.#cpus[this.running]!;
    pending.waits = false;
    this.#announce(pending, address, op, size);
  }

  #await(address: number, mask: number, value: number, equal: boolean, op: number): void {
    if (this.running < 0) {
      if (this.#views === undefined) return; // the machine boots: nobody holds a lock
      const word = this.#memory().i32[address >> 2] ?? 0;
      if (((word & mask) === value) === equal) return;
      throw new RangeError('a call outside of the CPUs would wait for ever');
    }
    if (this.#rewinding) {
      this.#rewound();
      return;
    }
    const { pending } = this.#cpus[this.running]!;
    pending.waits = true;
    pending.mask = mask;
    pending.value = value;
    pending.equal = equal;
    this.#announce(pending, address, op, 4);
  }

  #announce(pending: PendingAccess, address: number, op: number, size: number): void {
    pending.address = address >>> 0;
    pending.op = op & SCHED_OP_BITS;
    pending.named = op;
    pending.size = size;
    if (this.onPoint(this.running)) pending.waits = false;
    else this.#unwind();
  }

  /** Makes the call of the core that runs return at once, and its stack go to memory. */
  #unwind(): void {
    const stack = this.#stackOf(this.running);
    const words = this.#memory().i32;
    words[stack >> 2] = stack + STACK_HEADER;
    words[(stack >> 2) + 1] = stack + STACK_SIZE - 4;
    words[(stack + STACK_SIZE - 4) >> 2] = GUARD;
    this.#unwinding = true;
    this.#exports().asyncify_start_unwind(stack);
  }

  #rewound(): void {
    this.#rewinding = false;
    this.#exports().asyncify_stop_rewind();
  }

  #clear(coroutine: Coroutine): void {
    coroutine.operation = undefined;
    if (coroutine.log.length > 0) coroutine.log.length = 0;
    coroutine.replayed = 0;
    coroutine.unwound = false;
    coroutine.scratch = undefined;
    coroutine.wake = undefined;
    coroutine.pending.waits = false;
  }

  #copyScratch(): Uint8Array {
    const at = this.#scratchAt();
    return this.#memory().u8.slice(at, at + PERCPU_SCRATCH_SIZE);
  }

  #scratchAt(): number {
    return this.#memory().perCpu(this.running) + PERCPU_SCRATCH;
  }

  #stackOf(cpu: number): number {
    return this.#stacks + cpu * STACK_SIZE;
  }

  #of(cpu: number): Coroutine {
    const found = this.#cpus[cpu];
    if (found === undefined) throw new RangeError(`there is no CPU ${cpu}`);
    return found;
  }

  #memory(): CoreViews {
    if (this.#views === undefined) throw new TypeError('the machine was not attached');
    return this.#views;
  }

  #exports(): CoreExports & AsyncifyExports {
    if (this.#core === undefined) throw new TypeError('the core was not wrapped');
    return this.#core;
  }
}
