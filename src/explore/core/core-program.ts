import type { MachineOptions } from '../../options.js';
import { wasmBytes } from '../../wasm/load.js';
import * as access from '../access.js';
import { EventLog } from '../event-log.js';
import { hashBytes, hashName } from '../hash.js';
import { Histories } from '../histories.js';
import type { LockOrders } from '../lock-orders.js';
import { AGENTS_MAX, UNDECIDED, type Fault, type Program, type StepNote } from '../program.js';
import { ScenarioError, type Scenario, type ScenarioMachine } from '../scenario.js';
import type { TraceCall } from '../trace-call.js';
import type { WordPending } from '../word-cpu.js';
import { WordMemory } from '../word-memory.js';
import { AT_ACCESS } from '../word-operation.js';
import { sourceOf, type MemoryModel } from '../words-program.js';
import { Announced } from './announced.js';
import { CoreCalls } from './core-calls.js';
import { AT_CORE, CoreCpu } from './core-cpu.js';
import { CoreState } from './core-state.js';
import { coreSite, loadLines, type LineOf } from './core-sites.js';
import { ExploredMachine } from './explored-machine.js';
import { scenarioMachine } from './scenario-machine.js';
import { LocationNames } from './location-names.js';
import type { OracleContext } from './oracles/oracle.js';
import { Oracles } from './oracles/oracles.js';
import { whoWaits } from './oracles/who-waits.js';
import { PlainRaces } from './plain-races.js';
import { SoundEnds } from './sound-ends.js';
import type { StoreViews } from './store-views.js';

/** Where a CPU stands. */
const AT_WORD = 0;
const IN_CORE = 1;
const ASLEEP = 2;
const ENDED = 3;

/** A sleep is a step of its own. */
const SLEEP_NOTE: StepNote = { site: undefined, operation: 'schedule_timeout' };
/** Bytes of a raw word within its location. */
const WORD_BYTES = 0xffff;

/** What a program is made of besides its scenario. */
interface Build {
  /** A hash of explore.wasm. */
  readonly core: number;
  readonly model: MemoryModel;
  readonly lineOf: LineOf;
}

/**
 * A scenario on the real core as a program that the explorer can run: the machine is booted and set
 * up once, its CPUs are coroutines, and raw words lie beside it.
 *
 * A sleep (the 10 to 80 ms between two scans of a sealer) is a step that can be made at any time:
 * nothing says how far other CPUs come in the meantime, so every order is one to try.
 */
export class CoreProgram implements Program {
  readonly name: string;
  readonly build: string;
  readonly cpuNames: readonly string[];
  readonly agents: number;
  readonly log = new EventLog();
  readonly pending: WordPending;
  fault: Fault | undefined;
  readonly explored: ExploredMachine;

  readonly #scenario: Scenario;
  readonly #words = new WordMemory();
  readonly #machine: ScenarioMachine;
  readonly #cpus: CoreCpu[];
  readonly #histories: Histories;
  readonly #calls: CoreCalls;
  readonly #state: CoreState;
  readonly #running: Iterator<undefined, unknown, undefined>[] = [];
  readonly #where: Uint8Array;
  /** The CPUs that have not ended; and of these the ones that can step only as memory allows. */
  #unfinished = 0;
  #conditional = 0;
  readonly #announced: Announced;
  readonly #lineOf: LineOf;
  readonly #watched: OracleContext;
  readonly #oracles: Oracles;
  readonly #races: PlainRaces;
  #context: unknown;
  #notes: (StepNote | undefined)[] | undefined;
  /** Called behind each access: who goes next, if that is known already (see `step`). */
  #decide: (() => number) | undefined;
  #decision = UNDECIDED;
  /** The access under way, until its values behind it are known; -1 for none. */
  #open = -1;
  /** The CPUs' store buffers, under tso. */
  readonly #buffers: StoreViews | undefined;
  readonly #sound: SoundEnds;

