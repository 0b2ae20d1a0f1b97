/** `mmemu stress`: a scenario file on real threads, again and again. */
import type { Command } from 'commander';
import { ScenarioError, type StressOptions } from '../../index.js';
import { createProgress } from '../progress.js';
import { scenarioUrl } from '../scenario-url.js';
import { stressText } from '../stress-text.js';
import { positiveNumber, UsageError, wholeNumber } from '../usage.js';
import { EXIT, type World } from '../world.js';

const SECONDS_MAX = 1e6;
const SECONDS = 10;

/** What the command line gives. */
interface StressFlags extends Pick<StressOptions, 'rounds' | 'seed' | 'patience'> {
  readonly seconds?: number;
  readonly all?: true;
  readonly json?: true;
}

/** Adds the command. */
export function addStress(program: Command, world: World, done: (status: number) => void): void {
  program
    .command('stress')
    .description('run a scenario on real threads, again and again, with all checks on')
    .argument('<file>', 'a module whose default export is a scenario')
    .option('--rounds <n>', 'stop after so many', wholeNumber(1, 2 ** 31 - 1))
    .option('--seconds <n>', `stop after so long (${SECONDS}, without --rounds)`, seconds())
    .option('--seed <n>', 'of the random delays', wholeNumber(0, 0xffff_ffff))
    .option('--patience <seconds>', 'a round that has not ended by then hangs (5)', seconds())
    .option('--all', 'go on after the first broken promise')
    .option('--json', 'print one JSON document and nothing else')
    .action(async (file: string, flags: StressFlags) => {
      done(await stressFile(file, flags, world));
    });
}

async function stressFile(file: string, flags: StressFlags, world: World): Promise<number> {
  const { all, json, ...given } = flags;
  const stop = new AbortController();
  const forget = world.onInterrupt(() => stop.abort());
  const progress = createProgress(world);
  const seconds = flags.seconds ?? (flags.rounds === undefined ? SECONDS : Infinity);
  const options: StressOptions = {
    ...given,
    seconds,
    ...(all ? { stopOnFailure: false } : {}),
    signal: stop.signal,
    onProgress: ({ rounds, failures, elapsed }) =>
      progress.note(`${rounds} rounds, ${failures} broken; ${Math.round(elapsed / 1000)} s`),
  };
  try {
    const result = await world.stress(scenarioUrl(file), options);
    progress.clear();
    const { outcomes, failuresBy } = result;
    const counts = { outcomes: Object.fromEntries(outcomes) };
    const document = { ...result, ...counts, failuresBy: Object.fromEntries(failuresBy) };
    world.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : stressText(result));
    if (result.failures > 0) return EXIT.broken;
    return stop.signal.aborted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  } finally {
    progress.clear();
    forget();
  }
}

function seconds() {
  return positiveNumber(SECONDS_MAX);
}
