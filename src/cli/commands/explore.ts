/** `mmemu explore` and `mmemu replay`: a scenario file, its interleavings, or one of them. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import type { Checkpoint } from '../../index.js';
import { createProgress } from '../progress.js';
import type { PlainOptions, ScenarioAnswer, ScenarioTask } from '../scenario-task.js';
import { oneOf, UsageError, wholeNumber } from '../usage.js';
import { EXIT, type World } from '../world.js';

const STRATEGIES = ['dpor', 'source-dpor', 'dfs', 'pct', 'random'] as const;
const COUNT_MAX = 2 ** 53 - 1;

/** What the command line gives for exploring. */
interface ExploreFlags {
  readonly strategy?: (typeof STRATEGIES)[number];
  readonly mode?: 'schedules' | 'states';
  readonly memoryModel?: 'sc' | 'tso';
  readonly preemptions?: number;
  readonly depth?: number;
  readonly maxExecutions?: number;
  readonly maxSteps?: number;
  readonly seed?: number;
  readonly all?: true;
  readonly full?: true;
  readonly shard?: { index: number; count: number };
  readonly checkpoint?: string;
  readonly json?: true;
  readonly jsonLines?: true;
}

/** What it gives for replaying. */
interface ReplayFlags {
  readonly anchored?: true;
  readonly full?: true;
  readonly json?: true;
}

/** Adds both commands. */
export function addExplore(program: Command, world: World, done: (status: number) => void): void {
  const among = (names: readonly string[]) => oneOf(() => names);
  program
    .command('explore')
    .description('run a scenario in every interleaving that matters, and check its promises')
    .argument('<file>', 'a module whose default export is a scenario')
    .option('--strategy <name>', `one of ${STRATEGIES.join(', ')}`, among(STRATEGIES))
    .option('--mode <mode>', 'schedules or states', among(['schedules', 'states']))
    .option('--memory-model <model>', 'sc or tso', among(['sc', 'tso']))
    .option('--preemptions <n>', 'bound for dfs', wholeNumber(0, 1e9))
    .option('--depth <n>', 'ordered steps for pct', wholeNumber(1, 100))
    .option('--max-executions <n>', 'stop after so many', wholeNumber(1, COUNT_MAX))
    .option('--max-steps <n>', 'steps that are taken for endless', wholeNumber(1, 1e8))
    .option('--seed <n>', 'of random choices', wholeNumber(0, 0xffff_ffff))
    .option('--all', 'go on after the first failure')
    .option('--full', 'print every access of a failure')
    .option('--shard <i/n>', 'explore part i of n, from 0', shardOf)
    .option('--checkpoint <file>', 'go on from this file if it is there, and keep it up to date')
    .option('--json', 'print one JSON document and nothing else')
    .option('--json-lines', 'explore in jobs: print a line of JSON for each, the result last')
    .action(async (file: string, flags: ExploreFlags) => {
      done(await exploreFile(file, flags, world));
    });
  program
    .command('replay')
    .description('run one interleaving of a scenario again')
    .argument('<file>', 'a module whose default export is a scenario')
    .argument('<schedule>', 'the schedule that a failure came with')
    .option('--anchored', 'follow it as well as can be when the scenario has changed')
    .option('--full', 'print every access')
    .option('--json', 'print one JSON document and nothing else')
    .action(async (file: string, schedule: string, flags: ReplayFlags) => {
      const mode = flags.anchored ? 'anchored' : 'exact';
      const task = { do: 'replay', file, schedule, mode, ...fullOf(flags) } as const;
      done(await perform(task, formOf(flags.json), world));
    });
}

async function exploreFile(file: string, flags: ExploreFlags, world: World): Promise<number> {
  const { all, full, checkpoint, json, jsonLines, ...given } = flags;
  if (json && jsonLines) throw new UsageError('--json and --json-lines: choose one');
  const options: PlainOptions = { ...given, ...(all ? { stopOnFailure: false } : {}) };
  const extra = { ...(jsonLines ? ({ jobs: true } as const) : {}), ...fullOf({ full }) };
  const form = jsonLines ? 'lines' : formOf(json);
  if (checkpoint === undefined) {
    return perform({ do: 'explore', file, options, ...extra }, form, world);
  }
  const resume = await readCheckpoint(checkpoint);
  await checkWritable(checkpoint);
  const resumed = { ...options, ...(resume === undefined ? {} : { resume }) };
  const task = { do: 'explore', file, options: resumed, checkpoints: true, ...extra } as const;
  return perform(task, form, world, checkpoint);
}

/** A failure is printed with every access, or as usual. */
function fullOf({ full }: { readonly full?: true | undefined }): { full?: true } {
  return full ? { full } : {};
}

/** How results are printed. */
type Form = 'text' | 'json' | 'lines';

function formOf(json: true | undefined): Form {
  return json ? 'json' : 'text';
}

function printed(answer: ScenarioAnswer, form: Form): string {
  if (form === 'text') return answer.text;
  return `${JSON.stringify(answer.json, null, form === 'json' ? 2 : undefined)}\n`;
}

async function perform(
  task: ScenarioTask,
  form: Form,
  world: World,
  checkpoint?: string,
): Promise<number> {
  const stop = new AbortController();
  const forget = world.onInterrupt(() => stop.abort());
  const progress = createProgress(world);
  let saving = Promise.resolve();
  // What a checkpoint says to be done is printed: killed at any time, no line is lost.
  let flushed = Promise.resolve();
  try {
    const answer = await world.runScenario(task, {
      signal: stop.signal,
      onProgress: ({ strategy, executions, blocked }) =>
        progress.note(`${strategy}: ${executions} executions, ${blocked} begun in vain`),
      onJob: (report) => {
        progress.clear();
        const line = `${JSON.stringify(report)}\n`;
        flushed = new Promise((written) => world.stdout.write(line, written));
      },
      onCheckpoint: (made) => {
        if (checkpoint === undefined) return;
        const before = Promise.all([saving, flushed]);
        saving = before.then(() => writeWhole(checkpoint, made));
        saving.catch(() => stop.abort()); // reported below
      },
    });
    await saving;
    progress.clear();
    world.stdout.write(printed(answer, form));
    if (answer.isBroken) return EXIT.broken;
    return stop.signal.aborted ? EXIT.interrupted : EXIT.done;
  } finally {
    progress.clear();
    forget();
  }
}

/** A checkpoint that is half written when the process is killed would be none. */
async function writeWhole(path: string, checkpoint: Checkpoint): Promise<void> {
  try {
    await writeFile(`${path}.new`, JSON.stringify(checkpoint));
    await rename(`${path}.new`, path);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

/** @throws UsageError, before hours are spent for nothing */
async function checkWritable(path: string): Promise<void> {
  try {
    await writeFile(`${path}.new`, '');
    await rm(`${path}.new`);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text) as Checkpoint;
  } catch {
    throw new UsageError(`${path}: this is no checkpoint of an exploration`);
  }
}

function shardOf(text: string): { index: number; count: number } {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.count >= 1 && shard.index < shard.count) return shard;
  throw new InvalidArgumentError('Give a part such as 0/4, from 0/4 to 3/4.');
}
