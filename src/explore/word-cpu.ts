/** What a CPU's generator calls when its scenario uses raw words. */
import * as access from './access.js';
import type { OnCpu } from './core/on-cpu.js';
import { ScenarioError, type Cpu, type Operation, type Word } from './scenario.js';
import { wordValue, type WordMemory } from './word-memory.js';
import { WordOperation } from './word-operation.js';

/** Bytes of a word within its location. */
const WORD_MASK = 0xffff;

/** Announced accesses, by CPU. */
export class WordPending {
  readonly kind: Uint8Array;
  readonly location: Int32Array;
  readonly mask: Uint32Array;
  readonly operand: Float64Array;
  readonly replacement: Float64Array;

  constructor(cpus: number) {
    this.kind = new Uint8Array(cpus);
    this.location = new Int32Array(cpus);
    this.mask = new Uint32Array(cpus).fill(WORD_MASK);
    this.operand = new Float64Array(cpus);
    this.replacement = new Float64Array(cpus);
  }
}

const NOTHING_MORE: IteratorReturnResult<void> = { done: true, value: undefined };
const NOTHING: Iterable<never, void> = {
  [Symbol.iterator]: () => ({ next: () => NOTHING_MORE }),
};

/** A promise of the scenario, made with `cpu.assert`, that was broken. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** The operations of one CPU. Each announces an access, and the program makes it. */
export class WordCpu implements Cpu {
  readonly operation: WordOperation;
  /** What this CPU recorded. */
  readonly outcomes: string[] = [];
  /** Told what the CPU still knows. */
  onPoint: (label: string, values: readonly number[]) => void = () => undefined;
  /** Called at each announcement when somebody wants to know where it stands. */
  onAnnounce: (() => void) | undefined;
  readonly #index: number;
  readonly #name: string;
  readonly #memory: WordMemory;
  readonly #pending: WordPending;

  constructor(index: number, name: string, memory: WordMemory, pending: WordPending) {
    this.operation = new WordOperation(name);
    this.#index = index;
    this.#name = name;
    this.#memory = memory;
    this.#pending = pending;
  }

  load(word: Word): Operation<number> {
    return this.#announce(access.LOAD, word, 0);
  }

  store(word: Word, value: number): Operation<void> {
    return this.#announce(access.STORE, word, value) as Operation<unknown> as Operation<void>;
  }

  fetchAdd(word: Word, value: number): Operation<number> {
    return this.#announce(access.FETCH_ADD, word, value);
  }

  exchange(word: Word, value: number): Operation<number> {
    return this.#announce(access.EXCHANGE, word, value);
  }

  compareExchange(word: Word, expected: number, value: number): Operation<number> {
    const replacement = (value | 0) === value ? value : wordValue(value, 'value');
    this.#pending.replacement[this.#index] = replacement;
    return this.#announce(access.COMPARE_EXCHANGE, word, expected);
  }

  readOnce(word: Word): Operation<number> {
    return this.#announce(access.READ_ONCE, word, 0);
  }

  writeOnce(word: Word, value: number): Operation<void> {
    return this.#announce(access.WRITE_ONCE, word, value) as Operation<unknown> as Operation<void>;
  }

  loadPlain(word: Word): Operation<number> {
    return this.#announce(access.LOAD_PLAIN, word, 0);
  }

  storePlain(word: Word, value: number): Operation<void> {
    return this.#announce(access.STORE_PLAIN, word, value) as Operation<unknown> as Operation<void>;
  }

  fence(): Operation<void> {
    this.operation.announce('fence');
    this.#pending.kind[this.#index] = access.FENCE;
    this.#pending.location[this.#index] = -1;
    this.onAnnounce?.();
    return this.operation as Operation<unknown> as Operation<void>;
  }

  waitWhile(word: Word, value: number): Operation<number> {
    return this.#announce(access.WAIT_WHILE, word, value);
  }

  lock(word: Word): Operation<void> {
    this.#pending.replacement[this.#index] = this.#index + 1;
    return this.#announce(access.LOCK, word, -1) as Operation<unknown> as Operation<void>;
  }

  unlock(word: Word): Operation<void> {
    return this.#announce(access.UNLOCK, word, 0) as Operation<unknown> as Operation<void>;
  }

  assert(condition: unknown, message = 'an assertion failed'): Iterable<never, void> {
    if (!condition) throw new AssertionFailure(message);
    return NOTHING;
  }

  point(label: string, ...values: readonly number[]): void {
    this.onPoint(label, values);
  }

  outcome(value: unknown): void {
    this.outcomes.push(String(value));
  }

  on<T extends object>(_handle: T | OnCpu<T>): OnCpu<T> {
    throw new ScenarioError(`cpu "${this.#name}": cpu.on(process) needs a machine`);
  }

  #announce(kind: number, word: Word, operand: number): Operation<number> {
    this.operation.announce(access.KIND_NAMES[kind]!);
    const pending = this.#pending;
    const cpu = this.#index;
    pending.kind[cpu] = kind;
    pending.location[cpu] = this.#memory.wordOf(word);
    pending.operand[cpu] = (operand | 0) === operand ? operand : wordValue(operand, 'value');
    this.onAnnounce?.();
    return this.operation;
  }
}
