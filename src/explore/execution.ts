/** Runs one execution of a program under a strategy. */
import * as access from './access.js';
import { has } from './bits.js';
import { UNDECIDED, type Program } from './program.js';
import { ScenarioError } from './scenario.js';
import { GIVE_UP, type EndKind, type Strategy } from './strategy.js';

/**
 * Reads in a row that found what the same CPU had read there, with no change of memory since: from
 * the first number on others go first, at the second a strategy that asks for it gets a cut.
 */
const SPIN_READS = 16;
const SPIN_READS_CUT = 32;

/** The answer of `decide` at an end of the execution, which the loop then finds. */
const AT_END = -3;

/**
 * Watches for CPUs that wait in a loop: they read the same locations again and again while nothing
 * changes. A fair scheduler lets others go first.
 */
export class SpinWatch {
  readonly #program: Program;
  /** By agent: reads in a row that repeated one. */
  readonly #repeats: Int32Array;
  /** By agent and location: the last change of memory at the time of the last read there. */
  #seen = new Int32Array(0);
  #locations = 0;
  #change = 0;
  #spinning = 0;
  #strategy: Strategy | undefined;
  /** An agent that has spun for so long that its execution may be cut; -1 for none. */
  stuck = -1;

  constructor(program: Program) {
    this.#program = program;
    this.#repeats = new Int32Array(program.agents);
  }

  /** A new execution. */
  begin(): void {
    const locations = this.#program.locations();
    if (locations !== this.#locations) {
      this.#locations = locations;
      this.#seen = new Int32Array(locations * this.#program.agents);
    }
    this.#changed();
  }

  /** Takes the step into account that was made last; gives the agents that spin, a bit each. */
  watch(): number {
    const { log } = this.#program;
    const step = log.length - 1;
    if (log.touches[step] !== access.TOUCHES_READ) {
      if (log.touches[step] === access.TOUCHES_WRITE) this.#changed();
      else this.#repeats[log.agent[step]!] = 0;
      return this.#spinning;
    }
    const agent = log.agent[step]!;
    const at = agent * this.#locations + log.location[step]!;
    if (this.#seen[at] === this.#change) {
      const repeats = ++this.#repeats[agent]!;
      if (repeats > SPIN_READS) this.#spinning |= 1 << agent;
      if (repeats > SPIN_READS_CUT) this.stuck = agent;
    } else {
      this.#seen[at] = this.#change;
      this.#repeats[agent] = 0;
    }
    return this.#spinning;
  }

  #changed(): void {
    this.#change++;
    if (this.#spinning === 0) return;
    this.stuck = -1;
    this.#spinning = 0;
    this.#repeats.fill(0);
  }
}

/** Runs a program from its start to an end. */
export class Execution {
  readonly #program: Program;
  readonly #maxSteps: number;
  readonly #watch: SpinWatch;
  #strategy: Strategy | undefined;
  #looksAtState = false;
  /** Agents that wait in a loop, a bit each. */
  #spinning = 0;
  /** An agent that the strategy chose and that cannot make a step; else -1. */
  #impossible = -1;
  /** Steps of all executions. */
  steps = 0;

  constructor(program: Program, maxSteps: number) {
    this.#program = program;
    this.#maxSteps = maxSteps;
    this.#watch = new SpinWatch(program);
  }

  /** @throws ScenarioError when the scenario itself is wrong */
  run(strategy: Strategy): EndKind {
    const program = this.#program;
    program.begin();
    this.#watch.begin();
    const end = this.#loop(strategy);
    this.steps += program.log.length;
    return end;
  }

  #loop(strategy: Strategy): EndKind {
    const program = this.#program;
    this.#spinning = 0;
    this.#impossible = -1;
    this.#strategy = strategy;
    this.#looksAtState = strategy.looksAtState !== undefined;
    while (program.fault === undefined) {
      const runnable = program.runnable();
      const end = this.#endAt(runnable);
      if (end !== undefined) return end;
      let agent = strategy.pick(runnable, this.#spinning);
      if (agent !== GIVE_UP && !has(runnable, agent)) throw differs(program, agent);
      while (agent >= 0) {
        agent = program.step(agent, this.#decide);
      }
      if (agent === GIVE_UP) return 'blocked';
      if (this.#impossible >= 0) throw differs(program, this.#impossible);
      if (agent === UNDECIDED) this.#spinning = this.#watch.watch();
    }
    return 'fault';
  }

  /** What a program asks that can let the same CPU go on. */
  readonly #decide = (): number => {
    const strategy = this.#strategy!;
    const program = this.#program;
    if (this.#looksAtState && strategy.looksAtState!(program.log.length)) return UNDECIDED;
    this.#spinning = this.#watch.watch();
    const runnable = program.runnable();
    if (this.#endAt(runnable) !== undefined) return AT_END;
    const agent = strategy.pick(runnable, this.#spinning);
    if (agent < 0 || has(runnable, agent)) return agent;
    this.#impossible = agent;
    return AT_END;
  };

  /** How the execution ends where these agents can run; undefined if it goes on. */
  #endAt(runnable: number): EndKind | undefined {
    const program = this.#program;
    if (runnable === 0) return program.unfinished() === 0 ? 'done' : 'deadlock';
    if (program.log.length >= this.#maxSteps) return 'steps';
    const isStuck = this.#watch.stuck >= 0 && this.#strategy?.needsCuts === true;
    return isStuck && (runnable & ~this.#spinning) !== 0 ? 'cut' : undefined;
  }
}

/** A strategy plans only what it has seen to be possible. */
function differs({ name, log, cpuNames }: Program, agent: number): ScenarioError {
  const cpu = cpuNames[agent % cpuNames.length];
  return new ScenarioError(
    `scenario "${name}" is not deterministic: the same schedule ran differently; ` +
      `after ${log.length} steps cpu "${cpu}" could go on before, and cannot now`,
  );
}
