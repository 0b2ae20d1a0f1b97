/**
 * The `mmemu` command: its subcommands, its help, and what each error means for the exit
 * status.
 */
import { Command, CommanderError } from 'commander';
import { addBugs } from './commands/bugs.js';
import { addContend } from './commands/contend.js';
import { addExplore } from './commands/explore.js';
import { addPolicies } from './commands/policies.js';
import { addStress } from './commands/stress.js';
import { UsageError } from './usage.js';
import { EXIT, type World } from './world.js';

/**
 * Runs the command line.
 * @param args - the arguments after `node main.js`
 * @returns the exit status, one of {@link EXIT}
 */
export async function run(args: readonly string[], world: World): Promise<number> {
  let status: number = EXIT.done;
  const program = createProgram(world, (result) => {
    status = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return statusOf(error, world);
  }
}

function createProgram(world: World, done: (status: number) => void): Command {
  const program = new Command('mmemu')
    .description('The Linux memory-management subsystem, small but real, in WebAssembly.')
    .version(world.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showHelpAfterError('(mmemu --help lists what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      getOutHelpWidth: () => world.stdout.columns ?? 80,
      getErrHelpWidth: () => world.stderr.columns ?? 80,
    });
  addContend(program, world, done);
  addPolicies(program, world, done);
  addBugs(program, world, done);
  addExplore(program, world, done);
  addStress(program, world, done);
  return program;
}

/** Says what went wrong, unless commander has, and turns it into an exit status. */
function statusOf(error: unknown, world: World): number {
  if (error instanceof CommanderError) {
    // Asking for help or the version is no error; commander gives those status 0.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  if (error instanceof UsageError) {
    world.stderr.write(`error: ${error.message}\n`);
    return EXIT.usage;
  }
  world.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.broken;
}
