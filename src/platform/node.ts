/** Node's side of `#platform`. */
import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { arch, cpuUsage, platform as systemName, version, versions } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { ThreadMessage } from '../stress/protocol.js';
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

/** Starts a thread of a stress run. What its scenario prints on standard output is dropped. */
export const startStressThread: Platform['startStressThread'] = (data, { onMessage, onDeath }) => {
  const url = new URL('../../dist/stress/thread.js', import.meta.url);
  const worker = new Worker(url, { workerData: data, execArgv: [], stdout: true });
  worker.stdout.resume();
  worker.on('message', (message: ThreadMessage) => onMessage(message));
  worker.on('error', (error) => onDeath(String(error)));
  let isAsked = false;
  worker.on('exit', (code) => {
    if (!isAsked) onDeath(`it exited with code ${code}`);
  });
  const terminate = () => {
    isAsked = true;
    return worker.terminate();
  };
  return { terminate };
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

/** Bytes of code within which the line that calls an inlined function is looked for. */
const CODE_OF_ONE_LINE = 256;

/** Of a source map, by Node's own reader. */
export const linesOfMap: Platform['linesOfMap'] = async (url) => {
  try {
    const map = new SourceMap(JSON.parse(await readFile(url, 'utf8')) as SourceMapPayload);
    return (offset, file) => {
      for (let at = offset; at > offset - CODE_OF_ONE_LINE; at--) {
        const { originalSource, originalLine } = map.findEntry(0, at) as Partial<SourceMapping>;
        if (originalSource?.endsWith(`/${file}`)) return (originalLine ?? 0) + 1;
      }
      return undefined;
    };
  } catch {
    return () => undefined;
  }
};
