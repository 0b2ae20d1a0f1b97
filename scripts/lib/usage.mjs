/** Options of the scripts: what `--help` prints, and what a wrong one gets. */
import { parseArgs } from 'node:util';

/**
 * The options and other words of the command line. Prints `help` and ends for `--help`; ends with
 * status 2 and the reason for an option that is not there.
 */
export function commandLine(help, options) {
  try {
    const given = parseArgs({
      options: { ...options, help: { type: 'boolean' } },
      allowPositionals: true,
    });
    if (!given.values.help) return given;
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(2);
  }
  console.log(help);
  process.exit(0);
}

/** Ends with status 2 and the reason. */
export function refuse(reason) {
  console.error(reason);
  process.exit(2);
}
