// One CPU of a test's machine: calls exported functions, one at a time, and says what came of it.
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, cpu } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.cpuInit(cpu);

parentPort.on('message', ({ id, name, args }) => {
  let outcome;
  try {
    outcome = { id, value: exports[name](...args) };
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    outcome = { id, trap: error.message };
  }
  parentPort.postMessage(outcome);
});
parentPort.postMessage({ ready: true });
