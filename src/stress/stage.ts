/**
 * What a scenario runs on, as one thread has it: the machine's memory seen as one CPU, the raw
 * words, and the context.
 *
 * Thread 0 boots the machine and runs setup on it, once for real. From then on setup runs again
 * before each round and on every thread, but what it asks of the core is answered from a log, and
 * the memory is what it was behind the first run. So each thread has a context of its own, made by
 * the scenario's own code, with handles that mean the same everywhere.
 */
import { scenarioMachine } from '../explore/core/scenario-machine.js';
import { SetupLog, type SetupResult } from '../explore/core/setup-log.js';
import { usesMachine, wordsOnly } from '../explore/needs-machine.js';
import { ScenarioError, type Scenario, type ScenarioMachine } from '../explore/scenario.js';
import { WordMemory } from '../explore/word-memory.js';
import { Kernel, type KernelHost } from '../kernel.js';
import { Machine } from '../machine.js';
import { resolveOptions, type ResolvedOptions } from '../options.js';
import type { CoreExports } from '../wasm/exports.js';
import { MACHINE_BASE, PERCPU_SCRATCH, PERCPU_SCRATCH_SIZE } from '../wasm/generated/layout.js';
import { offsetOf } from '../wasm/views.js';
import { memoryHash } from './state-hash.js';
import { WholeImage } from './whole-image.js';
import { WORD_STRIDE } from './word-access.js';

/** What other threads need to have the same. */
export interface StageData {
  readonly words: SharedArrayBuffer;
  readonly wordCount: number;
  readonly machine?: {
    readonly options: ResolvedOptions;
    readonly module: WebAssembly.Module;
    readonly memory: WebAssembly.Memory;
    readonly setup: SetupResult[];
  };
}

const CLOCK = MACHINE_BASE + offsetOf('MachineState', 'clock');
/** States that are remembered as sound. */
const VERIFIED_MAX = 1e5;

/** One thread's side of the machine. */
export class Stage {
  readonly memory = new WordMemory();
  readonly kernel: Kernel | undefined;
  readonly data: StageData;
  /** The raw words that the threads share. */
  readonly words: Int32Array;
  /** What setup and check work with. */
  readonly machine: ScenarioMachine;
  readonly #scenario: Scenario;
  readonly #host: StageHost | undefined;
  /** The words behind setup. */
  readonly #initial: Int32Array;
  #image: WholeImage | undefined;
  readonly #verified = new Set<number>();

  private constructor(
    scenario: Scenario,
    host: StageHost | undefined,
    kernel: Kernel | undefined,
    data: StageData | undefined,
  ) {
    this.#scenario = scenario;
    this.#host = host;
    this.kernel = kernel;
    this.machine =
      kernel === undefined
        ? wordsOnly(this.memory)
        : scenarioMachine(Machine.over(kernel), this.memory);
    if (data === undefined) this.prepare();
    this.data = data ?? this.#shared();
    this.#initial = this.memory.values.slice(0, this.memory.count);
    this.words = new Int32Array(this.data.words);
    if (data === undefined && kernel !== undefined) {
      this.#image = new WholeImage(kernel.views, kernel.options);
    }
  }

  /** Of thread 0: boots the machine, if the scenario needs one, and runs setup. */
  static async open(scenario: Scenario): Promise<Stage> {
    if (!usesMachine(scenario)) return new Stage(scenario, undefined, undefined, undefined);
    const cpus = Object.keys(scenario.cpus).length;
    const { machine = {} } = scenario;
    const options = resolveOptions({
      ...machine,
      cpus: Math.max(cpus, machine.cpus ?? 1),
      build: machine.build ?? 'debug',
    });
    const host = new StageHost(options, new SetupLog());
    const kernel = await Kernel.boot(options, host);
    host.attach(kernel);
    for (let cpu = options.cpus - 1; cpu >= 0; cpu--) kernel.core.cpuInit(cpu);
    return new Stage(scenario, host, kernel, undefined);
  }

  /** Of the other threads: the same as CPU number `cpu`. */
  static join(scenario: Scenario, data: StageData, cpu: number): Stage {
    if (data.machine === undefined) return new Stage(scenario, undefined, undefined, data);
    const { options, module, memory, setup } = data.machine;
    const host = new StageHost(options, new SetupLog(setup));
    const kernel = Kernel.attached(options, module, memory, cpu, host);
    host.attach(kernel);
    return new Stage(scenario, host, kernel, data);
  }

