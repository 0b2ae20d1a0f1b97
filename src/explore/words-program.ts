/**
 * A scenario on raw words as a program that the explorer can run: memory, store buffers under tso,
 * and the CPUs as generators.
 */
import * as access from './access.js';
import { EventLog } from './event-log.js';
import type { LockOrders } from './lock-orders.js';
import { finish, hashName, hashText, mix } from './hash.js';
import { HASH_SEEDS, Histories } from './histories.js';
import { AGENTS_MAX, UNDECIDED, type Fault, type Program, type StepNote } from './program.js';
import { wordsOnly } from './needs-machine.js';
import { eachPart } from './parts.js';
import { ScenarioError, type Scenario } from './scenario.js';
import { sourcePlace } from './source-place.js';
import { StoreBuffers } from './store-buffers.js';
import { WordCpu, WordPending } from './word-cpu.js';
import { WordLocks } from './word-locks.js';
import { WordMemory } from './word-memory.js';
import { AT_ACCESS, type WordOperation } from './word-operation.js';

/** Which orders the memory keeps. */
export type MemoryModel = 'sc' | 'tso';

/** Part of a build's hash: raised when the same scenario would run differently. */
const ENGINE_VERSION = 1;

/** A scenario on raw words. */
export class WordsProgram implements Program {
  readonly name: string;
  readonly build: string;
  readonly cpuNames: readonly string[];
  readonly agents: number;
  readonly log = new EventLog();
  readonly pending: WordPending;
  fault: Fault | undefined;

  readonly #scenario: Scenario;
  readonly #memory = new WordMemory();
  readonly #machine = wordsOnly(this.#memory);
  readonly #buffers: StoreBuffers | undefined;
  readonly #locks: WordLocks;
  readonly #cpus: WordCpu[];
  readonly #operations: readonly WordOperation[];
  readonly #running: Iterator<undefined, unknown, undefined>[] = [];
  readonly #programs: Scenario['cpus'][string][];
  readonly #all: number;
  #context: unknown;
  #initial: Int32Array | undefined;
  /** CPUs that can step whatever memory holds, and those for which it depends; a bit each. */
  #ready = 0;
  #conditional = 0;
  readonly #histories: Histories;
  /** Where the accesses stand, by step and by CPU, when somebody wants to know. */
  #notes: (StepNote | undefined)[] | undefined;
  readonly #announcedAt: (string | undefined)[] = [];

  /** @throws ScenarioError for more CPUs than a set of agents can have */
  constructor(scenario: Scenario, model: MemoryModel) {
    const names = Object.keys(scenario.cpus);
    this.#scenario = scenario;
    this.name = scenario.name;
    this.build = hashName(sourceOf(scenario));
    this.cpuNames = names;
    this.agents = model === 'tso' ? names.length * 2 : names.length;
    if (this.agents > AGENTS_MAX) {
      throw new ScenarioError(`scenario "${this.name}": ${names.length} CPUs are too many`);
    }
    this.pending = new WordPending(names.length);
    this.#buffers = model === 'tso' ? new StoreBuffers(names.length) : undefined;
    this.#cpus = names.map((name, cpu) => new WordCpu(cpu, name, this.#memory, this.pending));
    this.#operations = this.#cpus.map(({ operation }) => operation);
    this.#locks = new WordLocks(this.log, names);
    this.#programs = names.map((name) => scenario.cpus[name]!);
    this.#all = (1 << names.length) - 1;
    this.#histories = new Histories(names.length);
    for (const [cpu, handle] of this.#cpus.entries()) {
      handle.onPoint = (label, values) => this.#histories.remember(cpu, label, values);
    }
  }

  begin(): void {
    this.log.length = 0;
    this.fault = undefined;
    this.#memory.reset();
    this.#locks.begin();
    this.#buffers?.reset();
    this.#setUp();
    this.#ready = this.#all;
    this.#conditional = 0;
    this.#histories.restart();
    for (let cpu = 0; cpu < this.#cpus.length; cpu++) {
      const handle = this.#cpus[cpu]!;
      handle.operation.reset();
      if (handle.outcomes.length > 0) handle.outcomes.length = 0;
      const running = this.#programs[cpu]!.call(this.#scenario.cpus, this.#context, handle);
      if (typeof (running as { next?: unknown } | undefined)?.next !== 'function') {
        throw this.#refusal(`cpus.${this.cpuNames[cpu]} is no generator function (function*)`);
      }
      this.#running[cpu] = running;
      this.#resume(cpu);
      if (this.fault !== undefined) return;
    }
    this.#histories.started();
  }

