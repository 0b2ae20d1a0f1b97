import { parseArgs } from 'node:util';
import { SECTION_NAMES, type SectionName } from './figures.js';
import type { Settings } from './section.js';

/** What the command line asks for. */
export interface Options {
  readonly settings: Settings;
  readonly json: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP = `npm run bench -- [options]

Measures the core against its twin in C and against this machine's kernel, and holds the ratios
against their targets. Takes some two minutes; a missed target is printed, and is no error.

  --only NAME     only this section: ${SECTION_NAMES.join(', ')}; may be given again
  --rounds N      rounds of each section, 1 to 1000 (default 9)
  --seconds S     seconds of one measurement in one round (default 0.1)
  --quick         one short round, only to see that everything runs
  --json          one JSON document on stdout and nothing else
  --help          this text

Ctrl-C prints what has been measured by then; a second one ends at once.
`;

const ROUNDS = 9;
const ROUNDS_MAX = 1000;
const SECONDS = 0.1;
const SECONDS_QUICK = 0.005;
const SECONDS_MAX = 60;

/**
 * Reads the arguments.
 * @throws TypeError, RangeError that say what is wrong and what is valid
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick, json, help } = values;
  const rounds = numberOf('--rounds', values.rounds, quick ? 1 : ROUNDS, ROUNDS_MAX);
  if (!Number.isInteger(rounds)) throw new RangeError(`--rounds: ${rounds} is no whole number`);
  const seconds = numberOf(
    '--seconds',
    values.seconds,
    quick ? SECONDS_QUICK : SECONDS,
    SECONDS_MAX,
  );
  const sections = sectionsOf(values.only ?? []);
  return { settings: { rounds, seconds, quick, sections }, json, help };
}

function numberOf(name: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (value > 0 && value <= most) return value;
  throw new RangeError(`${name}: expected a number above 0 and up to ${most}, got "${text}"`);
}

function sectionsOf(names: readonly string[]): readonly SectionName[] {
  for (const name of names) {
    if (SECTION_NAMES.some((known) => known === name)) continue;
    throw new RangeError(`--only: there is no "${name}"; there are ${SECTION_NAMES.join(', ')}`);
  }
  return names.length === 0 ? SECTION_NAMES : SECTION_NAMES.filter((name) => names.includes(name));
}
