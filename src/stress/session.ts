/**
 * The threads of a stress run, as the caller's thread sees them: it starts them, looks on, and ends
 * them. It never waits for one, so a thread that hangs, in the core or in the scenario, is found.
 */
import { startStressThread } from '#platform';
import { ScenarioError } from '../explore/scenario.js';
import type { StressThread } from '../platform/types.js';
import { MACHINE_CLOSED, MACHINE_RUNNING } from '../wasm/generated/layout.js';
import { CoreViews } from '../wasm/views.js';
import { deedsOf } from './conductor.js';
import { Control, STOP_ASKED, STOP_HUNG } from './control.js';
import { CHECK, IDLE, OWN_CODE, SETUP, VERIFY } from './deeds.js';
import type { Booted, Counts, SentFailure, ThreadData, ThreadMessage } from './protocol.js';

/** Milliseconds between two looks. */
const LOOK = 50;
/** Looks that come late (a machine that was asleep) count as so many milliseconds at most. */
const LOOK_MAX = 4 * LOOK;
/** What threads get to report once they were told to stop (ms). */
const GRACE = 1000;

/** How a session ended. */
export interface SessionEnd {
  readonly counts: Counts;
  readonly booted: Booted | undefined;
  /** A round that did not end. */
  readonly hang: SentFailure | undefined;
}

const NOTHING: Counts = { rounds: 0, failures: 0, outcomes: [], kinds: [] };

/** Milliseconds that may pass without anything new. */
export interface Patience {
  /** While the module is loaded and setup runs for the first time. */
  readonly loading: number;
  readonly round: number;
}

/** One set of threads, from their start to their end. */
export class Session {
  readonly #data: ThreadData;
  readonly #patience: Patience;
  readonly #onCounts: (counts: Counts) => void;
  readonly #threads: StressThread[] = [];
  /** Threads that have done their part. */
  readonly #left = new Set<number>();
  #counts = NOTHING;
  #booted: Booted | undefined;
  #control: Control | undefined;
  #hang: SentFailure | undefined;
  /** What was seen at the last look, and for how many ms it has been the same. */
  #seen = '';
  #same = 0;
  #lastLook = 0;
  /** Counts of what each CPU did when the round seemed to hang first. */
  #deeds: readonly number[] | undefined;
  #settle: { resolve(end: SessionEnd): void; reject(error: Error): void } | undefined;

  constructor(data: ThreadData, patience: Patience, onCounts: (counts: Counts) => void) {
    this.#data = data;
    this.#patience = patience;
    this.#onCounts = onCounts;
  }

  /**
   * Runs until all rounds are run, or somebody stops it.
   * @throws ScenarioError when the scenario itself is wrong
   */
  async run(signal: AbortSignal | undefined): Promise<SessionEnd> {
    const ended = new Promise<SessionEnd>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const abort = (): void => this.#stop(STOP_ASKED);
    signal?.addEventListener('abort', abort);
    this.#lastLook = performance.now();
    const timer = setInterval(() => this.#look(), LOOK);
    try {
      this.#start(this.#data);
      if (signal?.aborted === true) abort();
      return await ended;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      await Promise.all(this.#threads.map((thread) => thread.terminate()));
    }
  }

  #start(data: ThreadData): void {
    const number = this.#threads.length;
    const thread = startStressThread(data, {
      onMessage: (message) => this.#hear(number, message),
      onDeath: (reason) => this.#died(number, reason),
    });
    this.#threads.push(thread);
  }

  #hear(thread: number, message: ThreadMessage): void {
    if ('left' in message) {
      this.#left.add(thread);
    } else if ('fault' in message) {
      this.#settle?.reject(new ScenarioError(message.fault));
    } else if ('booted' in message) {
      this.#booted = message.booted;
      const { control, cpuNames } = message.booted;
      this.#control = new Control(control, cpuNames.length, 0);
      for (let cpu = 1; cpu < cpuNames.length; cpu++) {
        this.#start({ ...this.#data, part: { ...message.booted, cpu } });
      }
    } else {
      this.#counts = 'ended' in message ? message.ended : message.counts;
      this.#onCounts(this.#counts);
      if ('ended' in message) this.#end();
    }
  }

