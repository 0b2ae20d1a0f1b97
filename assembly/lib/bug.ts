import { cellAt } from './atomic';
import { MACHINE_PANICKED, MACHINE_RUNNING, machine } from './machine';
import { PerCpu, thisCpu } from './percpu';

/**
 * A failed check stops the whole machine. The CPU that fails writes the record, wakes every CPU
 * that sleeps, and traps; a CPU that wakes (or is about to sleep) sees the state and traps too. A
 * sleeper could miss the wake between its look at the state and its sleep, so no sleep is longer
 * than `lib/wait.ts` allows.
 *
 * The id is a number because the core has no strings: the build finds each call, and gives
 * TypeScript a table from id to file, line and text.
 */

/** Stops the machine if `condition` holds (Linux: BUG_ON). `id` is unique in the core. */
export function BUG_ON(condition: bool, id: u32): void {
  if (condition) BUG(id);
}

/** Like BUG_ON, in the debug build only (Linux: VM_BUG_ON). */
export function VM_BUG_ON(condition: bool, id: u32): void {
  if (isDefined(DEBUG_VM)) {
    if (condition) BUG(id);
  }
}

/** Stops the machine (Linux: BUG). */
export function BUG(id: u32): void {
  const state = machine();
  if (state.state.cmpxchg(MACHINE_RUNNING, MACHINE_PANICKED) == MACHINE_RUNNING) {
    state.panicCpu.store(thisCpu().cpu);
    state.panicId.store(id);
    wakeEverybody();
  }
  unreachable();
}

/** Traps if the machine has stopped. */
export function trapIfStopped(): void {
  if (machine().state.load() != MACHINE_RUNNING) unreachable();
}

/** Wakes every CPU from the cell that it sleeps on. */
export function wakeEverybody(): void {
  const nrCpus = machine().nrCpus;
  for (let cpu: u32 = 0; cpu < nrCpus; cpu++) {
    const address = PerCpu.of(cpu).waitingOn.load();
    if (address != 0) cellAt<u32>(<usize>address).notifyAll();
  }
}
