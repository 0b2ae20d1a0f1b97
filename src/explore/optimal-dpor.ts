/**
 * Strategy: optimal dynamic partial order reduction. Of schedules that only differ in the order of
 * steps which do not conflict exactly one is run, and none is begun in vain. Where source-dpor.ts
 * notes for a race only who is to begin, this notes the whole sequence that reverses it, in a tree
 * of sequences at the state before the race's first step: a wakeup tree (Abdulla and others,
 * "Optimal Dynamic Partial Order Reduction", 2014, algorithm 2).
 */
import * as access from './access.js';
import { has, lowest } from './bits.js';
import { copied } from './event-log.js';
import { HappensBefore } from './happens-before.js';
import type { Program } from './program.js';
import { SleepSets } from './sleep-sets.js';
import { GIVE_UP, type EndKind, type Strategy } from './strategy.js';
import { insertSequence, isWeakInitial, makeStep, type WakeupStep } from './wakeup-tree.js';

/** True for accesses that are writes or no more than loads, by what they find. */
function canBeIdle(kind: number): boolean {
  return kind >= access.FETCH_ADD && kind <= access.COMPARE_EXCHANGE;
}

/** Optimal-DPOR. */
export class OptimalDporStrategy implements Strategy {
  readonly name = 'dpor';
  readonly isExhaustive = true;
  readonly needsCuts = true;
  readonly #program: Program;
  readonly #order: HappensBefore;
  readonly #sleep: SleepSets;
  /** By step: what is to be run from there; the first one is what is being run. */
  readonly #trees: WakeupStep[][] = [];
  #chosen = new Uint8Array(256);
  #decided = 0;
  #isFirst = true;

  constructor(program: Program) {
    this.#program = program;
    this.#order = new HappensBefore(program);
    this.#sleep = new SleepSets(program);
    this.#sleep.clear(0);
  }

  next(): boolean {
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    for (let step = this.#order.length - 1; step >= 0; step--) {
      this.#sleep.add(step);
      const tree = this.#trees[step]!;
      tree.shift();
      const following = tree[0];
      if (following === undefined) continue;
      this.#chosen[step] = following.agent;
      this.#trees[step + 1] = following.then;
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
    if (step === this.#chosen.length) {
      this.#chosen = copied(new Uint8Array(step * 2), this.#chosen);
    }
    const tree = this.#trees[step] ?? [];
    let planned = tree[0];
    if (planned === undefined) {
      const agent = this.#choose(step, runnable, spinning);
      if (agent === GIVE_UP) return GIVE_UP;
      planned = makeStep(agent);
      tree.push(planned);
    }
    this.#trees[step] = tree;
    this.#trees[step + 1] = planned.then;
    this.#chosen[step] = planned.agent;
    this.#decided = step + 1;
    return planned.agent;
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
      this.#sleep.carryOver(this.#order.length);
      this.#order.append();
    }
  }

  /** Anybody who is awake: the one that ran last if it can go on, since a switch costs. */
  #choose(step: number, runnable: number, spinning: number): number {
    const awake = runnable & ~this.#sleep.set[step]!;
    if (awake === 0) return GIVE_UP;
    const candidates = (awake & ~spinning) !== 0 ? awake & ~spinning : awake;
    const last = step === 0 ? 0 : this.#program.log.agent[step - 1]!;
    return has(candidates, last) ? last : lowest(candidates);
  }

  #reverse(race: number): void {
    const first = this.#order.raceFirst[race]!;
    const second = this.#order.raceSecond[race]!;
    const sequence: WakeupStep[] = [];
    for (let step = first + 1; step < second; step++) {
      if (!this.#order.isBefore(first, step)) sequence.push(this.#stepOf(step));
    }
    sequence.push(this.#reversed(first, second, this.#order.raceAgent[race]!));
    let sleepers = this.#sleep.set[first]!;
    while (sleepers !== 0) {
      const agent = lowest(sleepers);
      sleepers &= sleepers - 1;
      if (isWeakInitial(this.#sleep.stepOf(first, agent), sequence)) return;
    }
    insertSequence(this.#trees[first]!, sequence);
  }

  #stepOf(step: number): WakeupStep {
    const { log, cpuNames } = this.#program;
    const agent = log.agent[step]!;
    return {
      agent,
      cpu: agent % cpuNames.length,
      location: log.location[step]!,
      mask: log.mask[step]!,
      touches: log.touches[step]!,
      link: log.link[step]!,
      drains: this.#drained(agent, log.kind[step]!),
      then: [],
    };
  }

  /** The later step of a race as it will be when it is made before the earlier one. */
  #reversed(first: number, second: number, agent: number): WakeupStep {
    const { log, pending } = this.#program;
    const isMade = second < log.length;
    const kind = isMade ? log.kind[second]! : pending.kind[agent]!;
    if (isMade && !canBeIdle(kind)) return this.#stepOf(second);
    const operand = log.operand[second]!;
    const value = this.#valueAt(first, second);
    // A compareExchange whose operand is not known may store.
    const isUnknown = isMade && Number.isNaN(operand);
    const touches = isUnknown ? access.TOUCHES_WRITE : access.touchOf(kind, operand, value);
    const location = log.location[first]!;
    const mask = isMade ? log.mask[second]! : pending.mask[agent]!;
    const drains = this.#drained(agent, kind);
    return { agent, cpu: agent, location, mask, touches, link: -1, drains, then: [] };
  }

  /**
   * What memory has where a race is, when its later step is made before the earlier one. What
   * conflicts with the earlier one comes after it, so that is what it found; but for a load there
   * may be flushes of its own CPU since.
   */
  #valueAt(first: number, second: number): number {
    const { log } = this.#program;
    let value = log.before[first]!;
    for (let step = first + 1; step < second; step++) {
      if (log.kind[step] !== access.FLUSH || log.location[step] !== log.location[first]) continue;
      if (!this.#order.isBefore(first, step)) value = log.after[step]!;
    }
    return value;
  }

  /** The agent that is the store buffer which a CPU's access needs empty; -1 for none. */
  #drained(agent: number, kind: number): number {
    const cpus = this.#program.cpuNames.length;
    if (this.#program.agents === cpus || agent >= cpus || !access.drains(kind)) return -1;
    return agent + cpus;
  }
}