  /** Called for each sleep of the core's while CPUs race. */
  onSleep(sleep: (() => void) | undefined): void {
    if (this.#host !== undefined) this.#host.onSleep = sleep;
  }

  /** Makes the context of a round. @throws what setup throws */
  prepare(): unknown {
    this.kernel?.revive();
    this.memory.reset();
    const setup = () => this.#scenario.setup?.(this.machine);
    const context: unknown = this.#host === undefined ? setup() : this.#host.log.run(setup);
    if (typeof (context as { then?: unknown } | undefined)?.then === 'function') {
      throw this.#refusal('setup returned a promise; it must do its work at once');
    }
    if (this.kernel?.clock.isIdle === false) {
      throw this.#refusal('setup calls machine.at(), which threads have no time for');
    }
    const isSame = this.data === undefined || this.memory.count === this.data.wordCount;
    if (!isSame) throw this.#refusal('setup made other words when it ran again');
    return context;
  }

  /** Of thread 0, before a round: the words are what setup has made of them. */
  setWords(): void {
    for (const [word, value] of this.#initial.entries()) {
      Atomics.store(this.words, word * WORD_STRIDE, value);
    }
  }

  /** Of thread 0, behind a round: check finds the words as the CPUs have left them. */
  getWords(): void {
    const { count, values } = this.memory;
    for (let word = 0; word < count; word++) {
      values[word] = Atomics.load(this.words, word * WORD_STRIDE);
    }
  }

  /** Every invariant of the machine, once for each state: what does not agree. */
  verify(): string | undefined {
    if (this.kernel === undefined) return undefined;
    const hash = memoryHash(this.kernel.views, this.kernel.options);
    if (this.#verified.has(hash)) return undefined;
    const [violation] = this.machine.verify();
    if (violation !== undefined) return violation.message;
    if (this.#verified.size >= VERIFIED_MAX) this.#verified.clear();
    this.#verified.add(hash);
    return undefined;
  }

  /** Of thread 0: puts the machine back to what it was behind setup. */
  restore(): void {
    this.#image?.restore();
  }

  /** Counts this thread's CPU among those that run, or no longer. CPU 0 need not be counted. */
  countRunning(isRunning: boolean): void {
    const { kernel } = this;
    if (kernel === undefined || kernel.cpu === 0) return;
    const { views } = kernel;
    Atomics.add(views.i32, views.machineWord('workersRunning'), isRunning ? 1 : -1);
  }

  #shared(): StageData {
    const { count } = this.memory;
    const words = new SharedArrayBuffer(Math.max(1, count) * WORD_STRIDE * 4);
    if (this.kernel === undefined) return { words, wordCount: count };
    const { options, module, memory } = this.kernel;
    const setup = this.#host?.log.results ?? [];
    return { words, wordCount: count, machine: { options, module, memory, setup } };
  }

  #refusal(what: string): ScenarioError {
    return new ScenarioError(`scenario "${this.#scenario.name}": ${what}`);
  }
}

/** What a thread changes in the way of the facade to the core. */
class StageHost implements KernelHost {
  readonly build: ResolvedOptions['build'];
  readonly imports = {};
  readonly extraPages = 0;
  readonly log: SetupLog;
  /** While CPUs race, what a sleep does in place of nothing. */
  onSleep: (() => void) | undefined;
  #kernel: Kernel | undefined;
  #scratch: Uint8Array = new Uint8Array(0);

  constructor({ build }: ResolvedOptions, log: SetupLog) {
    this.build = build;
    this.log = log;
  }

  attach(kernel: Kernel): void {
    this.#kernel = kernel;
    const at = kernel.views.perCpu(kernel.cpu) + PERCPU_SCRATCH;
    this.#scratch = kernel.views.u8.subarray(at, at + PERCPU_SCRATCH_SIZE);
  }

  wrap(core: CoreExports): CoreExports {
    const { log } = this;
    const wrapped: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(core)) {
      if (typeof value !== 'function') continue;
      const run = value as (...args: unknown[]) => unknown;
      wrapped[name] = (...args: unknown[]) => {
        if (log.isReplaying) return log.take(this.#scratch);
        const result = run(...args);
        log.note(result, this.#scratch);
        return result;
      };
    }
    return wrapped as unknown as CoreExports;
  }

  sleep(ms: number): unknown[] {
    const { clock, views } = this.#kernel!;
    if (this.onSleep === undefined) return clock.sleepUntil(clock.now() + ms);
    const wake = clock.now() + ms;
    this.onSleep();
    advance(new BigInt64Array(views.memory.buffer), wake);
    return [];
  }
}

/** Moves the clock of the machine, which other threads may move as well, and never back. */
function advance(words: BigInt64Array, time: number): void {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, time);
  const wanted = bits.getBigInt64(0);
  for (;;) {
    const seen = Atomics.load(words, CLOCK / 8);
    bits.setBigInt64(0, seen);
    if (bits.getFloat64(0) >= time) return;
    if (Atomics.compareExchange(words, CLOCK / 8, seen, wanted) === seen) return;
  }
}