  #died(thread: number, reason: string): void {
    if (this.#left.has(thread)) return;
    const cpu = this.#booted?.cpuNames[thread] ?? 'the first CPU';
    this.#settle?.reject(new ScenarioError(`the thread of "${cpu}" has ended: ${reason}`));
  }

  #end(): void {
    this.#settle?.resolve({ counts: this.#counts, booted: this.#booted, hang: this.#hang });
  }

  /** Tells all threads to stop; those that cannot are ended a little later. */
  #stop(reason: number): void {
    if (this.#control === undefined) {
      this.#end();
      return;
    }
    this.#control.stop(reason);
    setTimeout(() => this.#end(), GRACE).unref?.();
    const memory = this.#booted?.stage.machine?.memory;
    if (memory === undefined || reason === STOP_ASKED) return;
    const views = new CoreViews(memory);
    const state = views.machineWord('state');
    Atomics.compareExchange(views.i32, state, MACHINE_RUNNING, MACHINE_CLOSED);
  }

  /** Looks whether the round goes on. */
  #look(): void {
    const now = performance.now();
    const passed = Math.min(now - this.#lastLook, LOOK_MAX);
    this.#lastLook = now;
    const control = this.#control;
    if (control !== undefined && control.stopReason !== 0) return;
    const seen = control === undefined ? 'loading' : `round ${control.round}`;
    this.#same = seen === this.#seen ? this.#same + passed : 0;
    this.#seen = seen;
    if (this.#same === 0) this.#deeds = undefined;
    const isLoading = control === undefined || control.round === 0;
    const patience = isLoading ? this.#patience.loading : this.#patience.round;
    if (this.#same >= patience / 2 && this.#deeds === undefined) {
      this.#deeds = this.#booted?.cpuNames.map((_, cpu) => control?.deedOf(cpu).count ?? 0) ?? [];
    }
    if (this.#same >= patience) this.#hangs();
  }

  #hangs(): void {
    const control = this.#control;
    const names = this.#booted?.cpuNames ?? [];
    if (control === undefined || control.round === 0) {
      const what = 'it never ends: the file or setup runs on';
      this.#settle?.reject(new ScenarioError(what));
      return;
    }
    const deeds = names.map((_, cpu) => control.deedOf(cpu));
    const own = deeds.findIndex(({ what }) => what === SETUP || what === CHECK);
    const endless = deeds.findIndex(
      ({ what, count }, cpu) => what === OWN_CODE && count === this.#deeds?.[cpu],
    );
    if (own >= 0 || endless >= 0) {
      const where = own >= 0 ? 'setup or check' : `cpu "${names[endless]}"`;
      const what = `it never ends: ${where} runs on without yielding an operation`;
      this.#settle?.reject(new ScenarioError(what));
      return;
    }
    this.#hang = this.#hangOf(control, names);
    this.#stop(STOP_HUNG);
  }

  #hangOf(control: Control, names: readonly string[]): SentFailure {
    const cpus = deedsOf(control, names);
    const stuck = cpus
      .filter(({ doing }) => doing !== undefined)
      .map(({ name, doing }) => {
        return `"${name}" is ${doing}`;
      });
    const isQuiet = [IDLE, VERIFY].includes(control.deedOf(0).what);
    const seconds = this.#patience.round / 1000;
    const what = isQuiet && stuck.length === 0 ? 'the check of the machine' : 'the round';
    const message = `${what} did not end within ${seconds} s: ${stuck.join('; ')}`;
    const error = { kind: 'hang', name: 'Hang', message, stack: undefined, events: [] } as const;
    return { error, round: control.round, cpu: -1, cpus };
  }
}
