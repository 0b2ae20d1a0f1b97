/**
 * Livelocks among states: an execution that comes back to a state it was in before can go round for
 * ever, since the same choices lead there again. It is a livelock if nobody is kept from running by
 * that: every agent that could make a step somewhere on the way round has made one. If somebody has
 * not, it may still be one, made of several ways round: that shows when all are given turns.
 *
 * In depth-first search each circle of states has one that is met again while it still is on the
 * way to where the search stands; so there is one to be found if there are any, though of a circle
 * that is made of many not each.
 */
import { copied } from './event-log.js';

/** Longer ways round are not looked for. */
const PERIOD_MAX = 2000;

/** A way to a state, and one from there back to it. */
export interface Circle {
  readonly way: Uint8Array;
  readonly round: Uint8Array;
  /** Nobody is kept from running. */
  readonly isFair: boolean;
}

/** The states on the way to where a search stands. */
export class Circles {
  /** By step: the state before it, and who could make the step. */
  #high = new Uint32Array(256);
  #low = new Uint32Array(256);
  #runnable = new Int32Array(256);

  /** The state before a step. */
  enter(step: number, high: number, low: number, runnable: number): void {
    if (step === this.#high.length) this.#grow();
    this.#high[step] = high;
    this.#low[step] = low;
    this.#runnable[step] = runnable;
  }

  /**
   * The state behind the steps in `agents` is one that was met before.
   * @returns the way round, if it lies on the way there
   */
  close(agents: Uint8Array, high: number, low: number): Circle | undefined {
    const at = this.#find(agents.length, high, low);
    if (at < 0) return undefined;
    let able = 0;
    let stepped = 0;
    for (let step = at; step < agents.length; step++) {
      able |= this.#runnable[step]!;
      stepped |= 1 << agents[step]!;
    }
    const isFair = (able & ~stepped) === 0;
    return { way: agents.slice(0, at), round: agents.slice(at), isFair };
  }

  #find(length: number, high: number, low: number): number {
    for (let step = length - 1; step >= Math.max(0, length - PERIOD_MAX); step--) {
      if (this.#high[step] === high && this.#low[step] === low) return step;
    }
    return -1;
  }

  #grow(): void {
    const size = this.#high.length * 2;
    this.#high = copied(new Uint32Array(size), this.#high);
    this.#low = copied(new Uint32Array(size), this.#low);
    this.#runnable = copied(new Int32Array(size), this.#runnable);
  }
}
