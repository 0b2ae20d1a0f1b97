import { PERCPU_EVENTS } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';

/**
 * The sum of a counter (VM_*) over the CPUs: exact while nobody is at work (Linux:
 * global_node_page_state).
 */
export function sumOfCounter(views: CoreViews, cpus: number, item: number): number {
  let sum = 0n;
  for (let cpu = 0; cpu < cpus; cpu++) {
    sum += BigInt.asIntN(64, views.u64At(views.perCpu(cpu) + PERCPU_EVENTS + item * 8));
  }
  return Number(sum);
}
