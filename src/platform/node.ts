/** Node's side of `#platform`. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { arch, cpuUsage, platform as systemName, version, versions } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { CpuReply } from '../threads/protocol.js';
import type { Platform } from './types.js';

/** Starts the worker of one CPU. */
export const startCpu: Platform['startCpu'] = (data, { onReply, onDeath }) => {
  // The entry is compiled: also tests, which import the sources, run their workers from dist.
  const url = new URL('../../dist/threads/cpu-worker.js', import.meta.url);
  // No flags: the program's own may be an --eval, which no worker can be started with.
  const worker = new Worker(url, { workerData: data, execArgv: [] });
  worker.on('message', (reply: CpuReply) => onReply(reply));
  worker.on('error', (error) => onDeath(`its worker died: ${String(error)}`));
  worker.on('exit', (code) => onDeath(`its worker exited with code ${code}`));
  worker.unref();
  return {
    post: (call) => worker.postMessage(call),
    terminate: () => worker.terminate(),
    setBusy: (busy) => (busy ? worker.ref() : worker.unref()),
  };
};

/** The bytes of a file of the package. */
export const readBytes: Platform['readBytes'] = async (url) => new Uint8Array(await readFile(url));

/** Threads that the host can run at once. */
export const coresOfHost: Platform['coresOfHost'] = () => availableParallelism();

/** Seconds of CPU time that this program has used, where the host says. */
export const cpuSeconds: Platform['cpuSeconds'] = () => {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
};

/** The machine that measures. */
export const hostFacts: Platform['hostFacts'] = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  node: version.replace(/^v/, ''),
  v8: versions.v8 ?? 'unknown',
  platform: `${systemName}-${arch}`,
  kernel: release(),
  load: loadavg(),
});
