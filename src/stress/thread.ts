/** One thread of a stress run, in Node. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadData } from './protocol.js';
import { serveStress } from './serve.js';

await serveStress(workerData as ThreadData, (message) => parentPort?.postMessage(message));
