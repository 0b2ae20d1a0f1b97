/**
 * Makes a failing schedule as simple as it gets: fewest switches first, then fewest stores that
 * wait in a buffer, then fewest steps that depend on another CPU's, then fewest steps. What still
 * fails by the same oracle on the same object is taken, and made simpler again, until nothing
 * helps: no block of steps between two switches can be left out, joined with another of its CPU, or
 * moved (simpler-schedules.ts). Such a schedule may still have a switch too many, since it takes
 * two changes at once to do without; so schedules with fewer switches are tried one by one
 * (fewer-switches.ts). At last, CPUs and operations that the failure does not need are left out.
 */
import { EarlyEnd, operationsBegun, operationsOf } from './early-end.js';
import type { Execution } from './execution.js';
import type { FailureKind } from './explore-error.js';
import { withSwitches } from './fewer-switches.js';
import { hashBytes } from './hash.js';
import { lateFlushes, madeIn, switchesOf, type MadeSchedule } from './made-schedule.js';
import type { Program } from './program.js';
import { GivenSchedule } from './replay-strategy.js';
import { KINDS, withLongerTurn, type Kind } from './simpler-schedules.js';
import { judge, type Verdict } from './verdict.js';

/** Executions that shrinking may take, and milliseconds in which nobody hears of it. */
const REPLAYS_MAX = 5000;
const TIME_MAX = 4000;
/** Longer schedules are left as they are: each try would take too long. */
const STEPS_MAX = 20_000;

/** Of more CPUs nothing is left out: they have too many orders. */
const CPUS_ORDERED = 4;

/** A schedule as it is after shrinking. */
export interface Shrunk {
  readonly agents: Uint8Array;
  /** Executions that it took. */
  readonly replays: number;
  /** No CPU is to make more steps than the schedule has for it. */
  readonly endsEarly: boolean;
}

/** Shrinks a schedule that gave a verdict. */
export function shrink(program: Program, execution: Execution, verdict: Verdict): Shrunk {
  const { log } = program;
  if (log.length > STEPS_MAX) {
    return { agents: log.agent.slice(0, log.length), replays: 0, endsEarly: false };
  }
  const shrinking = new Shrinking(program, execution, verdict);
  shrinking.untilMinimal();
  if (shrinking.tryFewerSwitches()) shrinking.untilMinimal();
  if (shrinking.leaveOut()) shrinking.untilMinimal();
  shrinking.moveSwitchesBehind();
  const { best, replays, endsEarly } = shrinking;
  return { agents: best.agents, replays, endsEarly };
}

/** A schedule on its way to the simplest one. */
class Shrinking {
  best: MadeSchedule;
  replays = 0;
  readonly #program: Program;
  readonly #execution: Execution;
  readonly #key: string;
  readonly #kind: FailureKind;
  readonly #cpus: number;
  readonly #follow: GivenSchedule;
  readonly #deadline = performance.now() + TIME_MAX;
  /** Hashes of what was tried. */
  readonly #tried = new Set<number>();
  /** By CPU: operations that it makes, once some are left out. */
  #limits: readonly number[] | undefined;

