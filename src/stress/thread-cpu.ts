/** One CPU of a scenario on the thread that is this CPU. */
import { MachinePanicError, type TraceEvent } from '../errors.js';
import { onCpu, type OnCpu } from '../explore/core/on-cpu.js';
import { Prng } from '../explore/prng.js';
import { ScenarioError, type Operation, type Scenario } from '../explore/scenario.js';
import { AssertionFailure, WordCpu, WordPending } from '../explore/word-cpu.js';
import type { WordMemory } from '../explore/word-memory.js';
import { CallLog } from './call-log.js';
import { now } from './clock.js';
import { STOPPED, type Control } from './control.js';
import { callNumber, OWN_CODE } from './deeds.js';
import type { WordAccess } from './word-access.js';

/** How a promise can be broken on threads. */
export type StressFailureKind =
  'assertion' | 'exception' | 'check' | 'invariant' | 'panic' | 'hang';

/** An error that can be sent. */
export interface SentError {
  readonly kind: StressFailureKind;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a panic: what the CPUs did last, in the core. */
  readonly events: readonly TraceEvent[];
}

/** How the program of a CPU has ended. */
export interface Ending {
  readonly error?: SentError;
  /** When, for all threads alike. */
  readonly at: number;
  /** Milliseconds that it took, without those that were lost on purpose. */
  readonly busy: number;
}

/** Of operations one in so many begins late. */
const PAUSE_ODDS = 4;
/** Of starts one in so many is not delayed. */
const START_ODDS = 4;

/** The operations of a CPU: each is made at once, on this thread. */
export class ThreadCpu extends WordCpu {
  readonly log = new CallLog();
  readonly #number: number;
  readonly #control: Control;
  #prng = new Prng(0);
  /** Milliseconds lost on purpose in this round. */
  #paused = 0;

  constructor(
    cpu: number,
    name: string,
    memory: WordMemory,
    pending: WordPending,
    words: WordAccess,
    control: Control,
  ) {
    super(cpu, name, memory, pending);
    this.#number = cpu;
    this.#control = control;
    this.operation.perform = () => {
      control.doing(cpu, OWN_CODE);
      const result = words.perform();
      const { kind, location, operand } = pending;
      this.log.word(kind[cpu]!, location[cpu]!, operand[cpu]!, result);
      return result;
    };
  }

  /** Runs the program of this CPU once; the gate opens when every CPU has come to it. */
  run(scenario: Scenario, context: unknown, seed: number): Ending {
    this.#prng = new Prng(seed);
    this.operation.reset();
    this.outcomes.length = 0;
    const names = Object.keys(scenario.cpus);
    const program = scenario.cpus[names[this.#number]!]!;
    const running = program.call(scenario.cpus, context, this);
    if (typeof (running as { next?: unknown } | undefined)?.next !== 'function') {
      throw this.#refusal(scenario, 'is no generator function (function*)');
    }
    this.#control.meet();
    const started = now();
    this.#paused = 0;
    this.log.begin();
    this.#control.doing(this.#number, OWN_CODE);
    const ending = () => ({ at: now(), busy: now() - started - this.#paused });
    if (this.#prng.below(START_ODDS) > 0) this.#pause(1);
    try {
      const { done } = running.next();
      if (done !== true) {
        const hint = 'write yield* before cpu.on(process).call() and its like';
        throw this.#refusal(scenario, `yields something that is no operation (${hint})`);
      }
      this.operation.checkIdle();
      return ending();
    } catch (error) {
      if (error instanceof ScenarioError || error === STOPPED) throw error;
      return { ...ending(), error: sentError(error) };
    }
  }

  /** The calls of a process, or of pages, as this CPU. */
  override on<T extends object>(handle: T | OnCpu<T>): OnCpu<T> {
    return onCpu(handle as T, this.call);
  }

  /** Makes a call of the facade an operation. */
  readonly call = (
    call: () => unknown,
    name: string,
    args: readonly unknown[],
  ): Operation<unknown> => {
    this.operation.announce(`on(...).${name}`);
    const next = () => {
      this.operation.handOver();
      return { done: true as const, value: this.#make(call, name, args) };
    };
    return { [Symbol.iterator]: () => ({ next }) };
  };

  #make(call: () => unknown, name: string, args: readonly unknown[]): unknown {
    if (this.#prng.below(PAUSE_ODDS) === 0) this.#pause(1 / 2);
    const entry = this.log.enter(name, args);
    this.#control.doing(this.#number, callNumber(name));
    try {
      const result = call();
      this.log.leave(entry, result);
      return result;
    } catch (error) {
      this.log.leave(entry, error);
      throw error;
    } finally {
      this.#control.doing(this.#number, OWN_CODE);
    }
  }

  /** Spins for a random part of this share of the time that a race takes. */
  #pause(share: number): void {
    const ms = (this.#prng.next() / 2 ** 32) * this.#control.raceTime * share;
    const from = performance.now();
    while (performance.now() < from + ms);
    this.#paused += performance.now() - from;
  }

  /** A sleep of the core's: of real time little, so that others may come anywhere in it. */
  sleep(): void {
    const ms = (this.#prng.next() / 2 ** 32) * this.#control.raceTime * 4;
    const from = performance.now();
    this.#control.sleep(this.#prng.below(2) === 0 ? 0 : ms);
    this.#paused += performance.now() - from;
  }

  #refusal(scenario: Scenario, what: string): ScenarioError {
    const name = Object.keys(scenario.cpus)[this.#number];
    return new ScenarioError(`scenario "${scenario.name}": cpus.${name} ${what}`);
  }
}

/** An error as data, with the oracle that it belongs to. */
export function sentError(error: unknown, kind?: StressFailureKind): SentError {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const { name, message, stack } = thrown;
  const events = thrown instanceof MachinePanicError ? thrown.events : [];
  return { kind: kind ?? kindOf(thrown), name, message, stack, events };
}

function kindOf(error: Error): StressFailureKind {
  if (error instanceof AssertionFailure) return 'assertion';
  if (error instanceof MachinePanicError) return 'panic';
  return 'exception';
}
