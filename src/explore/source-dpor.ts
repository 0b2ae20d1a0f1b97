/**
 * Strategy: dynamic partial order reduction with source sets and sleep sets. Of schedules that only
 * differ in the order of steps which do not conflict, one is run to its end; some others are begun
 * and given up when the sleep sets show that they lead nowhere new. optimal-dpor.ts never begins
 * those; this one is simpler, and what it is compared with.
 *
 * Each race (e, f) that an execution shows must be run the other way round. From the state before e
 * that is done by the steps between that do not depend on e, then f. One of the agents that could
 * make the first of these must be in the backtrack set there (Abdulla and others, 2014, algorithm
 * 1).
 *
 * Wherever there is a choice it is the lowest agent: how many executions are given up depends on
 * that, and so the numbers are those that others have published.
 */
import { lowest } from './bits.js';
import { copied } from './event-log.js';
import type { Job } from './checkpoint.js';
import { HappensBefore } from './happens-before.js';
import type { Program } from './program.js';
import { SleepSets } from './sleep-sets.js';
import { GIVE_UP, type EndKind, type Strategy } from './strategy.js';

/** Source-DPOR. */
export class SourceDporStrategy implements Strategy {
  readonly name = 'source-dpor';
  readonly isExhaustive = true;
  readonly needsCuts = true;
  readonly #program: Program;
  readonly #job: Job;
  readonly #order: HappensBefore;
  readonly #sleep: SleepSets;
  /** By step: who was chosen, and who must be tried there. */
  #chosen = new Uint8Array(256);
  #backtrack = new Int32Array(256);
  #decided = 0;
  #isFirst = true;
  /** By agent, while a race is looked at: its first step among those to be run first. */
  readonly #first: Int32Array;

  /** @param job - explores only this part */
  constructor(program: Program, job: Job = { agents: [], sleep: [] }) {
    this.#program = program;
    this.#job = job;
    this.#order = new HappensBefore(program);
    this.#sleep = new SleepSets(program);
    this.#first = new Int32Array(program.agents);
    this.#sleep.clear(0);
    this.#decided = job.agents.length;
    this.#chosen.set(job.agents);
  }

  next(): boolean {
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    for (let step = this.#order.length - 1; step >= this.#job.agents.length; step--) {
      this.#sleep.add(step);
      const rest = this.#backtrack[step]! & ~this.#sleep.set[step]!;
      if (rest === 0) continue;
      this.#chosen[step] = lowest(rest);
      this.#decided = step + 1;
      this.#order.truncate(step);
      return true;
    }
    return false;
  }

  pick(runnable: number, spinning: number): number {
    const step = this.#program.log.length;
    if (step < this.#decided) return this.#chosen[step]!;
    this.#takeIn();
    if (step + 1 >= this.#chosen.length) {
      this.#chosen = copied(new Uint8Array(step * 2), this.#chosen);
      this.#backtrack = copied(new Int32Array(step * 2), this.#backtrack);
    }
    const awake = runnable & ~this.#sleep.set[step]!;
    if (awake === 0) return GIVE_UP;
    const candidates = (awake & ~spinning) !== 0 ? awake & ~spinning : awake;
    const agent = lowest(candidates);
    this.#chosen[step] = agent;
    this.#backtrack[step] = 1 << agent;
    this.#decided = step + 1;
    return agent;
  }

  finished(end: EndKind): boolean {
    this.#takeIn();
    if (end !== 'steps' && end !== 'cut') this.#order.appendWaiters();
    // An endless execution has more races than anybody could look at.
    const races = end === 'steps' ? 0 : this.#order.raceFirst.length;
    for (let race = 0; race < races; race++) this.#reverse(race);
    this.#order.forgetRaces();
    return true;
  }

  /** Clocks, races and sleep sets of the steps since. */
  #takeIn(): void {
    while (this.#order.length < this.#program.log.length) {
      for (const sleeper of this.#job.sleep[this.#order.length] ?? []) {
        this.#sleep.put(this.#order.length, ...sleeper);
      }
      this.#sleep.carryOver(this.#order.length);
      this.#order.append();
    }
  }

  #reverse(race: number): void {
    const first = this.#order.raceFirst[race]!;
    // In the steps that a job begins with, everybody is tried: by another job.
    if (first < this.#job.agents.length) return;
    const initials = this.#initials(first, this.#order.raceSecond[race]!, race);
    if ((this.#backtrack[first]! & initials) !== 0) return;
    this.#backtrack[first]! |= 1 << lowest(initials);
  }

  /** The agents that could make the first step of what reverses a race. */
  #initials(first: number, second: number, race: number): number {
    const { agent } = this.#program.log;
    this.#first.fill(-1);
    let initials = 0;
    for (let step = first + 1; step < second; step++) {
      if (this.#order.isBefore(first, step)) continue;
      const by = agent[step]!;
      if (this.#first[by] !== -1) continue;
      if (this.#isInitial(step)) initials |= 1 << by;
      this.#first[by] = step;
    }
    const by = this.#order.raceAgent[race]!;
    if (this.#first[by] === -1 && this.#isInitial(second)) initials |= 1 << by;
    return initials;
  }

  /** Whether no step of those to be run first comes before this one. */
  #isInitial(step: number): boolean {
    for (let agent = 0; agent < this.#first.length; agent++) {
      const first = this.#first[agent]!;
      if (first !== -1 && this.#order.clock(step, agent) > first) return false;
    }
    return true;
  }
}
