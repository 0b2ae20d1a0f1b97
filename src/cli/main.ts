#!/usr/bin/env node
/** The `mmemu` program: the command line with this process and the library around it. */
import { readFileSync } from 'node:fs';
import { contend, policies } from '../index.js';
import { run } from './program.js';

// The same place from src/cli and from dist/cli.
const manifest = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  contend,
  policies,
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
