import type { CallRunner } from './core-cpu.js';
import type { Outcome } from './coroutines.js';
import type { ExploredMachine } from './explored-machine.js';
import type { Histories } from './histories.js';
import { eachPart } from '../parts.js';

/** Runs the CPUs' calls of the facade on an explored machine, and remembers what they gave. */
export class CoreCalls implements CallRunner {
  readonly #explored: ExploredMachine;
  readonly #histories: Histories;
  readonly #outcomes: (Outcome | undefined)[] = [];

  constructor(explored: ExploredMachine, histories: Histories) {
    this.#explored = explored;
    this.#histories = histories;
  }

  begin(cpu: number, call: () => unknown): void {
    this.#explored.coroutines.begin(cpu, call);
  }

  resume(cpu: number): boolean {
    const outcome = this.#explored.resume(cpu);
    this.#outcomes[cpu] = outcome;
    if (outcome.kind === 'stopped') return false;
    const take = (part: number): void => this.#histories.add(cpu, part);
    this.#explored.coroutines.eachOf(cpu, take);
    eachPart(outcome.kind === 'threw' ? outcome.error : outcome.value, take);
    return true;
  }

  result(cpu: number): unknown {
    const outcome = this.#outcomes[cpu];
    if (outcome?.kind === 'threw') throw outcome.error;
    return outcome?.kind === 'returned' ? outcome.value : undefined;
  }
}
