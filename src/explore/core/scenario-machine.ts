import type { Machine } from '../../machine.js';
import type { ScenarioMachine } from '../scenario.js';
import type { WordMemory } from '../word-memory.js';
import { unwrapped } from './on-cpu.js';

/** What a scenario's machine has beside everything that a Machine has. */
const OF_WORDS = new Set<string | symbol>(['words', 'peek', 'poke']);

/** A machine with raw words: what setup and check of a scenario work with. */
export function scenarioMachine(machine: Machine, words: WordMemory): ScenarioMachine {
  return new Proxy(machine, {
    get(target, name): unknown {
      const from: object = OF_WORDS.has(name) ? words : target;
      const value: unknown = Reflect.get(from, name, from);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => Reflect.apply(value, from, args.map(unwrapped));
    },
  }) as unknown as ScenarioMachine;
}
