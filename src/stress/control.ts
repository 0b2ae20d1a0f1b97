/**
 * The words by which the threads of a stress run work together, and where each leaves its report.
 *
 * Thread 0 conducts. It writes a command and raises `signal`; the others do what it says and count
 * themselves in `done`. For a round that is: prepare, count yourself in `arrived`; who comes last
 * opens the gate, and all run. Whoever waits spins first, since a thread that sleeps starts late,
 * and looks at `stop` from time to time: the caller's thread raises it, and then nobody waits on.
 */

/** Words a line: no two of these words shall share a line of the cache. */
const LINE = 16;
const SIGNAL = 0;
const COMMAND = LINE;
const ROUND = 2 * LINE;
const ARRIVED = 3 * LINE;
const GATE = 4 * LINE;
const DONE = 5 * LINE;
const ASLEEP = 6 * LINE;
const ABANDONED = 7 * LINE;
const STOP = 8 * LINE;
const READY = 9 * LINE;
const RACE_TIME = 10 * LINE;
const CPUS = 11 * LINE;
const DOING = 0;
const WHERE = 1;
const REPORT_LENGTH = 2;

/** No sleep is longer (ms) without a look at `stop`. */
const SLEEP = 5;
/** Spins between two looks at the clock. */
const SPINS = 50;
/** Bytes of a report. */
const REPORT_SIZE = 1 << 18;

/** A command: run a round, and report. */
export const RUN_ROUND = 1;
/** A command: report the calls of the round before. */
export const TELL_CALLS = 2;
/** A command: there is nothing more to do. */
export const END = 3;

/** Everybody stops because the caller has asked. */
export const STOP_ASKED = 1;
/** Everybody stops because a round did not end. */
export const STOP_HUNG = 2;

/** Thrown by whoever waits when all shall stop. */
export const STOPPED = new Error('the threads shall stop: for them alone');

