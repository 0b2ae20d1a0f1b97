import type { ScenarioMachine } from './scenario.js';
import type { WordMemory } from './word-memory.js';

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
