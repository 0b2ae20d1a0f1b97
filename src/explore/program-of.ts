import { CoreProgram } from './core/core-program.js';
import { usesMachine } from './needs-machine.js';
import type { Program } from './program.js';
import type { Scenario } from './scenario.js';
import { WordsProgram, type MemoryModel } from './words-program.js';

/**
 * The program of a scenario: raw words alone where that is all that it uses, which is ten times as
 * fast, else the real core.
 */
export async function programOf(scenario: Scenario, model: MemoryModel): Promise<Program> {
  if (!usesMachine(scenario)) return new WordsProgram(scenario, model);
  return CoreProgram.create(scenario, model);
}
