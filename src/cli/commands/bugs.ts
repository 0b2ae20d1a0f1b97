/** `mmemu bugs`: the historic bugs, where they come from, and what finds each. */
import type { Command } from 'commander';
import type { HistoricBug } from '../../index.js';
import { EXIT, type World } from '../world.js';

/** Adds the command. */
export function addBugs(program: Command, world: World, done: (status: number) => void): void {
  program
    .command('bugs')
    .description('list the historic bugs: references, status, the command that finds each')
    .option('--json', 'print one JSON document and nothing else')
    .action((options: { json?: true }) => {
      const bugs = world.bugs().map((bug) => ({ ...bug, command: commandFor(bug) }));
      world.stdout.write(options.json ? `${JSON.stringify(bugs, null, 2)}\n` : bugsText(bugs));
      done(EXIT.done);
    });
}

function commandFor({ scenario, memoryModel }: HistoricBug): string | undefined {
  if (scenario === undefined) return undefined;
  return `mmemu explore ${scenario}${memoryModel ? ` --memory-model ${memoryModel}` : ''}`;
}

function bugsText(bugs: readonly (HistoricBug & { command: string | undefined })[]): string {
  return bugs
    .map(({ name, reference, description, status, command }) => {
      const lines = [name, `  ${description}`, `  source: ${reference}`];
      lines.push(command === undefined ? `  ${status}` : `  find it: ${command}`);
      return `${lines.join('\n')}\n`;
    })
    .join('\n');
}
