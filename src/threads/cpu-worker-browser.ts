/** As cpu-worker.ts, in a browser: the first message says which CPU to be. */
import { serveCpu } from './serve-cpu.js';
import type { CpuCall, CpuData, CpuReply } from './protocol.js';

let serve: ((call: CpuCall) => CpuReply) | undefined;
addEventListener('message', (event: MessageEvent<CpuData | CpuCall>) => {
  if (serve === undefined) serve = serveCpu(event.data as CpuData);
  else postMessage(serve(event.data as CpuCall));
});