  runnable(): number {
    let agents = this.#ready;
    let conditional = this.#conditional;
    while (conditional !== 0) {
      const cpu = 31 - Math.clz32(conditional);
      conditional &= ~(1 << cpu);
      if (this.#isEnabled(cpu)) agents |= 1 << cpu;
    }
    return this.#buffers === undefined
      ? agents
      : agents | (this.#buffers.filled << this.#cpus.length);
  }

  unfinished(): number {
    return this.#ready | this.#conditional;
  }

  step(agent: number): number {
    if (agent >= this.#cpus.length) {
      this.#flush(agent - this.#cpus.length);
      return UNDECIDED;
    }
    const kind = this.pending.kind[agent]!;
    const result = this.#access(agent, kind);
    this.#operations[agent]!.result = result;
    if (this.#histories.isOpen) this.#histories.add(agent, result);
    this.#resume(agent);
    return UNDECIDED;
  }

  outcome(): string {
    let text = '';
    for (const { outcomes } of this.#cpus) {
      for (const outcome of outcomes) text = text === '' ? outcome : `${text} ${outcome}`;
    }
    return text;
  }

  check(): void {
    this.#scenario.check?.(this.#machine, this.#context);
    const inversion = this.#locks.verdict();
    if (inversion !== undefined) throw inversion;
  }

  get lockOrders(): LockOrders {
    return this.#locks.orders;
  }

  locations(): number {
    return this.#memory.count;
  }

  initial(location: number): number {
    return this.#initial?.[location] ?? 0;
  }

  symbol(location: number): string {
    return `words[${location}]`;
  }

  recordNotes(on: boolean): readonly (StepNote | undefined)[] {
    this.#notes = on ? [] : undefined;
    for (const [cpu, handle] of this.#cpus.entries()) {
      handle.onAnnounce = on ? () => (this.#announcedAt[cpu] = sourcePlace()) : undefined;
    }
    return this.#notes ?? [];
  }

  hash(into: Uint32Array): void {
    this.#histories.want(this.log.length);
    for (let half = 0; half < 2; half++) {
      let hash: number = HASH_SEEDS[half]!;
      const { values, count } = this.#memory;
      for (let word = 0; word < count; word++) hash = mix(hash, values[word]!);
      hash = mix(hash, this.unfinished());
      for (let cpu = 0; cpu < this.#cpus.length; cpu++) {
        // A CPU that has ended has no local state any more, only what it recorded.
        if ((this.unfinished() >>> cpu) & 1) hash = mix(hash, this.#histories.half(cpu, half));
        for (const outcome of this.#cpus[cpu]!.outcomes) hash = mix(hash, hashText(outcome));
      }
      this.#buffers?.forEach((word) => (hash = mix(hash, word)));
      eachPart(this.#context, (part) => (hash = mix(hash, part)));
      into[half] = finish(hash);
    }
  }

  #setUp(): void {
    const context: unknown = this.#scenario.setup?.(this.#machine);
    if (typeof (context as { then?: unknown } | undefined)?.then === 'function') {
      throw this.#refusal('setup returned a promise; it must do its work at once');
    }
    this.#context = context;
    const { values, count } = this.#memory;
    if (this.#initial === undefined) this.#initial = values.slice(0, count);
    const initial = this.#initial;
    let isSame = count === initial.length;
    for (let word = 0; isSame && word < count; word++) isSame = values[word] === initial[word];
    if (!isSame) throw this.#refusal('setup made other words when it ran again');
  }

  /** Makes the announced access of a CPU; gives what the CPU gets. */
  #access(cpu: number, kind: number): number {
    const { log, pending } = this;
    const step = log.reserve();
    const location = pending.location[cpu]!;
    const operand = pending.operand[cpu]!;
    const before = location < 0 ? 0 : this.#memory.values[location]!;
    const isLate = this.#buffers !== undefined && access.isBuffered(kind);
    const touches = isLate ? access.TOUCHES_NOTHING : access.touchOf(kind, operand, before);
    let after = before;
    if (touches === access.TOUCHES_WRITE) {
      after = this.#written(cpu, kind, before, operand);
      this.#memory.values[location] = after;
    }
    const result = access.returnsValue(kind) ? this.#seen(cpu, location, before) : 0;
    log.agent[step] = cpu;
    log.kind[step] = kind;
    log.touches[step] = touches;
    log.mask[step] = pending.mask[cpu]!;
    log.location[step] = location;
    log.link[step] = isLate ? step : -1;
    log.operand[step] = operand;
    log.before[step] = before;
    log.after[step] = after;
    log.result[step] = result;
    if (isLate) this.#buffers.push(cpu, location, operand, step);
    if (this.#notes !== undefined) this.#notes[step] = this.#noteOf(cpu);
    if (kind === access.LOCK || kind === access.UNLOCK) this.#noteLock(cpu, kind, location);
    return result;
  }

  #seen(cpu: number, location: number, inMemory: number): number {
    const buffers = this.#buffers;
    return buffers === undefined ? inMemory : buffers.seen(cpu, location, inMemory);
  }

  #noteLock(cpu: number, kind: number, location: number): void {
    if (kind === access.LOCK) this.#locks.take(cpu, location);
    else this.#locks.giveBack(cpu, location);
  }

  #written(cpu: number, kind: number, before: number, operand: number): number {
    if (kind === access.FETCH_ADD) return (before + operand) | 0;
    const hasReplacement = kind === access.COMPARE_EXCHANGE || kind === access.LOCK;
    return hasReplacement ? this.pending.replacement[cpu]! : operand;
  }

  #flush(cpu: number): void {
    const buffers = this.#buffers!;
    const location = buffers.oldestLocation(cpu);
    const value = buffers.oldestValue(cpu);
    const { log } = this;
    const step = log.reserve();
    const store = buffers.oldestStep(cpu);
    log.agent[step] = cpu + this.#cpus.length;
    log.kind[step] = access.FLUSH;
    log.touches[step] = access.TOUCHES_WRITE;
    log.mask[step] = log.mask[store]!;
    log.location[step] = location;
    log.link[step] = store;
    log.operand[step] = value;
    log.before[step] = this.#memory.values[location]!;
    log.after[step] = value;
    log.result[step] = 0;
    if (this.#notes !== undefined) this.#notes[step] = this.#notes[store];
    this.#memory.values[location] = value;
    buffers.shift(cpu);
  }

  /** Runs a CPU up to its next access. */
  #resume(cpu: number): void {
    const bit = 1 << cpu;
    const operation = this.#operations[cpu]!;
    try {
      const next = this.#running[cpu]!.next();
      if (next.done === true) {
        operation.checkIdle();
        this.#ready &= ~bit;
        this.#conditional &= ~bit;
        return;
      }
      if (next !== AT_ACCESS || !operation.isYielded) this.#refuse(cpu, next.value);
    } catch (error) {
      if (error instanceof ScenarioError) throw error;
      this.fault = { cpu, error };
      return;
    }
    if (this.#mayWait(this.pending.kind[cpu]!)) {
      this.#conditional |= bit;
      this.#ready &= ~bit;
    } else {
      this.#ready |= bit;
      this.#conditional &= ~bit;
    }
  }

  /** Whether memory, or this CPU's store buffer, decides when such an access can be made. */
  #mayWait(kind: number): boolean {
    return access.waits(kind) || (this.#buffers !== undefined && access.drains(kind));
  }

  #refuse(cpu: number, value: unknown): never {
    throw this.#refusal(
      `cpus.${this.cpuNames[cpu]} yields ${describe(value)}, which is no operation ` +
        '(write yield* before cpu.load() and its like)',
    );
  }

  /** Whether a CPU whose next access may have to wait can make it now. */
  #isEnabled(cpu: number): boolean {
    const kind = this.pending.kind[cpu]!;
    const buffers = this.#buffers;
    if (buffers !== undefined && access.drains(kind) && (buffers.filled >>> cpu) & 1) return false;
    if (!access.waits(kind)) return true;
    const location = this.pending.location[cpu]!;
    const seen = this.#seen(cpu, location, this.#memory.values[location]!);
    return access.isEnabledAt(kind, this.pending.operand[cpu]!, seen);
  }

  /** Raw words are accessed by the names that the scenario has for that. */
  #noteOf(cpu: number): StepNote {
    return { site: this.#announcedAt[cpu], operation: undefined };
  }

  #refusal(what: string): ScenarioError {
    return new ScenarioError(`scenario "${this.name}": ${what}`);
  }
}

/** Everything of a scenario that decides how it runs, as far as it can be seen. */
export function sourceOf(scenario: Scenario): string {
  const programs = Object.entries(scenario.cpus).map(([cpu, run]) => cpu + String(run));
  const setup = String(Object.entries(scenario).find(([key]) => key === 'setup')?.[1]);
  return [ENGINE_VERSION, scenario.name, setup, ...programs].join('\n');
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
