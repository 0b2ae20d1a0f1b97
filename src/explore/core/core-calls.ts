import { MmError } from '../../errors.js';
import type { EventLog } from '../event-log.js';
import type { Histories } from '../histories.js';
import { eachPart } from '../parts.js';
import type { TraceCall } from '../trace-call.js';
import { callText, givenText } from './call-text.js';
import type { Call, CallRunner } from './core-cpu.js';
import type { Outcome } from './coroutines.js';
import type { ExploredMachine } from './explored-machine.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Runs the CPUs' calls of the facade on an explored machine, and remembers what they gave. */
export class CoreCalls implements CallRunner {
  readonly #explored: ExploredMachine;
  readonly #histories: Histories;
  readonly #log: EventLog;
  readonly #outcomes: (Outcome | undefined)[] = [];
  /** By CPU: calls that it has begun. */
  readonly begun: number[] = [];
  /** Of the execution under way, while somebody wants to know. */
  #noted: Writable<TraceCall>[] | undefined;

  constructor(explored: ExploredMachine, histories: Histories, log: EventLog) {
    this.#explored = explored;
    this.#histories = histories;
    this.#log = log;
  }

  /** The calls of the last execution whose calls were noted. */
  get noted(): readonly TraceCall[] {
    return this.#noted ?? [];
  }

  /** A new execution. */
  restart(isNoting: boolean): void {
    this.#noted = isNoting ? [] : undefined;
    this.begun.length = 0;
  }

  begin(cpu: number, call: Call): void {
    this.#explored.coroutines.begin(cpu, call.run);
    this.begun[cpu] = (this.begun[cpu] ?? 0) + 1;
    if (this.#noted === undefined) return;
    const { name, args, target } = call;
    const times = { start: this.#log.length, end: undefined };
    const text = callText(target, name, args);
    this.#noted.push({ cpu, name, call: text, result: undefined, ...times });
  }

  resume(cpu: number): boolean {
    const outcome = this.#explored.resume(cpu);
    this.#outcomes[cpu] = outcome;
    if (outcome.kind === 'stopped') return false;
    if (this.#histories.isOpen) this.#remember(cpu, outcome);
    if (this.#noted !== undefined) this.#noteEnd(cpu, outcome);
    return true;
  }

  result(cpu: number): unknown {
    const outcome = this.#outcomes[cpu];
    if (outcome?.kind === 'threw') throw outcome.error;
    return outcome?.kind === 'returned' ? outcome.value : undefined;
  }

  #remember(cpu: number, outcome: Outcome): void {
    const take = (part: number): void => this.#histories.add(cpu, part);
    this.#explored.coroutines.eachOf(cpu, take);
    if (outcome.kind !== 'stopped') {
      eachPart(outcome.kind === 'threw' ? outcome.error : outcome.value, take);
    }
  }

  #noteEnd(cpu: number, outcome: Outcome): void {
    const call = this.#noted?.findLast((one) => one.cpu === cpu);
    if (call === undefined) return;
    call.end = this.#log.length;
    if (outcome.kind === 'threw') call.result = thrownText(outcome.error);
    if (outcome.kind === 'returned') call.result = givenText(outcome.value) || '0';
  }
}

/** As the kernel returns errors; what is none of its own is said. */
function thrownText(error: unknown): string {
  return error instanceof MmError ? `-${error.code}` : `throws: ${givenText(error)}`;
}
