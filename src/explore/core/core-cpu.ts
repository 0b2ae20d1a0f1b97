import { WordCpu, type WordPending } from '../word-cpu.js';
import type { WordMemory } from '../word-memory.js';
import type { Operation } from '../scenario.js';
import { onCpu, type OnCpu } from './on-cpu.js';

/** What a generator gives when its CPU has stopped inside a call of the core. */
export const AT_CORE: IteratorYieldResult<undefined> = { done: false, value: undefined };

/** A call of the facade: what it does, and what it is, for reports. */
export interface Call {
  readonly run: () => unknown;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly target: object;
}

/** What runs a call of the facade on a CPU: up to its next access, or to its end. */
export interface CallRunner {
  begin(cpu: number, call: Call): void;
  /** True when the call has ended. */
  resume(cpu: number): boolean;
  /** What the call has returned; throws what it has thrown. */
  result(cpu: number): unknown;
}

/** The operations of one CPU of a machine: raw words, and calls of processes. */
export class CoreCpu extends WordCpu {
  readonly #cpu: number;
  readonly #runner: CallRunner;

  constructor(
    cpu: number,
    name: string,
    memory: WordMemory,
    pending: WordPending,
    runner: CallRunner,
  ) {
    super(cpu, name, memory, pending);
    this.#cpu = cpu;
    this.#runner = runner;
  }

  /** The calls of a process, or of pages that setup took, as this CPU. */
  override on<T extends object>(handle: T | OnCpu<T>): OnCpu<T> {
    return onCpu(handle as T, (run, name, args, target) =>
      this.#operation({ run, name, args, target }),
    );
  }

  /** A call as something to `yield*`: it stops where the CPU stops. */
  #operation(call: Call): Operation<unknown> {
    const runner = this.#runner;
    const cpu = this.#cpu;
    const { operation } = this;
    let isBegun = false;
    operation.announce(`on(...).${call.name}`);
    const iterator = {
      next(): IteratorResult<undefined, unknown> {
        if (!isBegun) {
          isBegun = true;
          operation.handOver();
          runner.begin(cpu, call);
        }
        if (!runner.resume(cpu)) return AT_CORE;
        return { done: true, value: runner.result(cpu) };
      },
    };
    return { [Symbol.iterator]: () => iterator };
  }
}
