/**
 * The order that the steps of an execution cannot lose in any equivalent one, as a vector clock for
 * each step, and the races: pairs of steps that could have come the other way round.
 *
 * Two steps conflict if they touch a common byte and one of them writes; a compareExchange that
 * fails only reads. A step happens before another if a chain of conflicts and of program order
 * leads there. Under tso a flush comes after its store, and what needs an empty buffer after the
 * flushes of its CPU; these edges cannot be reversed and are no races. A CPU sees the stores in its
 * own buffer, so whether one has reached memory makes no difference to its loads: a flush conflicts
 * with no step of its own CPU.
 *
 * A step that may have to wait (waitWhile, lock) needs more than the immediate conflict: a lock
 * cannot come before the unlock that it waited for, but before the lock before that one. So for
 * such a step the conflicting steps are searched backwards for the first before which it could have
 * been made. The same search is done for a CPU that still waits when the execution ends.
 *
 * Clocks of a prefix stay when an execution goes back to it: `truncate`, then `append` again.
 * (Abdulla, Aronis, Jonsson, Sagonas: "Source Sets: A Foundation for Optimal Dynamic Partial Order
 * Reduction", 2017.)
 */
import * as access from './access.js';
import { copied } from './event-log.js';
import type { Program } from './program.js';

const NONE = -1;
const CAPACITY_FIRST = 256;

/** Clocks and races of the execution in a program's log. */
export class HappensBefore {
  /** Steps that have a clock. */
  length = 0;
  /** The earlier step of each race. */
  readonly raceFirst: number[] = [];
  /** The later step; for a CPU that waits at the end, the length of the log. */
  readonly raceSecond: number[] = [];
  /** The agent of the later step. */
  readonly raceAgent: number[] = [];

  readonly #program: Program;
  readonly #agents: number;
  readonly #cpus: number;
  /** By step and agent: 1 + the last step of the agent that comes before, or is, the step. */
  #clocks: Int32Array;
  /** By step: the step before it of the same agent, and that at the same location. */
  #previousOfAgent = new Int32Array(CAPACITY_FIRST);
  #previousAtLocation = new Int32Array(CAPACITY_FIRST);
  #lastOfAgent: Int32Array;
  #lastAtLocation = new Int32Array(0);
  #capacity = CAPACITY_FIRST;

  constructor(program: Program) {
    this.#program = program;
    this.#agents = program.agents;
    this.#cpus = program.cpuNames.length;
    this.#clocks = new Int32Array(CAPACITY_FIRST * this.#agents);
    this.#lastOfAgent = new Int32Array(this.#agents).fill(NONE);
  }

  /** Whether a step comes before a later one in every equivalent execution. */
  isBefore(first: number, second: number): boolean {
    const agent = this.#program.log.agent[first]!;
    return this.#clocks[second * this.#agents + agent]! > first;
  }

  /** 1 + the last step of an agent that comes before, or is, the step. */
  clock(step: number, agent: number): number {
    return this.#clocks[step * this.#agents + agent]!;
  }

  /** The value of a location right before a step that touches it, as memory has it. */
  valueBefore(step: number): number {
    return this.#program.log.before[step]!;
  }

  /** Forgets all races. */
  forgetRaces(): void {
    this.raceFirst.length = 0;
    this.raceSecond.length = 0;
    this.raceAgent.length = 0;
  }

  /** Forgets the steps from `length` on. */
  truncate(length: number): void {
    const { agent, location } = this.#program.log;
    for (let step = this.length - 1; step >= length; step--) {
      this.#lastOfAgent[agent[step]!] = this.#previousOfAgent[step]!;
      if (location[step]! >= 0) {
        this.#lastAtLocation[location[step]!] = this.#previousAtLocation[step]!;
      }
    }
    this.length = Math.min(this.length, length);
  }

  /** Takes in the next step of the log, and notes its races. */
  append(): void {
    const step = this.length++;
    if (step === this.#capacity) this.#grow();
    const { log } = this.#program;
    const agent = log.agent[step]!;
    const location = log.location[step]!;
    this.#growLocations(location);
    this.#begin(step, agent);
    if (log.touches[step] !== access.TOUCHES_NOTHING) {
      if (access.waits(log.kind[step]!)) this.#raceOfWaiter(step, agent, location);
      else this.#racesOf(step, agent, location);
    }
    this.#clocks[step * this.#agents + agent] = step + 1;
    this.#previousOfAgent[step] = this.#lastOfAgent[agent]!;
    this.#lastOfAgent[agent] = step;
    if (location >= 0) {
      this.#previousAtLocation[step] = this.#lastAtLocation[location]!;
      this.#lastAtLocation[location] = step;
    }
  }

  /** Notes the races of the CPUs that wait at the end of the execution. */
  appendWaiters(): void {
    const { pending } = this.#program;
    const unfinished = this.#program.unfinished();
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      if (((unfinished >>> cpu) & 1) === 0 || !access.waits(pending.kind[cpu]!)) continue;
      if (this.length === this.#capacity) this.#grow();
      this.#growLocations(pending.location[cpu]!);
      this.#begin(this.length, cpu);
      this.#raceOfWaiter(this.length, cpu, pending.location[cpu]!);
    }
  }

  /** Whether a step and an access of another CPU conflict, by what they touch. */
  #conflicts(step: number, location: number, mask: number, touches: number): boolean {
    const { log } = this.#program;
    const isWrite = log.touches[step] === access.TOUCHES_WRITE || touches === access.TOUCHES_WRITE;
    const touchBoth =
      log.touches[step] !== access.TOUCHES_NOTHING && touches !== access.TOUCHES_NOTHING;
    return isWrite && touchBoth && log.location[step] === location && !!(log.mask[step]! & mask);
  }

