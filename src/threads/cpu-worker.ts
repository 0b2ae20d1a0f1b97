/** One emulated CPU: a worker with an instance of the core of its own over the shared memory. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveCpu } from './serve-cpu.js';
import type { CpuCall, CpuData } from './protocol.js';

const serve = serveCpu(workerData as CpuData);
parentPort?.on('message', (call: CpuCall) => parentPort?.postMessage(serve(call)));
