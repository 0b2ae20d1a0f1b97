/**
 * Makes a failing schedule as simple as it gets: fewest switches first, then fewest stores that
 * wait in a buffer, then fewest steps that depend on another CPU's, then fewest steps. What still
 * fails by the same oracle on the same object is taken, and made simpler again, until nothing
 * helps: no block of steps between two switches can be left out, joined with another of its CPU, or
 * moved (simpler-schedules.ts). Such a schedule may still have a switch too many, since it takes
 * two changes at once to do without; so schedules with fewer switches are tried one by one
 * (fewer-switches.ts).
 */
import type { Execution } from './execution.js';
import { withSwitches } from './fewer-switches.js';
import { hashBytes } from './hash.js';
import { lateFlushes, madeIn, switchesOf, type MadeSchedule } from './made-schedule.js';
import type { Program } from './program.js';
import { GivenSchedule } from './replay-strategy.js';
import { KINDS, withLongerTurn, type Kind } from './simpler-schedules.js';
import { judge, type Verdict } from './verdict.js';

/** Executions that shrinking may take, and milliseconds. */
const REPLAYS_MAX = 5000;
const TIME_MAX = 10_000;
/** Longer schedules are left as they are: each try would take too long. */
const STEPS_MAX = 20_000;

/** A schedule as it is after shrinking. */
export interface Shrunk {
  readonly agents: Uint8Array;
  /** Executions that it took. */
  readonly replays: number;
}

/** Shrinks a schedule that gave a verdict. */
export function shrink(program: Program, execution: Execution, verdict: Verdict): Shrunk {
  const { log } = program;
  if (log.length > STEPS_MAX) return { agents: log.agent.slice(0, log.length), replays: 0 };
  const shrinking = new Shrinking(program, execution, verdict);
  shrinking.untilMinimal();
  if (shrinking.tryFewerSwitches()) shrinking.untilMinimal();
  shrinking.moveSwitchesBehind();
  return { agents: shrinking.best.agents, replays: shrinking.replays };
}

/** A schedule on its way to the simplest one. */
class Shrinking {
  best: MadeSchedule;
  replays = 0;
  readonly #program: Program;
  readonly #execution: Execution;
  readonly #key: string;
  readonly #cpus: number;
  readonly #follow: GivenSchedule;
  readonly #deadline = performance.now() + TIME_MAX;
  /** Hashes of what was tried. */
  readonly #tried = new Set<number>();

  constructor(program: Program, execution: Execution, verdict: Verdict) {
    this.#program = program;
    this.#execution = execution;
    this.#key = verdict.key;
    this.#cpus = program.cpuNames.length;
    this.best = madeIn(program.log, this.#cpus);
    this.#follow = new GivenSchedule(program.log, this.best.agents, false);
  }

  /** Takes whatever is simpler, until a whole round of tries has found nothing. */
  untilMinimal(): void {
    let isBetter = true;
    while (isBetter) {
      isBetter = false;
      for (const kind of KINDS) {
        while (this.#tryKind(kind)) isBetter = true;
      }
    }
  }

  /** Looks for a schedule with fewer switches, from the fewest on. */
  tryFewerSwitches(): boolean {
    const { agents, meetings } = this.best;
    const cpus = this.#cpus;
    const least = new Set(agents.map((agent) => agent % cpus)).size - 1;
    for (let switches = least; switches < switchesOf(agents, cpus); switches++) {
      for (const candidate of withSwitches(switches, agents, cpus, meetings)) {
        if (this.#isOver()) return false;
        if (this.#try(candidate)) return true;
      }
    }
    return false;
  }

  /**
   * Lets each turn go on as long as it can without making the schedule less simple: up to an access
   * that another CPU could notice, where a reader looks for the switch.
   */
  moveSwitchesBehind(): void {
    for (let turn = 0; turn <= switchesOf(this.best.agents, this.#cpus); turn++) {
      for (const candidate of withLongerTurn(this.best, this.#cpus, turn)) {
        if (this.#isOver()) return;
        if (!this.#run(candidate)) continue;
        const made = madeIn(this.#program.log, this.#cpus);
        if (isSimpler(this.best, made, this.#cpus)) continue;
        this.best = made;
        break;
      }
    }
  }

  #tryKind(kind: Kind): boolean {
    for (const candidate of kind(this.best, this.#cpus)) {
      if (this.#isOver()) return false;
      if (this.#try(candidate)) return true;
    }
    return false;
  }

  /** Whether a schedule fails in the same way and has become simpler; then it is the best. */
  #try(agents: Uint8Array): boolean {
    const hash = hashBytes(agents);
    if (this.#tried.has(hash)) return false;
    this.#tried.add(hash);
    if (!this.#run(agents)) return false;
    const made = madeIn(this.#program.log, this.#cpus);
    if (!isSimpler(made, this.best, this.#cpus)) return false;
    this.best = made;
    return true;
  }

  #run(agents: Uint8Array): boolean {
    this.replays++;
    this.#follow.follow(agents);
    const end = this.#execution.run(this.#follow);
    return judge(this.#program, end)?.key === this.#key;
  }

  #isOver(): boolean {
    return this.replays >= REPLAYS_MAX || performance.now() >= this.#deadline;
  }
}

function isSimpler(made: MadeSchedule, best: MadeSchedule, cpus: number): boolean {
  const fewer = switchesOf(made.agents, cpus) - switchesOf(best.agents, cpus);
  if (fewer !== 0) return fewer < 0;
  const earlier = lateFlushes(made, cpus).length - lateFlushes(best, cpus).length;
  if (earlier !== 0) return earlier < 0;
  const closer = made.dependent - best.dependent;
  return closer < 0 || (closer === 0 && made.agents.length < best.agents.length);
}