/** What the threads of one run share. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly #cpus: number;
  readonly #words: Int32Array;
  readonly #spin: number;

  /** @param spin - milliseconds to spin before a thread sleeps */
  constructor(buffer: SharedArrayBuffer, cpus: number, spin: number) {
    this.buffer = buffer;
    this.#cpus = cpus;
    this.#words = new Int32Array(buffer);
    this.#spin = spin;
  }

  /** The control of a new run. */
  static create(cpus: number, spin: number): Control {
    const bytes = (CPUS + cpus * LINE) * 4 + cpus * REPORT_SIZE;
    return new Control(new SharedArrayBuffer(bytes), cpus, spin);
  }

  /** The round under way. */
  get round(): number {
    return Atomics.load(this.#words, ROUND);
  }

  /** Why all shall stop; 0 while they need not. */
  get stopReason(): number {
    return Atomics.load(this.#words, STOP);
  }

  /** Milliseconds that races of late took. */
  get raceTime(): number {
    return this.#words[RACE_TIME]! / 1e6;
  }

  set raceTime(ms: number) {
    this.#words[RACE_TIME] = Math.min(ms, 1000) * 1e6;
  }

  /** Of the caller: everybody shall stop. */
  stop(reason: number): void {
    Atomics.compareExchange(this.#words, STOP, 0, reason);
    for (const cell of [SIGNAL, GATE, DONE, READY]) Atomics.notify(this.#words, cell);
  }

  /** A thread has loaded everything. */
  ready(): void {
    Atomics.add(this.#words, READY, 1);
    Atomics.notify(this.#words, READY);
  }

  /** Waits until so many threads are ready. */
  awaitReady(threads: number): void {
    this.#await(READY, (ready) => ready >= threads);
  }

  /** Of thread 0: says what the others do next. */
  command(command: number, round: number): void {
    const words = this.#words;
    for (const cell of [ARRIVED, GATE, DONE, ASLEEP, ABANDONED]) Atomics.store(words, cell, 0);
    Atomics.store(words, ROUND, round);
    Atomics.store(words, COMMAND, command);
    Atomics.add(words, SIGNAL, 1);
    Atomics.notify(words, SIGNAL);
  }

  /** Of the others: waits for the command behind number `signal`. */
  awaitCommand(signal: number): number {
    this.#await(SIGNAL, (now) => now !== signal);
    return Atomics.load(this.#words, COMMAND);
  }

  /** Commands so far. */
  get signal(): number {
    return Atomics.load(this.#words, SIGNAL);
  }

  /** Waits until every CPU has come here. */
  meet(): void {
    if (Atomics.add(this.#words, ARRIVED, 1) + 1 < this.#cpus) {
      this.#await(GATE, (open) => open !== 0);
      return;
    }
    Atomics.store(this.#words, GATE, 1);
    Atomics.notify(this.#words, GATE);
  }

  /** A thread has done what it was told. */
  done(): void {
    Atomics.add(this.#words, DONE, 1);
    Atomics.notify(this.#words, DONE);
  }

  /** Waits until so many threads have. */
  awaitDone(threads: number): void {
    this.#await(DONE, (done) => done >= threads);
  }

  /** The round is decided: who waits for somebody, at the gate or behind it, waits in vain. */
  abandon(): void {
    Atomics.store(this.#words, ABANDONED, 1);
    Atomics.store(this.#words, GATE, 1);
    Atomics.notify(this.#words, GATE);
  }

  /** Whether the round is decided, or all shall stop. */
  get isAbandoned(): boolean {
    return Atomics.load(this.#words, ABANDONED) !== 0 || this.stopReason !== 0;
  }

  /** A CPU sleeps for up to so many ms; it wakes early when nobody else runs. */
  sleep(ms: number): void {
    const words = this.#words;
    const until = performance.now() + ms;
    Atomics.add(words, ASLEEP, 1);
    while (performance.now() < until && !this.isAbandoned) {
      if (Atomics.load(words, ASLEEP) + Atomics.load(words, DONE) >= this.#cpus) break;
    }
    Atomics.sub(words, ASLEEP, 1);
  }

  /** Notes what a CPU does, and with which word. Also counts, so that a loop can be seen. */
  doing(cpu: number, what: number, where = 0): void {
    const at = CPUS + cpu * LINE;
    this.#words[at + WHERE] = where;
    this.#words[at + DOING] = (((this.#words[at + DOING]! >> 10) + 1) << 10) | what;
  }

  /** What `doing` has noted, with its count. */
  deedOf(cpu: number): { readonly what: number; readonly where: number; readonly count: number } {
    const at = CPUS + cpu * LINE;
    const word = Atomics.load(this.#words, at + DOING);
    return { what: word & 0x3ff, where: this.#words[at + WHERE]!, count: word >> 10 };
  }

  /** Leaves a report. False if it is too long. */
  report(cpu: number, report: object): boolean {
    const bytes = new TextEncoder().encode(JSON.stringify(report));
    const isFitting = bytes.length <= REPORT_SIZE;
    if (isFitting) this.#reportOf(cpu).set(bytes);
    const length = isFitting ? bytes.length : 0;
    Atomics.store(this.#words, CPUS + cpu * LINE + REPORT_LENGTH, length);
    return isFitting;
  }

  /** The report that a CPU has left; undefined if there is none. */
  reportOf(cpu: number): unknown {
    const length = Atomics.load(this.#words, CPUS + cpu * LINE + REPORT_LENGTH);
    if (length === 0) return undefined;
    return JSON.parse(new TextDecoder().decode(this.#reportOf(cpu).slice(0, length)));
  }

  /** Forgets the reports of all CPUs. */
  clearReports(): void {
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      Atomics.store(this.#words, CPUS + cpu * LINE + REPORT_LENGTH, 0);
    }
  }

  #reportOf(cpu: number): Uint8Array {
    const start = (CPUS + this.#cpus * LINE) * 4 + cpu * REPORT_SIZE;
    return new Uint8Array(this.buffer, start, REPORT_SIZE);
  }

  /** @throws STOPPED when all shall stop */
  #await(cell: number, isSo: (value: number) => boolean): void {
    const words = this.#words;
    const until = performance.now() + this.#spin;
    do {
      for (let i = 0; i < SPINS; i++) if (isSo(Atomics.load(words, cell))) return;
    } while (performance.now() < until);
    for (;;) {
      const value = Atomics.load(words, cell);
      if (isSo(value)) return;
      if (this.stopReason !== 0) throw STOPPED;
      Atomics.wait(words, cell, value, SLEEP);
    }
  }
}