  private constructor(scenario: Scenario, explored: ExploredMachine, build: Build) {
    const names = Object.keys(scenario.cpus);
    this.#scenario = scenario;
    this.explored = explored;
    this.#lineOf = build.lineOf;
    this.name = scenario.name;
    this.build = hashName(`${build.core}\n${sourceOf(scenario)}`);
    this.cpuNames = names;
    const isTso = build.model === 'tso';
    this.agents = isTso ? names.length * 2 : names.length;
    this.#buffers = isTso ? explored.storeViews(names.length, this.#words) : undefined;
    this.#announced = new Announced(names.length, explored, this.#words, build.lineOf);
    this.pending = this.#announced.pending;
    this.#where = new Uint8Array(names.length);
    this.#machine = scenarioMachine(explored.machine, this.#words);
    this.#histories = new Histories(names.length);
    const calls = new CoreCalls(explored, this.#histories, this.log);
    this.#calls = calls;
    this.#cpus = names.map((name, cpu) => new CoreCpu(cpu, name, this.#words, this.pending, calls));
    for (const [cpu, handle] of this.#cpus.entries()) {
      handle.onPoint = (label, values) => this.#histories.remember(cpu, label, values);
    }
    explored.coroutines.onPoint = (cpu) => this.#onPoint(cpu);
    this.#watched = {
      views: explored.machine.kernel.views,
      options: explored.machine.kernel.options,
      cpuNames: names,
      log: this.log,
      step: () => this.log.length - 1,
      place: (skip, always) => this.#placeNow(skip, always),
      placeOf: (cpu) => this.#noteOf(cpu)?.site,
      placeOfStep: (step) => this.#notes?.[step]?.site,
      nameOf: (address) => new LocationNames(explored.machine.kernel.views).nameOf(address),
    };
    this.#oracles = new Oracles(this.#watched);
    const { views } = explored.machine.kernel;
    this.#races = new PlainRaces(views, explored.coroutines.core, names.length, this.#watched);
    explored.coroutines.onRace = (...seen) => this.#races.onRace(...seen);
    this.#sound = new SoundEnds(explored);
    this.#state = new CoreState({
      explored,
      words: this.#words,
      cpus: this.#cpus,
      histories: this.#histories,
      buffers: this.#buffers,
      oracles: this.#oracles,
    });
    explored.coroutines.onNote = (cpu, note, address, detail, behind) => {
      this.#oracles.note(cpu, note, address, detail, behind);
    };
  }

  /** Boots the machine of a scenario. @throws ScenarioError for more CPUs than there can be */
  static async create(scenario: Scenario, model: MemoryModel): Promise<CoreProgram> {
    const cpus = Object.keys(scenario.cpus).length;
    if (cpus * (model === 'tso' ? 2 : 1) > AGENTS_MAX) {
      throw new ScenarioError(`scenario "${scenario.name}": ${cpus} CPUs are too many`);
    }
    const options: MachineOptions = scenario.machine ?? {};
    const core = hashBytes(await wasmBytes('explore'));
    const explored = await ExploredMachine.boot(options, cpus);
    return new CoreProgram(scenario, explored, { core, model, lineOf: await loadLines() });
  }

  /** Ends the machine. */
  close(): Promise<void> {
    return this.explored.close();
  }

  begin(): void {
    this.#races.begin(this.log.length, this.#notes !== undefined);
    this.log.length = 0;
    this.fault = undefined;
    this.#unfinished = (1 << this.#cpus.length) - 1;
    this.#conditional = 0;
    this.#announced.begin(this.#notes !== undefined);
    this.#calls.restart(this.#notes !== undefined);
    this.#words.reset();
    this.#histories.restart();
    this.#oracles.begin();
    this.#buffers?.reset();
    if (this.#announced.isSettled) this.explored.reset();
    const { setup } = this.explored.coroutines;
    this.#context = setup.run(() => this.#scenario.setup?.(this.#machine));
    if (!this.#announced.isSettled) {
      this.explored.keep();
      this.#oracles.keep();
      this.#announced.settle();
    }
    for (let cpu = 0; cpu < this.#cpus.length; cpu++) {
      const handle = this.#cpus[cpu]!;
      handle.operation.reset();
      if (handle.outcomes.length > 0) handle.outcomes.length = 0;
      const program = this.#scenario.cpus[this.cpuNames[cpu]!]!;
      const running = program.call(this.#scenario.cpus, this.#context, handle);
      if (typeof (running as { next?: unknown } | undefined)?.next !== 'function') {
        throw this.#refusal(`cpus.${this.cpuNames[cpu]} is no generator function (function*)`);
      }
      this.#running[cpu] = running;
      this.#races.start(cpu);
      this.#advance(cpu);
      if (this.fault !== undefined) return;
    }
    this.#races.leave();
    this.#histories.started();
  }

  runnable(): number {
    const buffers = this.#buffers;
    let open = this.#conditional | ((buffers?.filled ?? 0) & this.#unfinished);
    let agents = this.#unfinished & ~open;
    while (open !== 0) {
      const cpu = 31 - Math.clz32(open);
      open &= ~(1 << cpu);
      if (this.#isEnabled(cpu)) agents |= 1 << cpu;
    }
    return buffers === undefined ? agents : agents | (buffers.filled << this.#cpus.length);
  }

  unfinished(): number {
    return this.#unfinished;
  }

  step(agent: number, decide: () => number): number {
    if (agent >= this.#cpus.length) {
      this.#flush(agent - this.#cpus.length);
      return UNDECIDED;
    }
    this.#decide = decide;
    this.#decision = UNDECIDED;
    this.#reserve(agent);
    if (this.fault === undefined) {
      if (this.#where[agent] === AT_WORD) this.#makeWordAccess(agent);
      if (this.#where[agent] === ASLEEP) this.explored.wake(agent);
      this.#advance(agent);
    } else this.#close();
    this.#races.leave();
    this.#buffers?.leave();
    this.#decide = undefined;
    return this.#decision;
  }

  outcome(): string {
    let text = '';
    for (const { outcomes } of this.#cpus) {
      for (const outcome of outcomes) text = text === '' ? outcome : `${text} ${outcome}`;
    }
    return text;
  }

  check(): void {
    const broken = this.#oracles.end();
    this.#scenario.check?.(this.#machine, this.#context);
    throwIf(broken);
    this.#sound.check(this.log);
    throwIf(this.#races.found);
    throwIf(this.#oracles.afterwards());
  }

  get lockOrders(): LockOrders {
    return this.#oracles.lockOrders;
  }

  locations(): number {
    return this.#announced.count;
  }

  initial(location: number): number {
    return location < this.#words.count ? this.#words.values[location]! : 0;
  }

  symbol(location: number, mask?: number): string {
    return this.#announced.symbol(location, mask);
  }

  whoWaits(cpu: number): string | undefined {
    if (this.#where[cpu] !== IN_CORE) return undefined;
    const pending = this.explored.coroutines.pending(cpu);
    return whoWaits(this.#watched, this.#oracles.locks, cpu, pending);
  }

  recordNotes(on: boolean): readonly (StepNote | undefined)[] {
    this.#notes = on ? [] : undefined;
    this.explored.coroutines.keepsStacks = on;
    return this.#notes ?? [];
  }

  callsBegun(cpu: number): number {
    return this.#calls.begun[cpu] ?? 0;
  }

  notedCalls(): readonly TraceCall[] {
    return this.#calls.noted;
  }

  hash(into: Uint32Array): void {
    this.#histories.want(this.log.length);
    this.#state.hash(into, this.#where, ENDED, this.#context);
  }

  /** Runs a CPU up to its next access, or further while `decide` lets it. */
  #advance(cpu: number): void {
    try {
      const next = this.#running[cpu]!.next();
      this.#close();
      if (next.done === true) {
        this.#cpus[cpu]!.operation.checkIdle();
        this.#stands(cpu, ENDED, false);
        this.#unfinished &= ~(1 << cpu);
      } else if (next === AT_CORE) {
        const isAsleep = this.explored.coroutines.wakeTime(cpu) !== undefined;
        if (isAsleep) this.#announced.announceSleep(cpu);
        this.#stands(cpu, isAsleep ? ASLEEP : IN_CORE, !isAsleep && this.#waitsInCore(cpu));
      } else if (next === AT_ACCESS && this.#cpus[cpu]!.operation.isYielded) {
        this.#stands(cpu, AT_WORD, access.waits(this.pending.kind[cpu]!));
        this.pending.mask[cpu] = WORD_BYTES;
      } else {
        throw this.#refusal(
          `cpus.${this.cpuNames[cpu]} yields something that is no operation ` +
            '(write yield* before cpu.on(process).call() and its like)',
        );
      }
    } catch (error) {
      this.#close();
      if (error instanceof ScenarioError) throw error;
      this.fault = { cpu, error };
    }
  }

  /** A CPU announces its next access from inside the core; true lets it go on. */
  #onPoint(cpu: number): boolean {
    this.#close();
    this.#announced.announce(cpu);
    this.#stands(cpu, IN_CORE, this.#waitsInCore(cpu));
    if (this.#decide === undefined) return false;
    this.#buffers?.leave();
    let next = this.#decide();
    while (next >= this.#cpus.length) {
      this.#flush(next - this.#cpus.length);
      next = this.#decide();
    }
    this.#decision = next === cpu ? UNDECIDED : next;
    if (next !== cpu) return false;
    this.#reserve(cpu);
    return this.fault === undefined;
  }

  /** Where a CPU has stopped, and whether memory decides when it can go on. */
  #stands(cpu: number, where: number, isConditional: boolean): void {
    this.#where[cpu] = where;
    if (isConditional) this.#conditional |= 1 << cpu;
    else this.#conditional &= ~(1 << cpu);
  }

  #waitsInCore(cpu: number): boolean {
    return this.explored.coroutines.pending(cpu).waits;
  }

  /** Whether a CPU that has not ended can step, as memory and its store buffer are. */
  #isEnabled(cpu: number): boolean {
    const buffers = this.#buffers;
    if (buffers === undefined || !buffers.holds(cpu)) return this.#isReady(cpu);
    if (access.drains(this.pending.kind[cpu]!)) return false;
    return buffers.seenBy(cpu, () => this.#isReady(cpu));
  }

  /** Whether a CPU need not wait, as far as memory goes. */
  #isReady(cpu: number): boolean {
    const where = this.#where[cpu];
    if (where === ASLEEP) return true;
    if (where === IN_CORE) return this.explored.coroutines.isEnabled(cpu);
    const kind = this.pending.kind[cpu]!;
    if (!access.waits(kind)) return true;
    const value = this.#words.values[this.pending.location[cpu]!]!;
    return access.isEnabledAt(kind, this.pending.operand[cpu]!, value);
  }

  /**
   * Enters the announced access of a CPU in the log; what it leaves behind is not known yet. From
   * now on memory is as the CPU sees it.
   */
  #reserve(cpu: number): void {
    const { log, pending } = this;
    const step = log.reserve();
    const kind = pending.kind[cpu]!;
    log.agent[step] = cpu;
    log.kind[step] = kind;
    log.mask[step] = pending.mask[cpu]!;
    log.location[step] = pending.location[cpu]!;
    log.link[step] = -1;
    log.operand[step] = pending.operand[cpu]!;
    log.before[step] = this.#announced.valueOf(cpu);
    log.after[step] = 0;
    log.result[step] = log.before[step]!;
    log.touches[step] = access.isFence(kind) ? access.TOUCHES_NOTHING : access.TOUCHES_WRITE;
    if (this.#notes !== undefined) this.#notes[step] = this.#noteOf(cpu);
    this.#open = step;
    if (this.#buffers !== undefined) this.#enter(cpu, step, this.#buffers);
    if (this.#where[cpu] === AT_WORD) this.#races.enterWord(cpu, step, kind, log.location[step]);
    if (this.#where[cpu] === ASLEEP) this.#races.wake(cpu, step);
    if (this.#where[cpu] !== IN_CORE) return;
    const { address, op } = this.explored.coroutines.pending(cpu);
    this.#races.enter(cpu, step, op, address, this.#announced.sizeOf(cpu), log.location[step]);
    if (access.isFence(kind)) return;
    const error = this.#oracles.access(cpu, address, op, this.#announced.sizeOf(cpu));
    if (error !== undefined) this.fault = { cpu, error };
  }

  /** The CPU goes on behind its store buffer, which its access may have to pass through. */
  #enter(cpu: number, step: number, buffers: StoreViews): void {
    const { log } = this;
    buffers.enter(cpu);
    log.result[step] = this.#announced.valueOf(cpu);
    if (!access.isBuffered(log.kind[step]!)) return;
    log.link[step] = step;
    log.touches[step] = access.TOUCHES_NOTHING;
    buffers.cover(this.#announced.targetOf(cpu));
  }

  /** The oldest store of a CPU's buffer reaches memory. */
  #flush(cpu: number): void {
    const { log } = this;
    const step = log.reserve();
    const store = this.#buffers!.flush(cpu);
    log.agent[step] = cpu + this.#cpus.length;
    log.kind[step] = access.FLUSH;
    log.touches[step] = access.TOUCHES_WRITE;
    log.mask[step] = store.mask;
    log.location[step] = store.location;
    log.link[step] = store.step;
    log.operand[step] = store.value;
    log.before[step] = store.before;
    log.after[step] = store.value;
    log.result[step] = 0;
    this.#races.flush(cpu);
    if (this.#notes !== undefined) this.#notes[step] = this.#notes[store.step];
  }

  /** Completes the entry of the access that was made last. */
  #close(): void {
    const step = this.#open;
    if (step < 0) return;
    this.#open = -1;
    const { log } = this;
    const kind = log.kind[step]!;
    const cpu = log.agent[step]!;
    const isRead = kind <= access.LOAD_PLAIN || kind === access.WAIT_WHILE;
    if (log.link[step] === step)
      log.operand[step] = this.#buffers!.push(this.#announced.targetOf(cpu), step);
    const isSeen = !isRead && log.link[step] !== step;
    const after = isSeen ? this.#announced.valueOf(cpu) : log.before[step]!;
    log.after[step] = after;
    if (log.link[step] === step) this.#races.made(cpu, true, true);
    if (access.isFence(kind) || log.link[step] === step) return;
    // A read-modify-write that has left all as it was is no more than a load: a compare-and-swap
    // that failed, a bit that was set already.
    const isIdle = isReadModifyWrite(kind) && after === log.before[step];
    log.touches[step] = isRead || isIdle ? access.TOUCHES_READ : access.TOUCHES_WRITE;
    if (!isRead) this.#races.made(cpu, !isIdle, false);
  }

  #makeWordAccess(cpu: number): void {
    const { kind, location, operand, replacement } = this.pending;
    const at = location[cpu]!;
    const before = this.#announced.valueOf(cpu);
    const touches = access.touchOf(kind[cpu]!, operand[cpu]!, before);
    if (touches === access.TOUCHES_WRITE) {
      const usesReplacement = kind[cpu] === access.COMPARE_EXCHANGE || kind[cpu] === access.LOCK;
      let value = usesReplacement ? replacement[cpu]! : operand[cpu]!;
      if (kind[cpu] === access.FETCH_ADD) value = (before + operand[cpu]!) | 0;
      this.#words.values[at] = value;
    }
    const isLock = kind[cpu] === access.LOCK;
    if (isLock || kind[cpu] === access.UNLOCK) this.#oracles.wordLock(cpu, isLock, at);
    this.#cpus[cpu]!.operation.result = before;
    this.#histories.add(cpu, before);
    this.#close();
  }

  /** Where the CPU that runs stands, for those who want to know it just now. */
  #placeNow(skip?: RegExp, always?: boolean): string | undefined {
    const isWanted = this.#notes !== undefined || always === true;
    return isWanted ? coreSite(this.#lineOf, skip) : undefined;
  }

  #noteOf(cpu: number): StepNote | undefined {
    if (this.#where[cpu] === ASLEEP) return SLEEP_NOTE;
    return this.#where[cpu] === IN_CORE ? this.#announced.noteOf(cpu) : undefined;
  }

  #refusal(what: string): ScenarioError {
    return new ScenarioError(`scenario "${this.name}": ${what}`);
  }
}

function throwIf(error: Error | undefined): void {
  if (error !== undefined) throw error;
}

function isReadModifyWrite(kind: number): boolean {
  return kind >= access.FETCH_ADD && kind <= access.COMPARE_EXCHANGE;
}
