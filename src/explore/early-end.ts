/**
 * Executions that end early: a CPU stops for good, and what is left of its program is left out.
 * Shrinking leaves out what a failure does not need. A CPU stops between two operations only, so
 * that it holds nothing; when all have come to their ends, the execution counts as done.
 */
import { has } from './bits.js';
import type { Program } from './program.js';
import { anybody } from './replay-strategy.js';
import { GIVE_UP, type EndKind, type Strategy } from './strategy.js';

/** Whether a CPU that has made so many steps is to make one more. */
export type GoesOn = (cpu: number, steps: number) => boolean;

/** Follows a schedule as far as the CPUs go. */
export class EarlyEnd implements Strategy {
  readonly name = 'replay';
  readonly isExhaustive = false;
  readonly needsCuts = false;
  readonly #program: Program;
  readonly #agents: ArrayLike<number>;
  readonly #goesOn: GoesOn;
  /** By CPU: its steps so far. */
  readonly #steps: Int32Array;
  #at = 0;

  constructor(program: Program, agents: ArrayLike<number>, goesOn: GoesOn) {
    this.#program = program;
    this.#agents = agents;
    this.#goesOn = goesOn;
    this.#steps = new Int32Array(program.cpuNames.length);
  }

  next(): boolean {
    this.#at = 0;
    this.#steps.fill(0);
    return true;
  }

  pick(runnable: number, spinning: number): number {
    const able = runnable & ~this.#stopped();
    if (able === 0) return GIVE_UP;
    const agent = this.#given(able) ?? anybody(this.#program.log, able, spinning);
    if (agent < this.#steps.length) this.#steps[agent]!++;
    return agent;
  }

  finished(): boolean {
    // There is nothing to choose next time.
    return true;
  }

  /** How an execution has ended: with all that was to be done, if only stopped CPUs are left. */
  endOf(end: EndKind): EndKind {
    const isDone = (this.#program.unfinished() & ~this.#stopped()) === 0;
    return end === 'blocked' && isDone ? 'done' : end;
  }

  #given(able: number): number | undefined {
    while (this.#at < this.#agents.length) {
      const agent = this.#agents[this.#at++]!;
      if (has(able, agent)) return agent;
    }
    return undefined;
  }

  /** CPUs that go no further, a bit each. */
  #stopped(): number {
    let stopped = 0;
    for (const [cpu, steps] of this.#steps.entries()) {
      if (!this.#goesOn(cpu, steps)) stopped |= 1 << cpu;
    }
    return stopped;
  }
}

/** Each CPU makes as many steps as a schedule has for it. */
export function asIn(agents: ArrayLike<number>): GoesOn {
  const steps: number[] = [];
  for (let at = 0; at < agents.length; at++) steps[agents[at]!] = (steps[agents[at]!] ?? 0) + 1;
  return (cpu, made) => made < (steps[cpu] ?? 0);
}

/** Each CPU makes so many operations: a call is one, and so is an access to a raw word. */
export function operationsOf(program: Program, limits: readonly number[]): GoesOn {
  return (cpu, steps) => operationsBegun(program, cpu, steps) <= limits[cpu]!;
}

/** Operations of a CPU that stands at the next one, that one included. */
export function operationsBegun(program: Program, cpu: number, steps: number): number {
  return program.callsBegun?.(cpu) ?? steps + 1;
}
