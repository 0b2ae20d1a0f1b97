/** Thread 0: runs round after round together with the others, and judges each. */
import { MachinePanicError } from '../errors.js';
import type { Scenario } from '../explore/scenario.js';
import { ScenarioError } from '../explore/scenario.js';
import { applyChanges, pathText } from './carry.js';
import { END, RUN_ROUND, STOPPED, TELL_CALLS, type Control } from './control.js';
import { CHECK, ENDED, IDLE, VERIFY, deedText } from './deeds.js';
import { Player } from './player.js';
import type { Counts, RoundReport, SentFailure, StressCpu, ThreadData } from './protocol.js';
import type { Stage } from './stage.js';
import { Tally } from './tally.js';
import { sentError, type SentError } from './thread-cpu.js';
import type { StressCall } from './call-log.js';

/** Milliseconds between two messages with what was counted. */
const TELL_EVERY = 200;
/** The shortest time of a CPU grows so much a round, until there is a shorter one. */
const FORGET = 1.02;
/** What a race takes before the first one was timed (ms). */
const FIRST_GUESS = 0.05;

/** Conducts all rounds of a run. */
export class Conductor {
  readonly #scenario: Scenario;
  readonly #names: readonly string[];
  readonly #data: ThreadData;
  readonly #stage: Stage;
  readonly #control: Control;
  readonly #player: Player;
  readonly #tally = new Tally();
  /** By CPU: the shortest time that its program took of late (ms). */
  readonly #least: number[] = [];
  readonly #tell: (counts: Counts) => void;

  constructor(
    scenario: Scenario,
    data: ThreadData,
    stage: Stage,
    control: Control,
    tell: (counts: Counts) => void,
  ) {
    this.#scenario = scenario;
    this.#names = Object.keys(scenario.cpus);
    this.#data = data;
    this.#stage = stage;
    this.#control = control;
    this.#player = new Player(scenario, 0, stage, control);
    this.#tell = tell;
    control.raceTime = FIRST_GUESS;
  }

  /**
   * Runs the rounds; gives what was counted, also when everybody was told to stop.
   * @throws ScenarioError when the scenario itself is wrong
   */
  run(): Counts {
    try {
      this.#control.awaitReady(this.#names.length - 1);
      this.#rounds();
      this.#control.command(END, this.#control.round);
    } catch (error) {
      if (error !== STOPPED) throw error;
    }
    return this.#tally.counts;
  }

  #rounds(): void {
    const { from, rounds, milliseconds, stopOnFailure } = this.#data;
    const started = performance.now();
    let told = started;
    for (let at = 0; at < rounds; at++) {
      this.#round(from + at);
      const now = performance.now();
      if (stopOnFailure && this.#tally.failures > 0) break;
      if (now - started >= milliseconds || this.#control.stopReason !== 0) break;
      if (now - told < TELL_EVERY) continue;
      told = now;
      this.#tell(this.#tally.counts);
    }
  }

  #round(round: number): void {
    const control = this.#control;
    this.#stage.setWords();
    control.command(RUN_ROUND, round);
    const own = this.#player.play(round, this.#data.seed);
    control.done();
    control.awaitDone(this.#names.length);
    const reports = this.#names.map((_, cpu) =>
      cpu === 0 ? own : (control.reportOf(cpu) as RoundReport),
    );
    const fault = reports.find((report) => report.fault !== undefined)?.fault;
    if (fault !== undefined) throw new ScenarioError(fault);
    if (control.stopReason !== 0) throw STOPPED;
    this.#time(reports);
    this.#judge(round, reports);
    this.#stage.restore();
    control.doing(0, IDLE);
    this.#tally.rounds++;
  }

  /** Learns how long a race takes: the shortest of late, since a CPU may have waited for others. */
  #time(reports: readonly RoundReport[]): void {
    for (const [cpu, { busy }] of reports.entries()) {
      this.#least[cpu] = Math.min(busy, (this.#least[cpu] ?? busy) * FORGET);
    }
    this.#control.raceTime = 2 * Math.max(...this.#least);
  }

  #judge(round: number, reports: readonly RoundReport[]): void {
    let first: { at: number; error: SentError; cpu: number } | undefined;
    for (const [cpu, { at, error }] of reports.entries()) {
      if (error !== undefined && (first === undefined || at < first.at)) first = { at, error, cpu };
    }
    if (first !== undefined) {
      this.#tally.fail(this.#failure(first.error, round, first.cpu));
      return;
    }
    this.#tally.count(reports.flatMap(({ outcomes }) => outcomes).join(' '));
    this.#merge(reports);
    const error = this.#check() ?? this.#verify();
    if (error !== undefined) this.#tally.fail(this.#failure(error, round, -1));
  }

  /** Brings what the CPUs wrote to their contexts to this thread's, in the order of their ends. */
  #merge(reports: readonly RoundReport[]): void {
    const owners = new Map<string, number>();
    const order = [...reports.keys()].sort((a, b) => reports[a]!.at - reports[b]!.at);
    for (const cpu of order) {
      const { changes } = reports[cpu]!;
      for (const { path, value } of changes) {
        const key = JSON.stringify(path);
        const owner = owners.get(key);
        if (owner !== undefined && isList(value)) throw this.#shared(path, owner, cpu);
        owners.set(key, cpu);
      }
      if (cpu === 0) continue;
      applyChanges(this.#player.context, changes, this.#stage.kernel, this.#player.cpu.call);
    }
  }

  #check(): SentError | undefined {
    this.#control.doing(0, CHECK);
    this.#stage.getWords();
    try {
      this.#scenario.check?.(this.#stage.machine, this.#player.context);
      return undefined;
    } catch (error) {
      if (error instanceof ScenarioError) throw error;
      return sentError(error, error instanceof MachinePanicError ? 'panic' : 'check');
    }
  }

  #verify(): SentError | undefined {
    this.#control.doing(0, VERIFY);
    try {
      const message = this.#stage.verify();
      return message === undefined ? undefined : sentError(new Error(message), 'invariant');
    } catch (error) {
      return sentError(error, 'panic');
    }
  }

  /** Asks all CPUs what they did, if this is the failure that is shown. */
  #failure(error: SentError, round: number, cpu: number): SentFailure {
    if (this.#tally.failures > 0) return { error, round, cpu, cpus: [] };
    const control = this.#control;
    control.command(TELL_CALLS, round);
    control.awaitDone(this.#names.length - 1);
    const calls = this.#names.map((_, at) =>
      at === 0 ? this.#player.cpu.log.told() : (control.reportOf(at) as StressCall[]),
    );
    const cpus = this.#names.map((name, at) => ({
      name,
      doing: undefined,
      calls: calls[at] ?? [],
    }));
    return { error, round, cpu, cpus };
  }

  #shared(path: readonly (string | number)[], one: number, other: number): ScenarioError {
    const names = [one, other].map((cpu) => `"${this.#names[cpu]}"`).join(' and ');
    return new ScenarioError(
      `scenario "${this.#scenario.name}": the CPUs ${names} both change the list ` +
        `${pathText(path)}, which threads do not share: give each CPU a list of its own, or words`,
    );
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

/** What CPUs do at this moment, for the report of a hang. */
export function deedsOf(control: Control, names: readonly string[]): StressCpu[] {
  return names.map((name, cpu) => {
    const { what, where } = control.deedOf(cpu);
    const doing = what === ENDED || what === IDLE ? undefined : deedText(what, where);
    return { name, doing, calls: [] };
  });
}