  /** The clock of a step before its conflicts: what its agent's own program orders. */
  #begin(step: number, agent: number): void {
    const at = step * this.#agents;
    this.#clocks.fill(0, at, at + this.#agents);
    this.#join(step, this.#lastOfAgent[agent]!);
    if (this.#agents === this.#cpus) return;
    const { log } = this.#program;
    if (agent >= this.#cpus) this.#join(step, log.link[step]!);
    else if (step < log.length && access.drains(log.kind[step]!)) {
      this.#join(step, this.#lastOfAgent[agent + this.#cpus]!);
    }
  }

  /** The store buffer of a CPU, and the CPU of a store buffer; -1 where there are none. */
  #otherHalf(agent: number): number {
    if (this.#agents === this.#cpus) return NONE;
    return agent < this.#cpus ? agent + this.#cpus : agent - this.#cpus;
  }

  /** The immediate conflicts: a later one hides those that come before it. */
  #racesOf(step: number, agent: number, location: number): void {
    const { log } = this.#program;
    const at = step * this.#agents;
    const touches = log.touches[step]!;
    const own = this.#otherHalf(agent);
    const mask = log.mask[step]!;
    let open = mask;
    let floor = step;
    let other = this.#lastAtLocation[location]!;
    while (other !== NONE && (open !== 0 || other > floor)) {
      if (log.agent[other] !== own && this.#conflicts(other, location, mask, touches)) {
        if (this.#clocks[at + log.agent[other]!]! <= other) {
          this.#note(other, step, agent);
          this.#join(step, other);
        }
        // Whatever conflicts with a write's bytes and came earlier, comes before the write; but
        // before a flush not what its own CPU has loaded since the store.
        if (log.touches[other] === access.TOUCHES_WRITE) open &= ~log.mask[other]!;
        if (log.kind[other] === access.FLUSH) floor = Math.min(floor, log.link[other]!);
      }
      other = this.#previousAtLocation[other]!;
    }
  }

  /** The last conflict before which a waiting access could have been made. */
  #raceOfWaiter(step: number, agent: number, location: number): void {
    const { log, pending } = this.#program;
    const isMade = step < log.length;
    const kind = isMade ? log.kind[step]! : pending.kind[agent]!;
    const operand = isMade ? log.operand[step]! : pending.operand[agent]!;
    const mask = isMade ? log.mask[step]! : pending.mask[agent]!;
    const touches = kind === access.LOCK ? access.TOUCHES_WRITE : access.TOUCHES_READ;
    const before = this.#clocks.slice(step * this.#agents, (step + 1) * this.#agents);
    const own = this.#otherHalf(agent);
    let isFound = false;
    let other = this.#lastAtLocation[location]!;
    while (other !== NONE) {
      if (log.agent[other] !== own && this.#conflicts(other, location, mask, touches)) {
        const isConcurrent = before[log.agent[other]!]! <= other;
        if (!isFound && isConcurrent && this.#couldPass(other, agent, kind, operand)) {
          this.#note(other, step, agent);
          isFound = true;
        }
        this.#join(step, other);
      }
      other = this.#previousAtLocation[other]!;
    }
  }

  /** Whether a waiting access could have been made before `other`, which it conflicts with. */
  #couldPass(other: number, agent: number, kind: number, operand: number): boolean {
    const { log } = this.#program;
    let seen = log.before[other]!;
    if (kind === access.WAIT_WHILE) {
      // Its own newest store to the location, if that had not reached memory by then.
      let store = this.#lastOfAgent[agent]!;
      while (store !== NONE && !this.#isBufferedStore(store, other)) {
        store = this.#previousOfAgent[store]!;
      }
      if (store !== NONE && !this.#isFlushedBefore(store, agent, other)) {
        seen = log.operand[store]!;
      }
    }
    return access.isEnabledAt(kind, operand, seen);
  }

  /** Whether a step is a store that a buffer held back, to what `other` accesses. */
  #isBufferedStore(step: number, other: number): boolean {
    const { log } = this.#program;
    if (log.link[step] !== step || log.location[step] !== log.location[other]) return false;
    return (log.mask[step]! & log.mask[other]!) !== 0;
  }

  #isFlushedBefore(store: number, agent: number, end: number): boolean {
    const { log } = this.#program;
    let flush = this.#lastOfAgent[agent + this.#cpus]!;
    while (flush !== NONE && log.link[flush] !== store) flush = this.#previousOfAgent[flush]!;
    return flush !== NONE && flush < end;
  }

  #note(first: number, second: number, agent: number): void {
    this.raceFirst.push(first);
    this.raceSecond.push(second);
    this.raceAgent.push(agent);
  }

  #join(step: number, other: number): void {
    if (other === NONE) return;
    const clocks = this.#clocks;
    const to = step * this.#agents;
    const from = other * this.#agents;
    for (let agent = 0; agent < this.#agents; agent++) {
      const time = clocks[from + agent]!;
      if (time > clocks[to + agent]!) clocks[to + agent] = time;
    }
  }

  #growLocations(location: number): void {
    const length = this.#lastAtLocation.length;
    if (location < length) return;
    const longer = new Int32Array(Math.max(16, location + 1, length * 2)).fill(NONE);
    this.#lastAtLocation = copied(longer, this.#lastAtLocation);
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#clocks = copied(new Int32Array(this.#capacity * this.#agents), this.#clocks);
    this.#previousOfAgent = copied(new Int32Array(this.#capacity), this.#previousOfAgent);
    this.#previousAtLocation = copied(new Int32Array(this.#capacity), this.#previousAtLocation);
  }
}
