/** `npm run bench`: ours and theirs in one run, and the ratios against their targets. */
import { hostFacts } from '../dist/platform/node.js';
import { measureBoot } from './boot.js';
import { measureCalls } from './calls.js';
import { measureExplore } from './explore.js';
import { measureFaults } from './faults.js';
import type { SectionName } from './figures.js';
import { nativeAvailable } from './native.js';
import { HELP, parseOptions, type Options } from './options.js';
import { measurePins } from './pins.js';
import { measureProcesses } from './processes.js';
import { Recorder } from './recorder.js';
import { heading, renderTables, type Report } from './report.js';
import type { Bench, Section } from './section.js';
import { measureVmas } from './vmas.js';

const SECTIONS: Readonly<Record<SectionName, Section>> = {
  pins: measurePins,
  calls: measureCalls,
  faults: measureFaults,
  processes: measureProcesses,
  vmas: measureVmas,
  boot: measureBoot,
  explore: measureExplore,
};

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const options = optionsOrExit();
if (options.help) process.stdout.write(HELP);
else await run(options);

function optionsOrExit(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_USAGE);
  }
}

async function run({ settings, json }: Options): Promise<void> {
  const head = { startedAt: new Date().toISOString(), host: hostFacts(), settings };
  if (!json) process.stdout.write(`${heading({ ...head, interrupted: false })}\n`);
  const signal = untilInterrupted();
  const recorder = new Recorder();
  const native = nativeAvailable();
  await measure({ settings, recorder, signal, native, progress });
  progress('');
  const results = recorder.results(settings.sections);
  const interrupted = signal.aborted;
  const report: Report = { ...head, interrupted, voids: recorder.voids, results };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : renderTables(report));
  if (interrupted) process.exitCode = EXIT_INTERRUPTED;
}

async function measure(bench: Bench): Promise<void> {
  for (const name of bench.settings.sections) {
    try {
      if (!bench.signal.aborted) await SECTIONS[name](bench);
    } catch (error) {
      // Ctrl-C at a terminal reaches the programs that were started as well: they ended with it.
      if (!bench.signal.aborted) throw error;
    }
  }
}

/** Aborted by the first Ctrl-C; a second one ends the process. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  });
  return controller.signal;
}

/** One line that is written over, and only where somebody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
