/**
 * Mode `states`: depth-first search through the states of a program, which goes on from equal ones
 * only once. A state is what memory and store buffers hold, what each CPU has read so far (that,
 * with a program that is deterministic, is all it can remember) and what it has recorded; a CPU
 * that has ended remembers nothing. Equal means an equal hash of 64 bits: among a million states
 * two different ones are taken for one with a chance of 1 in 30 million.
 *
 * A program cannot be put back into a state; it is run again up to there. Sleep sets save
 * transitions. A state that was left with some agents asleep is entered again when it is reached
 * with one of these awake, for those alone (Godefroid, 1996: the sleep set is kept with the state).
 *
 * An execution that comes back to a state on its own way can go round for ever (circles.ts).
 *
 * Data races are found as they are defined without clocks: two CPUs that can make conflicting
 * accesses next, one of them plain.
 */
import * as access from './access.js';
import { has, lowest } from './bits.js';
import { Circles, type Circle } from './circles.js';
import { copied } from './event-log.js';
import type { Program } from './program.js';
import { anybody } from './replay-strategy.js';
import { SleepSets } from './sleep-sets.js';
import { StateTable } from './state-table.js';
import { GIVE_UP, type EndKind, type Strategy } from './strategy.js';

/** Depth-first search over states, as a strategy: each execution ends where nothing new follows. */
export class StatesStrategy implements Strategy {
  readonly name = 'states';
  readonly isExhaustive = true;
  readonly needsCuts = false;
  /** Steps from one state to another that were made. */
  transitions = 0;
  circle: Circle | undefined;
  readonly #program: Program;
  readonly #sleep: SleepSets;
  readonly #table = new StateTable();
  readonly #circles = new Circles();
  readonly #hash = new Uint32Array(2);
  /** By step: who was chosen, and who is to be. */
  #chosen = new Uint8Array(256);
  #rest = new Int32Array(256);
  #decided = 0;
  /** Steps whose sleep sets are worked out. */
  #known = 0;
  #isFirst = true;
  /** Two CPUs that are to make accesses that race, while that is being shown. */
  #racing: number[] | undefined;

  constructor(program: Program) {
    this.#program = program;
    this.#sleep = new SleepSets(program);
    this.#sleep.clear(0);
  }

  /** Distinct states. */
  get states(): number {
    return this.#table.size;
  }

  next(): boolean {
    this.circle = undefined;
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    for (let step = this.#program.log.length - 1; step >= 0; step--) {
      this.#sleep.add(step);
      const rest = this.#rest[step]! & ~this.#sleep.set[step]!;
      if (rest === 0) continue;
      const agent = lowest(rest);
      this.#chosen[step] = agent;
      this.#rest[step] = rest & ~(1 << agent);
      this.#decided = step + 1;
      this.#known = step;
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
      this.#rest = copied(new Int32Array(step * 2), this.#rest);
    }
    if (this.#racing !== undefined) {
      this.#rest[step] = 0;
      return this.#goOn(step, runnable, spinning);
    }
    const todo = this.#enter(step, runnable);
    if (todo === 0) return GIVE_UP;
    const last = step === 0 ? 0 : this.#program.log.agent[step - 1]!;
    this.#racing = imminentRace(this.#program);
    if (this.#racing !== undefined) {
      this.#rest[step] = todo;
      return this.#goOn(step, runnable, spinning);
    }
    const agent = has(todo, last) ? last : lowest(todo);
    this.#rest[step] = todo & ~(1 << agent);
    return this.#choose(step, agent);
  }

  looksAtState(step: number): boolean {
    return step >= this.#decided && this.#racing === undefined;
  }

  finished(end: EndKind): boolean {
    this.#takeIn();
    const isRace = this.#racing !== undefined;
    this.#racing = undefined;
    // The state of a CPU that threw is none: each way there counts.
    return isRace || end === 'blocked' || end === 'fault' || this.#isNew();
  }

  /** Makes two accesses that race one after the other, and runs the rest to its end. */
  #goOn(step: number, runnable: number, spinning: number): number {
    const next = this.#racing!.shift();
    const isNext = next !== undefined && has(runnable, next);
    return this.#choose(step, isNext ? next : anybody(this.#program.log, runnable, spinning));
  }

  #choose(step: number, agent: number): number {
    this.#chosen[step] = agent;
    this.#decided = step + 1;
    return agent;
  }

  #takeIn(): void {
    const { length } = this.#program.log;
    while (this.#known < length) {
      this.#sleep.carryOver(this.#known++);
      this.transitions++;
    }
  }

  #isNew(): boolean {
    this.#program.hash(this.#hash);
    return this.#table.insert(this.#hash[0]!, this.#hash[1]!, 0);
  }

  /** Who is to go on from the state that was reached: nobody, if all that was done before. */
  #enter(step: number, runnable: number): number {
    const asleep = this.#sleep.set[step]! & runnable;
    this.#program.hash(this.#hash);
    const [high, low] = [this.#hash[0]!, this.#hash[1]!];
    const isNew = this.#table.insert(high, low, asleep);
    const { log } = this.#program;
    if (!isNew && this.circle?.isFair !== true) {
      this.circle = this.#circles.close(log.agent.subarray(0, step), high, low) ?? this.circle;
    }
    this.#circles.enter(step, high, low, runnable);
    if (isNew) return runnable & ~asleep;
    const before = this.#table.valueOf(high, low);
    this.#table.update(high, low, before & asleep);
    // Those that were awake then have been, or are being, explored: they sleep now.
    const todo = before & ~asleep & runnable;
    return todo;
  }
}

/** Two CPUs that can make conflicting accesses next, one of them plain; undefined for none. */
function imminentRace(program: Program): number[] | undefined {
  const { pending } = program;
  const alive = program.runnable() & program.unfinished();
  for (let a = 0; a < program.cpuNames.length; a++) {
    for (let b = a + 1; has(alive, a) && b < program.cpuNames.length; b++) {
      if (!has(alive, b) || pending.location[a] !== pending.location[b]) continue;
      const kinds = [pending.kind[a]!, pending.kind[b]!];
      const isPlain = kinds.some((k) => k === access.LOAD_PLAIN || k === access.STORE_PLAIN);
      const isWrite = kinds.some((k) => k >= access.STORE && !access.isFence(k));
      if (isPlain && isWrite) return [a, b];
    }
  }
  return undefined;
}
