// Starting other programs.
import { spawn } from 'node:child_process';
import { ROOT } from './paths.mjs';

/** A program that ended with another status than 0; `output` is all that it printed. */
export class CommandError extends Error {
  constructor(command, status, output) {
    super(`${command.join(' ')}: exit status ${status}`);
    this.output = output;
  }
}

/**
 * Runs a program in the repository's root (or `cwd`) and gives what it printed on stdout.
 * Throws CommandError, with stdout and stderr together, when it fails.
 */
export function run(command, { cwd = ROOT, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let output = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(stdout);
      else reject(new CommandError(command, status ?? signal, output));
    });
  });
}

/** The command that runs a JavaScript file of the repository or of its node_modules. */
export const node = (script, ...args) => [process.execPath, script, ...args];
