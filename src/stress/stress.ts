/** `stress()`: a scenario on real threads, again and again. */
import { StressFailure } from './failure.js';
import { stressSettings, type StressOptions, type StressSettings } from './options.js';
import { Session } from './session.js';
import { Tally } from './tally.js';

/** Milliseconds that a module may take to load and to set up. */
const LOADING = 10_000;

/** What a stress run has shown. */
export interface StressResult {
  readonly scenario: string;
  /** Threads, one for each CPU. */
  readonly threads: number;
  readonly rounds: number;
  /** How often each outcome was seen: what all CPUs recorded, joined by blanks. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Rounds that broke a promise. */
  readonly failures: number;
  /** The same by what broke; numbers in messages are left out. */
  readonly failuresBy: ReadonlyMap<string, number>;
  /** The first of them. */
  readonly failure: StressFailure | undefined;
  readonly seed: number;
  /** Milliseconds. */
  readonly elapsed: number;
}

/**
 * Runs a scenario on real worker threads, a thread for each CPU, again and again on one machine,
 * and checks its promises after each round: the scenario's own, every invariant of the machine
 * (`verify()`), and that the round ends. The core is the debug build, which checks itself as well.
 *
 * It shows what the processor's memory and the host's scheduler do to the very core that `explore`
 * explores. It meets a race by luck: `explore` finds it, and proves that there is none.
 *
 * Threads share no objects, so each imports the module. What setup returns, every CPU has for
 * itself; what a CPU writes there, `check` sees.
 *
 * ```ts
 * const { failure, outcomes } = await stress(new URL('./race.mjs', import.meta.url));
 * ```
 * @param module - address of a module whose default export is a scenario
 * @throws ScenarioError when the scenario itself is wrong, or its module is
 * @throws RangeError, TypeError that name the option
 */
export async function stress(
  module: URL | string,
  options: StressOptions = {},
): Promise<StressResult> {
  const address = new URL(module).href;
  const settings = stressSettings(options);
  const started = performance.now();
  const tally = new Tally();
  let scenario = '';
  let threads = 0;
  for (;;) {
    const elapsed = performance.now() - started;
    const session = new Session(
      sessionData(address, settings, tally, elapsed),
      { loading: LOADING, round: settings.patience * 1000 },
      ({ rounds, failures }) => {
        settings.onProgress?.({
          rounds: tally.rounds + rounds,
          failures: tally.failures + failures,
          elapsed: performance.now() - started,
        });
      },
    );
    const { counts, booted, hang } = await session.run(settings.signal);
    tally.add(counts);
    scenario = booted?.scenario ?? scenario;
    threads = booted?.cpuNames.length ?? threads;
    if (hang === undefined) break;
    // Its threads are gone; others go on behind the round that hung.
    tally.rounds++;
    tally.fail(hang);
    if (settings.stopOnFailure || isOver(settings, tally, performance.now() - started)) break;
  }
  const { rounds, outcomes, failures, kinds, failure } = tally;
  return {
    ...{ scenario, threads, rounds, outcomes, failures, failuresBy: kinds },
    failure: failure && new StressFailure(scenario, settings.seed, failure),
    seed: settings.seed,
    elapsed: performance.now() - started,
  };
}

function sessionData(module: string, settings: StressSettings, tally: Tally, elapsed: number) {
  const { seed, stopOnFailure, rounds, seconds } = settings;
  return {
    ...{ module, seed, stopOnFailure },
    from: tally.rounds + 1,
    rounds: rounds - tally.rounds,
    milliseconds: Math.max(0, seconds * 1000 - elapsed),
  };
}

function isOver(settings: StressSettings, tally: Tally, elapsed: number): boolean {
  const { signal, rounds, seconds } = settings;
  return signal?.aborted === true || tally.rounds >= rounds || elapsed >= seconds * 1000;
}
