/** Scenarios: what the explorer runs, as a user writes it. */
import { MmError } from '../errors.js';
import type { Machine } from '../machine.js';
import type { MachineOptions } from '../options.js';
import type { OnCpu } from './core/on-cpu.js';

/** A shared 32-bit word, as `machine.words()` gives it. Values are signed, like an atomic_t. */
export type Word = number;

/** An access that has not been made yet: `yield*` makes it and gives its result. */
export type Operation<T> = Iterable<undefined, T>;

/** Raw words beside a machine. */
export interface MachineWords {
  /**
   * Makes `n` shared 32-bit words.
   * @param initial - their value, or one for each; 0 by default
   */
  words(n: number, initial?: number | readonly number[]): Word[];
  /** The value of a word. */
  peek(word: Word): number;
  /** Changes the value of a word. */
  poke(word: Word, value: number): void;
}

/** The machine as `setup` and `check` see it: a whole Machine, and raw words. */
export type ScenarioMachine = Machine & MachineWords;

/** What a CPU of a scenario works with. */
export interface Cpu {
  /** A sequentially consistent load. */
  load(word: Word): Operation<number>;
  /** A sequentially consistent store. */
  store(word: Word, value: number): Operation<void>;
  /** Adds to a word; gives the value before. */
  fetchAdd(word: Word, value: number): Operation<number>;
  /** Stores; gives the value before (Linux: xchg). */
  exchange(word: Word, value: number): Operation<number>;
  /** Stores if the word has the expected value; gives the value before (Linux: cmpxchg). */
  compareExchange(word: Word, expected: number, value: number): Operation<number>;
  /** A relaxed load: no data race, no order (Linux: READ_ONCE). */
  readOnce(word: Word): Operation<number>;
  /** A relaxed store: no data race; under tso it may be delayed (Linux: WRITE_ONCE). */
  writeOnce(word: Word, value: number): Operation<void>;
  /** An unmarked load: a data race with any store that nothing orders. */
  loadPlain(word: Word): Operation<number>;
  /** An unmarked store: a data race with any access that nothing orders. */
  storePlain(word: Word, value: number): Operation<void>;
  /** A full barrier (Linux: smp_mb). */
  fence(): Operation<void>;
  /** Waits while a word has this value, without a step; gives the value that ended it. */
  waitWhile(word: Word, value: number): Operation<number>;
  /** Takes a lock word, which is 0 while it is free and holds 1 + the number of its CPU. */
  lock(word: Word): Operation<void>;
  /** Gives a lock word back. */
  unlock(word: Word): Operation<void>;
  /** A failure of the scenario unless the condition holds. Works with and without `yield*`. */
  assert(condition: unknown, message?: string): Iterable<never, void>;
  /**
   * Says that of all it has read this CPU still uses only these values, from a place that `label`
   * names. In mode `states` a CPU is in the same state wherever it reads the same; with this, also
   * where it says the same.
   */
  point(label: string, ...values: readonly number[]): void;
  /** Records what this CPU saw. */
  outcome(value: unknown): void;
  /** The calls of a process, as this CPU: each gives an operation to `yield*`. */
  on<T extends object>(handle: T | OnCpu<T>): OnCpu<T>;
}

/** The program of one CPU. */
export type CpuProgram<Context> = (
  context: Context,
  cpu: Cpu,
) => Iterator<undefined, unknown, undefined>;

/** One concurrent program with its promises. */
export interface Scenario<Context = unknown> {
  readonly name: string;
  /** The machine that it runs on, where it uses processes. */
  readonly machine?: MachineOptions;
  /** Prepares an execution; what it returns is handed to every CPU and to `check`. */
  setup?(machine: ScenarioMachine): Context;
  /** The CPUs by name, in order. */
  readonly cpus: Readonly<Record<string, CpuProgram<Context>>>;
  /** Runs after each execution; throws when the promise is broken. */
  check?(machine: ScenarioMachine, context: Context): void;
}

/** Something is wrong with a scenario or a schedule, not with what the scenario promises. */
export class ScenarioError extends TypeError {
  override readonly name = 'ScenarioError';
}

/**
 * A scenario for `explore()`, `replay()` and the command line.
 * @throws ScenarioError that names what is missing
 */
export function scenario<Context>(definition: Scenario<Context>): Scenario<Context> {
  checkScenario(definition);
  return definition;
}

/**
 * Checks that a value is a scenario.
 * @throws ScenarioError that says what it lacks
 */
export function checkScenario(value: unknown): asserts value is Scenario {
  if (typeof value !== 'object' || value === null) {
    throw new ScenarioError('scenario: expected an object with name and cpus');
  }
  const { name, setup, cpus, check } = value as Partial<Record<keyof Scenario, unknown>>;
  if (typeof name !== 'string' || name === '') {
    throw new ScenarioError('scenario: "name" must be a string that is not empty');
  }
  const refuse = (what: string) => new ScenarioError(`scenario "${name}": ${what}`);
  if (typeof cpus !== 'object' || cpus === null || Object.keys(cpus).length === 0) {
    throw refuse('"cpus" must be an object with a generator function for each CPU');
  }
  for (const [cpu, program] of Object.entries(cpus)) {
    if (typeof program !== 'function') throw refuse(`cpus.${cpu} is no generator function`);
  }
  if (setup !== undefined && typeof setup !== 'function') throw refuse('"setup" is no function');
  if (check !== undefined && typeof check !== 'function') throw refuse('"check" is no function');
}

/** What {@link attempt} gives. */
export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: MmError };

/** Makes an operation and turns a thrown MmError into a value. Other errors pass. */
export function* attempt<T>(operation: Operation<T>): Generator<undefined, Attempt<T>, undefined> {
  try {
    return { ok: true, value: yield* operation };
  } catch (error) {
    if (error instanceof MmError) return { ok: false, error };
    throw error;
  }
}
