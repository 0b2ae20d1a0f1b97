/**
 * Runs a scenario file in a thread of its own: what never ends there, in the file or in a CPU that
 * never yields, can be ended from here.
 */
import { Worker } from 'node:worker_threads';
import type { ScenarioAnswer, ScenarioMessage, ScenarioTask } from './scenario-task.js';
import { scenarioUrl } from './scenario-url.js';
import { UsageError } from './usage.js';

/** What is heard while it runs. */
export interface ScenarioListener {
  readonly onProgress?: (done: Extract<ScenarioMessage, { progress: unknown }>['progress']) => void;
  readonly onCheckpoint?: (
    made: Extract<ScenarioMessage, { checkpoint: unknown }>['checkpoint'],
  ) => void;
  readonly onJob?: (report: Extract<ScenarioMessage, { job: unknown }>['job']) => void;
  /** Ends it early; what there is by then is the answer. */
  readonly signal: AbortSignal;
  /** Milliseconds without a word after which it is taken for endless. */
  readonly patience: number;
}

/**
 * Does a task.
 * @throws UsageError that names the file and what is wrong with it
 */
export async function runScenario(
  task: ScenarioTask,
  listener: ScenarioListener,
): Promise<ScenarioAnswer> {
  scenarioUrl(task.file); // or there is no such file
  const worker = new Worker(new URL('./scenario-worker.js', import.meta.url), {
    workerData: task,
    // What a scenario prints shall not come between the lines of the answer.
    stdout: true,
  });
  const abort = (): void => worker.postMessage('abort');
  listener.signal.addEventListener('abort', abort);
  try {
    return await answerOf(worker, task, listener);
  } finally {
    listener.signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

function answerOf(
  worker: Worker,
  { file }: ScenarioTask,
  listener: ScenarioListener,
): Promise<ScenarioAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new UsageError(`${file}: ${what}`));
    const endless = (): void =>
      fail('it never ends: the file, setup, check or a CPU runs on without yielding an operation');
    let watchdog = setTimeout(endless, listener.patience);
    worker.on('message', (message: ScenarioMessage) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(endless, listener.patience);
      if ('progress' in message) listener.onProgress?.(message.progress);
      else if ('checkpoint' in message) listener.onCheckpoint?.(message.checkpoint);
      else if ('job' in message) listener.onJob?.(message.job);
      else {
        clearTimeout(watchdog);
        if ('fault' in message) fail(message.fault);
        else resolve(message.answer);
      }
    });
    worker.on('error', (error) => {
      clearTimeout(watchdog);
      fail(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', () => {
      clearTimeout(watchdog);
      fail('it ended its own thread');
    });
  });
}
