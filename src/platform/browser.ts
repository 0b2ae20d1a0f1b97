/** The browser's side of `#platform`. */
import type { ThreadMessage } from '../stress/protocol.js';
import type { CpuReply } from '../threads/protocol.js';
import type { Platform } from './types.js';

/** Starts the worker of one CPU. */
export const startCpu: Platform['startCpu'] = (data, { onReply, onDeath }) => {
  const worker = new Worker(new URL('../threads/cpu-worker-browser.js', import.meta.url), {
    type: 'module',
  });
  worker.addEventListener('message', (event: MessageEvent<CpuReply>) => onReply(event.data));
  worker.addEventListener('error', (event) => onDeath(`its worker died: ${event.message}`));
  worker.postMessage(data);
  return {
    post: (call) => worker.postMessage(call),
    terminate: () => Promise.resolve(worker.terminate()),
    setBusy: () => undefined, // a page lives as long as it is open
  };
};

/** Starts a thread of a stress run. */
export const startStressThread: Platform['startStressThread'] = (data, { onMessage, onDeath }) => {
  const worker = new Worker(new URL('../stress/thread-browser.js', import.meta.url), {
    type: 'module',
  });
  worker.addEventListener('message', (event: MessageEvent<ThreadMessage>) => onMessage(event.data));
  worker.addEventListener('error', (event) => onDeath(event.message));
  worker.postMessage(data);
  return { terminate: () => Promise.resolve(worker.terminate()) };
};

/** The bytes of a file of the package. */
export const readBytes: Platform['readBytes'] = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
};

/** Threads that the host can run at once. */
export const coresOfHost: Platform['coresOfHost'] = () => navigator.hardwareConcurrency;

/** Seconds of CPU time that this program has used, where the host says. */
export const cpuSeconds: Platform['cpuSeconds'] = () => undefined;

/** The machine that measures. */
export const hostFacts: Platform['hostFacts'] = () => ({
  cpu: 'unknown (a browser does not say)',
  cores: navigator.hardwareConcurrency,
  node: 'none',
  v8: navigator.userAgent,
  platform: 'browser',
  kernel: 'unknown',
  load: [],
});

/** Finds nothing: browsers do not read source maps for programs. */
export const linesOfMap: Platform['linesOfMap'] = () => Promise.resolve(() => undefined);
