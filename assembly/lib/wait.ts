import { Atomic } from './atomic';
import { BUG_ON, trapIfStopped } from './bug';
import { machine } from './machine';
import { thisCpu } from './percpu';

/** Looks at a word this often before it sleeps: longer than a short critical section. */
const SPINS: i32 = 200;
/** No sleep is longer (20 ms), so that a stopped machine is noticed in time by all. */
const SLEEP_NS: i64 = 20_000_000;
/** A wait for something that wakes nobody looks again after 50 microseconds. */
const POLL_NS: i64 = 50_000;

/**
 * Waits until the cell no longer holds `value`: spins a little, then sleeps. Whoever changes the
 * cell must call `notifyAll` on it when it may have sleepers.
 */
export function waitWhile(cell: Atomic<u32>, value: u32): void {
  sleepWhile(cell, value, SLEEP_NS, false);
}

/**
 * Like `waitWhile`, for a cell whose writer wakes nobody because its own path must stay short
 * (a walker that turns interrupts on again).
 */
export function pollWhile(cell: Atomic<u32>, value: u32): void {
  sleepWhile(cell, value, POLL_NS, false);
}

/**
 * True when nobody but this CPU runs, so that no wait could end. Only CPU 0 can tell: its caller
 * cannot make another call before this one returns.
 */
export function aloneOnMachine(): bool {
  return thisCpu().cpu == 0 && machine().workersRunning.load() == 0;
}

/**
 * Like `waitWhile`, but comes back as well when nobody runs who could change the cell: for waits
 * that a program can bring about by a mistake of its own. The caller looks at the cell.
 */
export function waitUnlessAlone(cell: Atomic<u32>, value: u32): void {
  sleepWhile(cell, value, SLEEP_NS, true);
}

/**
 * No local variable of this function may be set before the wait and used behind it: V8's baseline
 * compiler (seen in V8 11.3, Node 20.20) loses locals across `memory.atomic.wait32`, and only keeps
 * parameters.
 */
function sleepWhile(cell: Atomic<u32>, value: u32, timeoutNs: i64, givesUp: bool): void {
  if (isDefined(SCHED)) {
    cell.awaitOther(value);
    return;
  }
  for (let i = 0; i < SPINS; i++) {
    if (cell.load() != value) return;
  }
  thisCpu().waitingOn.store(<u32>changetype<usize>(cell));
  while (cell.load() == value) {
    trapIfStopped();
    // Whoever changes the cell does so before it leaves the machine: look at the cell again.
    const alone = aloneOnMachine();
    if (alone && givesUp) break;
    BUG_ON(alone && cell.load() == value, 101);
    cell.wait(value, timeoutNs);
  }
  thisCpu().waitingOn.store(0); // anew: see above
}
