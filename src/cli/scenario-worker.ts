/** The thread that runs scenario files for the command line. */
import { parentPort, workerData } from 'node:worker_threads';
import { explore, replay, ScenarioError, type Scenario } from '../index.js';
import type { ScenarioAnswer, ScenarioMessage, ScenarioTask } from './scenario-task.js';
import { resultText } from './scenario-text.js';
import { faultText } from './fault-text.js';
import { scenarioUrl } from './scenario-url.js';

const task = workerData as ScenarioTask;
const full = task.full === true;
const aborted = new AbortController();
const post = (message: ScenarioMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', () => aborted.abort());

try {
  post({ answer: await run(await load(task.file)) });
} catch (error) {
  post({ fault: faultText(error, scenarioUrl(task.file)) });
}
parentPort?.close();

/** The scenario that a file exports by default. */
async function load(file: string): Promise<Scenario> {
  const module = (await import(scenarioUrl(file).href)) as { default?: Scenario };
  if (module.default === undefined) {
    throw new ScenarioError('it has no default export; write export default scenario({ ... })');
  }
  return module.default;
}

async function run(scenario: Scenario): Promise<ScenarioAnswer> {
  if (task.do === 'replay') {
    const { schedule, mode } = task;
    const result = await replay(scenario, schedule, { mode });
    const { failure, outcome, divergence, trace } = result;
    const json = { scenario: scenario.name, failure, outcome, divergence, trace };
    const left = divergence === undefined ? '' : `${divergenceText(divergence)}\n`;
    return {
      isBroken: failure !== undefined,
      text: left + result.format({ full }),
      json: plain(json),
    };
  }
  const result = await explore(scenario, {
    ...task.options,
    signal: aborted.signal,
    onProgress: (progress) => post({ progress }),
    ...(task.checkpoints ? { onCheckpoint: (checkpoint) => post({ checkpoint }) } : {}),
    ...(task.jobs ? { onJob: (job) => post({ job }) } : {}),
  });
  const json = { ...result, outcomes: Object.fromEntries(result.outcomes) };
  return { isBroken: result.failures > 0, text: resultText(result, { full }), json: plain(json) };
}

function divergenceText(left: { step: number; expected: string; got: string }): string {
  const { step, expected, got } = left;
  return `the replay left its schedule at step ${step + 1}: expected ${expected}, got ${got}`;
}

function plain(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
