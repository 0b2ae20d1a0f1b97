import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CoreExports, CoreFunction } from './core-exports.js';
import { type TestMachine, testingModule } from './machine.js';

/** What became of a call: it returned, or it trapped. */
export interface Outcome {
  readonly value?: unknown;
  readonly trap?: string;
}

interface Call {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A CPU that runs on a thread of its own. */
class RemoteCpu {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  #next = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ({ id, ...outcome }: Outcome & { id: number }) => {
      this.#calls.get(id)?.resolve(outcome);
      this.#calls.delete(id);
    });
    worker.on('error', (error) => {
      for (const call of this.#calls.values()) call.reject(error);
    });
  }

  /** Calls an exported function there. */
  call<F extends CoreFunction>(name: F, ...args: Parameters<CoreExports[F]>): Promise<Outcome> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, args });
    });
  }

  /** Calls a function that must not trap, and returns its result. */
  async run<F extends CoreFunction>(
    name: F,
    ...args: Parameters<CoreExports[F]>
  ): Promise<ReturnType<CoreExports[F]>> {
    const { value, trap } = await this.call(name, ...args);
    if (trap !== undefined) throw new Error(`${name} trapped: ${trap}`);
    return value as ReturnType<CoreExports[F]>;
  }
}

export type { RemoteCpu };

const started: Worker[] = [];

/** Ends all threads that were started: for afterAll, since a failed test ends in its middle. */
export async function stopCpus(): Promise<void> {
  await Promise.all(started.splice(0).map((worker) => worker.terminate()));
}

/** Starts a thread for each of these CPUs of the machine. The file calls `stopCpus` at its end. */
export async function startCpus(
  machine: TestMachine,
  cpus: readonly number[],
): Promise<RemoteCpu[]> {
  const path = new URL('./cpu-worker.mjs', import.meta.url);
  const workers = cpus.map((cpu) => {
    const workerData = { module: testingModule(), memory: machine.memory, cpu };
    return new Worker(path, { workerData });
  });
  started.push(...workers);
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers.map((worker) => new RemoteCpu(worker));
}

/** Resolves once `condition` holds, looking every millisecond; fails after `ms`. */
export async function until(condition: () => boolean, ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${condition.toString()}`);
    await sleep(1);
  }
}

/** Resolves after so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
