import { NR_VM_ITEMS, PerCpu, thisCpu } from '../lib/percpu';
import { thisCpuAdd } from '../lib/atomic';
import { machine } from '../lib/machine';
import { VM_NR_FOLL_PIN_ACQUIRED, VM_NR_FOLL_PIN_RELEASED } from '../abi';

/**
 * Counters of events and of pages by state (Linux: mm/vmstat.c). Each CPU adds to its own; a reader
 * sums them, and is exact when nobody is at work.
 */

/** Counts one event on this CPU (Linux: count_vm_event). */
export function countVmEvent(item: u32): void {
  thisCpuAdd(thisCpu().event(item), 1);
}

/** Adds to a count of pages; `delta` may be negative (Linux: mod_node_page_state). */
export function modPageState(item: u32, delta: i64): void {
  thisCpuAdd(thisCpu().event(item), <u64>delta);
}

/** The sum of a counter over all CPUs (Linux: all_vm_events). */
export function vmstatRead(item: u32): f64 {
  if (item >= NR_VM_ITEMS) return 0;
  let sum: u64 = 0;
  for (let cpu: u32 = 0; cpu < machine().nrCpus; cpu++) {
    const area = PerCpu.of(cpu);
    if (item == VM_NR_FOLL_PIN_ACQUIRED) sum += area.pinsAcquired.load();
    else if (item == VM_NR_FOLL_PIN_RELEASED) sum += area.pinsReleased.load();
    else sum += area.event(item).load();
  }
  return <f64>(<i64>sum);
}
