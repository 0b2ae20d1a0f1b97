/** A thread's part of each round: its CPU's program, from setup to what it leaves. */
import { faultText } from './fault-text.js';
import type { Scenario } from '../explore/scenario.js';
import { WordPending } from '../explore/word-cpu.js';
import { changesBetween, checkChanges, describe } from './carry.js';
import { now } from './clock.js';
import { STOPPED, type Control } from './control.js';
import { ENDED, SETUP } from './deeds.js';
import type { RoundReport } from './protocol.js';
import type { Stage } from './stage.js';
import { ThreadCpu } from './thread-cpu.js';
import { WordAccess } from './word-access.js';

/** One CPU of a scenario, round after round. */
export class Player {
  readonly cpu: ThreadCpu;
  /** What setup has returned for this round. */
  context: unknown;
  readonly #scenario: Scenario;
  readonly #number: number;
  readonly #name: string;
  readonly #stage: Stage;
  readonly #control: Control;

  constructor(scenario: Scenario, number: number, stage: Stage, control: Control) {
    const names = Object.keys(scenario.cpus);
    this.#scenario = scenario;
    this.#number = number;
    this.#name = names[number]!;
    this.#stage = stage;
    this.#control = control;
    const pending = new WordPending(names.length);
    const words = new WordAccess(number, pending, stage.words, control);
    this.cpu = new ThreadCpu(number, this.#name, stage.memory, pending, words, control);
  }

  /** Runs a round and reports. Whatever happens the others do not wait for this CPU. */
  play(round: number, seed: number): RoundReport {
    const { cpu } = this;
    try {
      this.#control.doing(this.#number, SETUP);
      this.context = this.#stage.prepare();
      const before = describe(this.context);
      const { at, busy, error } = this.#race(mixed(seed, round, this.#number));
      if (error !== undefined) return { at, busy, outcomes: [], changes: [], error };
      const changes = changesBetween(before, describe(this.context));
      checkChanges(this.#name, changes);
      return { at, busy, outcomes: [...cpu.outcomes], changes };
    } catch (error) {
      const nothing = { at: now(), busy: 0, outcomes: [], changes: [] };
      if (error === STOPPED) return nothing;
      this.#giveUp();
      return { ...nothing, fault: faultText(error) };
    } finally {
      this.#control.doing(this.#number, ENDED);
    }
  }

  #race(seed: number): ReturnType<ThreadCpu['run']> {
    this.#stage.countRunning(true);
    this.#stage.onSleep(() => this.cpu.sleep());
    try {
      const ending = this.cpu.run(this.#scenario, this.context, seed);
      if (ending.error !== undefined) this.#giveUp();
      return ending;
    } finally {
      this.#stage.onSleep(undefined);
      this.#stage.countRunning(false);
    }
  }

  /** The round is decided: others that wait need not go on. */
  #giveUp(): void {
    this.#control.abandon();
    this.#stage.kernel?.halt();
  }
}

/** A seed for one CPU in one round. */
function mixed(seed: number, round: number, cpu: number): number {
  return (
    (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(round, 0xc2b2ae35)) + cpu * 0x27d4eb2f
  );
}
