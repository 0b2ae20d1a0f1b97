import type { Scenario, ScenarioMachine } from './scenario.js';
import { WordMemory } from './word-memory.js';

/** Thrown when a scenario without a machine asks for one: it gets one then. */
export class NeedsMachine extends Error {
  override readonly name = 'NeedsMachine';
}

/** The machine of a scenario that is taken to use raw words only. */
export function wordsOnly(words: WordMemory): ScenarioMachine {
  // Bound once: a setup that is run millions of times asks for them each time.
  const methods = new Map<string | symbol, unknown>([
    ['words', words.words.bind(words)],
    ['peek', words.peek.bind(words)],
    ['poke', words.poke.bind(words)],
  ]);
  return new Proxy(words, {
    get(_, name): unknown {
      const method = methods.get(name);
      if (method === undefined) throw new NeedsMachine(`machine.${String(name)}`);
      return method;
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
