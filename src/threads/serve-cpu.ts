import { MACHINE_BASE } from '../wasm/generated/layout.js';
import { instantiate } from '../wasm/load.js';
import { offsetOf } from '../wasm/views.js';
import type { CpuCall, CpuData, CpuReply } from './protocol.js';

/**
 * Makes this thread CPU number `cpu` of a machine; returns what answers its calls. While a call
 * runs, the machine counts it in `workersRunning`, so that CPU 0 knows whether a wait can end.
 */
export function serveCpu({ cpu, module, memory }: CpuData): (call: CpuCall) => CpuReply {
  const core = instantiate(module, memory);
  core.cpuInit(cpu);
  const functions = core as unknown as Record<string, (...args: unknown[]) => number>;
  const words = new Int32Array(memory.buffer);
  const running = (MACHINE_BASE + offsetOf('MachineState', 'workersRunning')) >> 2;
  return ({ id, name, args }) => {
    Atomics.add(words, running, 1);
    try {
      const run = functions[name];
      if (run === undefined) return { id, trap: `the core has no export ${name}` };
      return { id, value: run(...args) };
    } catch (error) {
      return { id, trap: error instanceof Error ? error.message : String(error) };
    } finally {
      Atomics.sub(words, running, 1);
    }
  };
}
