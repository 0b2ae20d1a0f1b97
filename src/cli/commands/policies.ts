/** `mmemu policies`: the axes, their values, and where each comes from. */
import type { Command } from 'commander';
import { EXIT, type PolicyAxis, type World } from '../world.js';

/** Adds the command. */
export function addPolicies(program: Command, world: World, done: (status: number) => void): void {
  program
    .command('policies')
    .description('list the policies: axes, values, defaults, descriptions, sources')
    .option('--json', 'print one JSON document and nothing else')
    .action((options: { json?: true }) => {
      const axes = world.policies();
      world.stdout.write(options.json ? `${JSON.stringify(axes, null, 2)}\n` : policiesText(axes));
      done(EXIT.done);
    });
}

/** The axes as indented text; the default of each is marked with a star. */
function policiesText(axes: readonly PolicyAxis[]): string {
  const widest = Math.max(
    0,
    ...axes.flatMap(({ values }) => values.map(({ name }) => name.length)),
  );
  const indent = ' '.repeat(widest + 6);
  const blocks = axes.map(({ axis, values }) => {
    const lines = values.map(({ name, default: isDefault, description, source }) => {
      const head = `  ${isDefault ? '*' : ' '} ${name.padEnd(widest)}  `;
      return `${head}${description}\n${indent}source: ${source}`;
    });
    return `${axis}\n${lines.join('\n')}\n`;
  });
  return `${blocks.join('\n')}\n* the default: what Linux 6.18 does\n`;
}
