// Builds what is missing or stale, and says nothing when there is nothing to do.
//   --force   builds everything    --native   the C programs too    --bench   bench/ too
//   --quick   of the core only release.wasm and testing.wasm: while one works on it
import { mkdirSync } from 'node:fs';
import { withLock } from './lib/lock.mjs';
import { at } from './lib/paths.mjs';
import { leaveStamp, reasonToRun } from './lib/staleness.mjs';
import { steps } from './lib/steps.mjs';

const OPTIONS = ['--force', '--native', '--bench', '--quick'];
/** The compilers of one build that run side by side: each takes a core and some 300 MB. */
const SIDE_BY_SIDE = 2;

const options = new Set(process.argv.slice(2));
for (const option of options) {
  if (OPTIONS.includes(option)) continue;
  console.error(`build: unknown option ${option}; there are ${OPTIONS.join(', ')}`);
  process.exit(2);
}

mkdirSync(at('build'), { recursive: true });
await withLock(at('build/.lock'), () => console.error('build: waiting for another build'), build);

/** Runs every step as soon as those that it needs are done; a failed step skips its followers. */
async function build() {
  const waiting = steps({
    withNative: options.has('--native'),
    withBench: options.has('--bench'),
    quick: options.has('--quick'),
  });
  const known = new Set(waiting.map((step) => step.name));
  const ended = new Map();
  const running = new Set();
  while (waiting.length > 0 || running.size > 0) {
    const index = waiting.findIndex((step) =>
      step.needs.every((name) => ended.has(name) || !known.has(name)),
    );
    if (index >= 0 && running.size < SIDE_BY_SIDE) {
      const [step] = waiting.splice(index, 1);
      const blocked = step.needs.some((name) => ended.get(name) === false);
      if (blocked) {
        console.error(`build: ${step.name} skipped`);
        ended.set(step.name, false);
        continue;
      }
      const task = runStep(step).then((succeeded) => {
        ended.set(step.name, succeeded);
        running.delete(task);
      });
      running.add(task);
    } else {
      await Promise.race(running);
    }
  }
  if ([...ended.values()].includes(false)) process.exitCode = 1;
}

/** True when the step's outputs are up to date afterwards. */
async function runStep(step) {
  const stamp = at('build/.stamps', step.name);
  // Times of files have fractions of a millisecond: round up, or what was just written looks newer.
  const started = Date.now() + 1;
  const inputs = step.always ? [] : step.inputs();
  if (!step.always && !options.has('--force')) {
    if (reasonToRun(stamp, inputs, step.outputs()) === undefined) return true;
  }
  try {
    await step.run();
  } catch (error) {
    console.error(`build: ${step.name} failed\n${error.output ?? error.stack}`);
    return false;
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (!step.always) {
    leaveStamp(stamp, inputs, started);
    console.error(`build: ${step.name.padEnd(13)} ${seconds.padStart(5)} s`);
  }
  return true;
}
