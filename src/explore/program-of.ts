import { CoreProgram } from './core/core-program.js';
import { NeedsMachine, wordsOnly } from './needs-machine.js';
import type { Program } from './program.js';
import { ScenarioError, type Scenario } from './scenario.js';
import { WordMemory } from './word-memory.js';
import { WordsProgram, type MemoryModel } from './words-program.js';

/**
 * The program of a scenario: raw words alone where that is all that it uses, which is ten times as
 * fast, else the real core.
 */
export async function programOf(scenario: Scenario, model: MemoryModel): Promise<Program> {
  if (scenario.machine === undefined) {
    if (!usesMachine(scenario)) return new WordsProgram(scenario, model);
  }
  if (model !== 'sc') {
    throw new ScenarioError(
      `scenario "${scenario.name}": memory model ${model} is for scenarios on raw words`,
    );
  }
  return CoreProgram.create(scenario);
}

/** Whether setup asks for more than words. */
function usesMachine(scenario: Scenario): boolean {
  try {
    scenario.setup?.(wordsOnly(new WordMemory()));
    return false;
  } catch (error) {
    // What else is wrong with it shows when it runs.
    return error instanceof NeedsMachine;
  }
}
