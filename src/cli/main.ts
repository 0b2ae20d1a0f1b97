#!/usr/bin/env node
/** The `mmemu` program: the command line with this process and the library around it. */
import { readFileSync } from 'node:fs';
import { bugs, contend, policies, stress } from '../index.js';
import { run } from './program.js';
import { runScenario } from './run-scenario.js';

/** Milliseconds that a scenario may be silent; it has a word to say every fraction of a second. */
const PATIENCE = 10_000;

// The same place from src/cli and from dist/cli.
const manifest = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  bugs,
  contend,
  policies,
  stress,
  runScenario: (task, listener) => runScenario(task, { ...listener, patience: PATIENCE }),
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt: (handler) => {
    // `once`: without a listener the second Ctrl-C has its usual effect.
    process.once('SIGINT', handler);
    return () => process.off('SIGINT', handler);
  },
  now: () => performance.now(),
  version,
});