  constructor(program: Program, execution: Execution, verdict: Verdict) {
    this.#program = program;
    this.#execution = execution;
    this.#key = verdict.key;
    this.#kind = verdict.kind;
    this.#cpus = program.cpuNames.length;
    this.best = madeIn(program.log, this.#cpus);
    this.#follow = new GivenSchedule(program.log, this.best.agents, false);
  }

  /** Whether CPUs, or the ends of their programs, are left out. */
  get endsEarly(): boolean {
    return this.#limits !== undefined;
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
   * Leaves out CPUs, and operations at the ends of the others, of an execution that fails at its
   * end. What is left must keep its promise while the CPUs run one after the other: else the
   * failure could be that of what is missing, such as a release.
   */
  leaveOut(): boolean {
    const program = this.#program;
    const cpus = this.#cpus;
    if (cpus > CPUS_ORDERED || !this.#fails(this.best.agents)) return false;
    if (program.unfinished() !== 0) return false;
    const steps = stepsOf(this.best.agents, cpus);
    const all = steps.map((made, cpu) => operationsBegun(program, cpu, made));
    for (let cpu = 0; cpu < cpus; cpu++) {
      for (let limit = 0; limit < all[cpu]! && !this.#isOver(); limit++) {
        const limits = (this.#limits ?? all).map((old, other) => (other === cpu ? limit : old));
        if (this.#tryLimits(limits)) break;
      }
    }
    this.#tried.clear();
    return this.endsEarly;
  }

  #tryLimits(limits: readonly number[]): boolean {
    if (!this.#fails(this.best.agents, limits)) return false;
    const made = madeIn(this.#program.log, this.#cpus);
    if (!isSimpler(made, this.best, this.#cpus) || !this.#isSound(limits)) return false;
    this.best = made;
    this.#limits = limits;
    return true;
  }

  /** Whether the CPUs keep the promise one after the other, in whatever order. */
  #isSound(limits: readonly number[]): boolean {
    if (this.#kind === 'data-race') return true; // nothing that is missing makes one
    const cpus = Array.from({ length: this.#cpus }, (_, cpu) => cpu);
    const { agents } = this.best;
    return ordersOf(cpus).every((order) => {
      const one = order.flatMap((cpu) => [
        ...agents.filter((agent) => agent % cpus.length === cpu),
      ]);
      return this.#verdictOf(Uint8Array.from(one), limits) === undefined;
    });
  }

  /**
   * Lets each turn go on as long as it can without making the schedule less simple: up to an access
   * that another CPU could notice, where a reader looks for the switch.
   */
  moveSwitchesBehind(): void {
    for (let turn = 0; turn <= switchesOf(this.best.agents, this.#cpus); turn++) {
      for (const candidate of withLongerTurn(this.best, this.#cpus, turn)) {
        if (this.#isOver()) return;
        if (!this.#fails(candidate)) continue;
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
    if (!this.#fails(agents)) return false;
    const made = madeIn(this.#program.log, this.#cpus);
    if (!isSimpler(made, this.best, this.#cpus)) return false;
    this.best = made;
    return true;
  }

  #fails(agents: Uint8Array, limits = this.#limits): boolean {
    return this.#verdictOf(agents, limits)?.key === this.#key;
  }

  #verdictOf(agents: Uint8Array, limits: readonly number[] | undefined): Verdict | undefined {
    const [program, execution] = [this.#program, this.#execution];
    this.replays++;
    if (limits === undefined) {
      this.#follow.follow(agents);
      return judge(program, execution.run(this.#follow));
    }
    const strategy = new EarlyEnd(program, agents, operationsOf(program, limits));
    return judge(program, strategy.endOf(execution.run(strategy)));
  }

  #isOver(): boolean {
    return this.replays >= REPLAYS_MAX || performance.now() >= this.#deadline;
  }
}

/** All orders of a few things. */
function ordersOf(things: readonly number[]): number[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((first) =>
    ordersOf(things.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

/** The steps that a schedule has for each CPU, those of its store buffer aside. */
function stepsOf(agents: Uint8Array, cpus: number): number[] {
  return Array.from({ length: cpus }, (_, cpu) => agents.filter((agent) => agent === cpu).length);
}

function isSimpler(made: MadeSchedule, best: MadeSchedule, cpus: number): boolean {
  const fewer = switchesOf(made.agents, cpus) - switchesOf(best.agents, cpus);
  if (fewer !== 0) return fewer < 0;
  const earlier = lateFlushes(made, cpus).length - lateFlushes(best, cpus).length;
  if (earlier !== 0) return earlier < 0;
  const closer = made.dependent - best.dependent;
  return closer < 0 || (closer === 0 && made.agents.length < best.agents.length);
}
