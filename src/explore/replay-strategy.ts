/** Strategies that run one given schedule. */
import { has, lowest } from './bits.js';
import type { EventLog } from './event-log.js';
import { GIVE_UP, type Strategy } from './strategy.js';

/** Somebody who goes on when a schedule has ended: the one that ran last, or the first that can. */
export function anybody(log: EventLog, runnable: number, spinning: number): number {
  const candidates = (runnable & ~spinning) === 0 ? runnable : runnable & ~spinning;
  const last = log.length === 0 ? 0 : log.agent[log.length - 1]!;
  return has(candidates, last) ? last : lowest(candidates);
}

/**
 * Follows a schedule, and then lets all agents that can make a step in turn: whether an execution
 * without an end had none only because somebody never had a turn.
 */
export class FairSchedule implements Strategy {
  readonly name = 'fair';
  readonly isExhaustive = false;
  readonly needsCuts = false;
  readonly #agents: ArrayLike<number>;
  #at = 0;
  #last = -1;

  constructor(agents: ArrayLike<number>) {
    this.#agents = agents;
  }

  next(): boolean {
    return true;
  }

  pick(runnable: number): number {
    const given = this.#agents[this.#at++];
    if (given !== undefined && has(runnable, given)) return given;
    const later = runnable & ~((2 << this.#last) - 1);
    this.#last = lowest(later === 0 ? runnable : later);
    return this.#last;
  }

  finished(): boolean {
    return true;
  }
}

/**
 * Follows a schedule once: the agent of each step. Agents that cannot step when it is their turn
 * are passed over, and when the schedule has ended somebody goes on.
 */
export class GivenSchedule implements Strategy {
  readonly name = 'replay';
  readonly isExhaustive = false;
  readonly needsCuts = false;
  /** True once the schedule asked for a step that could not be made, or that nobody planned. */
  hasLeft = false;
  readonly #log: EventLog;
  readonly #isStrict: boolean;
  #agents: ArrayLike<number>;
  #at = 0;

  /** @param isStrict - give up where the schedule cannot be followed, and at its end */
  constructor(log: EventLog, agents: ArrayLike<number>, isStrict: boolean) {
    this.#log = log;
    this.#agents = agents;
    this.#isStrict = isStrict;
  }

  /** Another schedule. */
  follow(agents: ArrayLike<number>): void {
    this.#agents = agents;
    this.next();
  }

  next(): boolean {
    this.#at = 0;
    this.hasLeft = false;
    return true;
  }

  pick(runnable: number, spinning: number): number {
    while (this.#at < this.#agents.length) {
      const agent = this.#agents[this.#at++]!;
      if (has(runnable, agent)) return agent;
      this.hasLeft = true;
      if (this.#isStrict) return GIVE_UP;
    }
    this.hasLeft = true;
    return this.#isStrict ? GIVE_UP : anybody(this.#log, runnable, spinning);
  }

  finished(): boolean {
    // There is nothing to choose next time.
    return true;
  }
}
