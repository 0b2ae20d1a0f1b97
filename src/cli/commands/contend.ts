/** `mmemu contend`: measures what pin policies cost, prints the tables, writes the report. */
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ContendOptions, ContendReport, ContendRow } from '../../index.js';
import { createProgress } from '../progress.js';
import { contendTables } from '../tables.js';
import { listOf, oneOf, positiveNumber, UsageError, wholeNumber } from '../usage.js';
import { EXIT, type World } from '../world.js';

type Sharing = ContendRow['sharing'];
const SHARINGS: readonly Sharing[] = ['same-page', 'same-file', 'separate-files'];

/** As many CPUs as a machine can have, less the one that watches. */
const THREADS_MAX = 63;
/** Pages in one call. */
const BATCH_MAX = 1024;
/** Long enough for any cell; longer is a slip of the finger. */
const SECONDS_MAX = 3600;
const ROUNDS_MAX = 10000;

/** What commander makes of the arguments; what was not given is missing. */
interface Arguments extends Pick<
  ContendOptions,
  'policies' | 'threads' | 'sharing' | 'batch' | 'seconds' | 'rounds' | 'seed'
> {
  out?: string;
  json?: true;
}

/** Adds the command. */
export function addContend(program: Command, world: World, done: (status: number) => void): void {
  program
    .command('contend')
    .description('measure what each pin policy costs and how it scales, on real threads')
    .option('--policies <names>', 'pin policies, such as pincount,i-mmap-writable', policies(world))
    .option(
      '--threads <list>',
      'numbers of threads, such as 1,2',
      listOf(wholeNumber(1, THREADS_MAX)),
    )
    .option('--sharing <list>', `any of ${SHARINGS.join(',')}`, listOf(oneOf(() => SHARINGS)))
    .option('--batch <list>', 'pages per call, such as 1,256', listOf(wholeNumber(1, BATCH_MAX)))
    .option('--seconds <number>', 'seconds of a cell in each round', positiveNumber(SECONDS_MAX))
    .option('--rounds <count>', 'rounds over all cells', wholeNumber(1, ROUNDS_MAX))
    .option('--seed <number>', 'seed of everything random', wholeNumber(0, 2 ** 32 - 1))
    .option('--out <dir>', 'where report.html, report.json and report.csv go (default: here)')
    .option('--json', 'print one JSON document and nothing else; files only with --out')
    .addHelpText('after', HELP)
    .action(async (args: Arguments) => {
      done(await contend(args, world));
    });
}

const HELP = `
Ctrl-C ends the measurement and reports what there is; a second one ends the program.
Exit status: 0 done, 1 a promise was broken, 2 wrong usage, 130 ended by Ctrl-C.`;

function policies(world: World): (text: string) => string[] {
  return listOf(oneOf(() => pinPolicies(world)));
}

function pinPolicies(world: World): string[] {
  const pin = world.policies().find(({ axis }) => axis === 'pin');
  return pin?.values.map(({ name }) => name) ?? [];
}

async function contend(args: Arguments, world: World): Promise<number> {
  const { out = args.json ? undefined : '.', json, ...options } = args;
  // Before measuring, so that a mistyped path costs no minute.
  if (out !== undefined) await makeFolder(out);
  const measured = await measure(options, world);
  if (measured.report === undefined) {
    world.stderr.write('interrupted before anything was measured\n');
    return EXIT.interrupted;
  }
  const { report } = measured;
  const files = out === undefined ? [] : await writeReport(report, out);
  world.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : await text(report, files));
  if (!report.balanced) return EXIT.broken;
  return report.interrupted ? EXIT.interrupted : EXIT.done;
}

/** Measures under a progress bar; no report when Ctrl-C came before the first result. */
async function measure(
  options: ContendOptions,
  world: World,
): Promise<{ report: ContendReport | undefined }> {
  const progress = createProgress(world);
  const abort = new AbortController();
  const forget = world.onInterrupt(() => {
    abort.abort();
  });
  try {
    const { signal } = abort;
    const onProgress = (finished: number, total: number) => progress.update(finished, total);
    return { report: await world.contend({ ...options, signal, onProgress }) };
  } catch (error) {
    if (abort.signal.aborted && nameOf(error) === 'AbortError') return { report: undefined };
    // Every argument has its type here, so a RangeError is about a value that the user gave.
    if (nameOf(error) === 'RangeError') {
      throw new UsageError((error as Error).message, { cause: error });
    }
    throw error;
  } finally {
    progress.clear();
    forget();
  }
}

/**
 * By name and not by `instanceof`: an AbortError is a DOMException, and not everywhere an
 * Error.
 */
function nameOf(error: unknown): unknown {
  return (error as { name?: unknown } | null | undefined)?.name;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--out ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function writeReport(report: ContendReport, folder: string): Promise<string[]> {
  const files: readonly (readonly [string, string])[] = [
    [join(folder, 'report.html'), report.toHTML()],
    [join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`],
    [join(folder, 'report.csv'), report.toCSV()],
  ];
  await Promise.all(files.map(([path, content]) => writeFile(path, content)));
  return files.map(([path]) => path);
}

async function text(report: ContendReport, files: readonly string[]): Promise<string> {
  const { pinsTaken, pinsReleased, countersBackAtZero, violations } = report.balance;
  const parts = [
    ...(report.interrupted ? ['Interrupted: some cells are missing or have fewer rounds.'] : []),
    await contendTables(report),
    ...report.warnings.map((warning) => `Warning: ${warning}\n`),
    report.sentences.map((sentence) => `${sentence.text}\n`).join('\n'),
    `${report.balanced ? 'Balanced' : 'NOT BALANCED'}: ${pinsTaken} pins taken, ` +
      `${pinsReleased} released, counters ${countersBackAtZero ? '' : 'NOT '}back, ` +
      `${violations.length} violations.`,
    ...violations.map((violation) => `  ${violation}`),
    ...(files.length > 0 ? [`Written: ${files.join(', ')}`] : []),
  ];
  return `${parts.join('\n')}\n`;
}
