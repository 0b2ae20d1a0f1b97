import type { Scenario, ScenarioMachine } from './scenario.js';
import { WordMemory } from './word-memory.js';

/** Thrown when a scenario without a machine asks for one: it gets one then. */
export class NeedsMachine extends Error {
  override readonly name = 'NeedsMachine';
}

const OF_WORDS = new Set<string | symbol>(['words', 'peek', 'poke']);

/** The machine of a scenario that is taken to use raw words only. */
export function wordsOnly(words: WordMemory): ScenarioMachine {
  return new Proxy(words, {
    get(target, name): unknown {
      if (!OF_WORDS.has(name)) throw new NeedsMachine(`machine.${String(name)}`);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as unknown as ScenarioMachine;
}

/** Whether a scenario has a machine, or asks for one in setup. */
export function usesMachine(scenario: Scenario): boolean {
  if (scenario.machine !== undefined) return true;
  try {
    scenario.setup?.(wordsOnly(new WordMemory()));
    return false;
  } catch (error) {
    // What else is wrong with it shows when it runs.
    return error instanceof NeedsMachine;
  }
}
