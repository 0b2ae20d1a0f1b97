import type { EventLog } from '../event-log.js';
import { finish, mix } from '../hash.js';
import type { ExploredMachine } from './explored-machine.js';
import { HASH_SEEDS } from '../histories.js';
import { findLeak } from './oracles/leaks.js';

/** States that are remembered as sound. */
const STATES_MAX = 1e6;
/** Executions that are; a power of 2. */
const RUNS = 2 ** 16;

/** The machine's own structures do not agree at the end of an execution. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/**
 * Every invariant of the machine, and that nothing has leaked, once for each state that an
 * execution ends in. To find out which state that is takes longer than many an execution, so it is
 * not asked where a strategy has come to the very same execution again, as those do that draw
 * their schedules: the same steps of the same CPUs, with the same values behind them.
 */
export class SoundEnds {
  readonly #explored: ExploredMachine;
  /** Hashes of the states. */
  readonly #states = new Set<number>();
  /** Hashes of executions that have ended in one, where there is room. */
  readonly #runs = new Float64Array(RUNS);

  constructor(explored: ExploredMachine) {
    this.#explored = explored;
  }

  /** Looks at the end of the execution in a log. @throws what is wrong with it */
  check(log: EventLog): void {
    const run = hashOf(log);
    const slot = run % RUNS;
    if (this.#runs[slot] === run) return;
    const { high, low } = this.#explored.hash();
    const state = joined(high, low);
    if (!this.#states.has(state)) this.#verify(state);
    this.#runs[slot] = run;
  }

  #verify(state: number): void {
    const [violation] = this.#explored.machine.verify();
    if (violation !== undefined) throw new InvariantViolation(violation.message);
    const leak = findLeak(this.#explored.machine);
    if (leak !== undefined) throw leak;
    if (this.#states.size >= STATES_MAX) this.#states.clear();
    this.#states.add(state);
  }
}

function hashOf({ length, agent, location, after }: EventLog): number {
  let [high, low]: [number, number] = [...HASH_SEEDS];
  for (let step = 0; step < length; step++) {
    const what = (location[step]! << 5) | agent[step]!;
    high = mix(mix(high, what), after[step]!);
    low = mix(mix(low ^ HASH_SEEDS[0], what), after[step]!);
  }
  return joined(finish(high), finish(low)) + 1; // 0 stands for none
}

/** Two halves of a hash as one number, as far as it is exact. */
function joined(high: number, low: number): number {
  return high * 2 ** 21 + (low >>> 11);
}
