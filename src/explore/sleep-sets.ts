/**
 * Sleep sets: at each step of an execution, the agents whose next access has been explored from
 * there and need not be again until something conflicts with it (Godefroid, "Partial-Order Methods
 * for the Verification of Concurrent Systems", 1996). Of each sleeper the access is kept as it was
 * when it was made.
 */
import * as access from './access.js';
import { copied } from './event-log.js';
import { lowest } from './bits.js';
import type { Program } from './program.js';
import type { WakeupStep } from './wakeup-tree.js';

const CAPACITY_FIRST = 256;

/** Sleep sets along one execution. */
export class SleepSets {
  /** By step: who sleeps before it, a bit each. */
  set = new Int32Array(CAPACITY_FIRST);
  readonly #program: Program;
  readonly #agents: number;
  /** By step and agent: the sleeper's access. */
  #location: Int32Array;
  #mask: Uint32Array;
  #touches: Uint8Array;
  #capacity = CAPACITY_FIRST;

  constructor(program: Program) {
    this.#program = program;
    this.#agents = program.agents;
    this.#location = new Int32Array(CAPACITY_FIRST * this.#agents);
    this.#mask = new Uint32Array(CAPACITY_FIRST * this.#agents);
    this.#touches = new Uint8Array(CAPACITY_FIRST * this.#agents);
  }

  /** The agent that made a step sleeps from now on at the place before it. */
  add(step: number): void {
    const { log } = this.#program;
    const agent = log.agent[step]!;
    this.put(step, agent, log.location[step]!, log.mask[step]!, log.touches[step]!);
  }

  /** An agent sleeps before a step, with this access. */
  put(step: number, agent: number, location: number, mask: number, touches: number): void {
    this.set[step]! |= 1 << agent;
    const at = step * this.#agents + agent;
    this.#location[at] = location;
    this.#mask[at] = mask;
    this.#touches[at] = touches;
  }

  /** The next step of a sleeper. */
  stepOf(step: number, agent: number): WakeupStep {
    const at = step * this.#agents + agent;
    const [location, mask, touches] = [this.#location[at]!, this.#mask[at]!, this.#touches[at]!];
    const cpu = agent % this.#program.cpuNames.length;
    return { agent, cpu, location, mask, touches, link: -1, drains: -1, then: [] };
  }

  /** Nobody sleeps before a step. */
  clear(step: number): void {
    if (step >= this.#capacity - 1) this.#grow();
    this.set[step] = 0;
  }

  /** Works out who still sleeps after a step: those whose access it does not conflict with. */
  carryOver(step: number): void {
    if (step + 1 >= this.#capacity - 1) this.#grow();
    const agents = this.#agents;
    let sleepers = this.set[step]!;
    this.set[step + 1] = 0;
    while (sleepers !== 0) {
      const agent = lowest(sleepers);
      sleepers &= sleepers - 1;
      const from = step * agents + agent;
      const location = this.#location[from]!;
      const mask = this.#mask[from]!;
      const touches = this.#touches[from]!;
      if (this.#wakes(step, agent, location, mask, touches)) continue;
      this.set[step + 1]! |= 1 << agent;
      this.#location[from + agents] = location;
      this.#mask[from + agents] = mask;
      this.#touches[from + agents] = touches;
    }
  }

  #wakes(step: number, agent: number, location: number, mask: number, touches: number): boolean {
    const { log } = this.#program;
    const by = log.agent[step]!;
    if (by === agent) return true;
    // A flush and a step of its own CPU never conflict.
    if (Math.abs(by - agent) === this.#program.cpuNames.length) return false;
    if (touches === access.TOUCHES_NOTHING || log.location[step] !== location) return false;
    if (log.touches[step] === access.TOUCHES_NOTHING || (log.mask[step]! & mask) === 0)
      return false;
    return touches === access.TOUCHES_WRITE || log.touches[step] === access.TOUCHES_WRITE;
  }

  #grow(): void {
    this.#capacity *= 2;
    const n = this.#capacity;
    this.set = copied(new Int32Array(n), this.set);
    this.#location = copied(new Int32Array(n * this.#agents), this.#location);
    this.#mask = copied(new Uint32Array(n * this.#agents), this.#mask);
    this.#touches = copied(new Uint8Array(n * this.#agents), this.#touches);
  }
}
