import { MACHINE_BASE } from './wasm/generated/layout.js';
import { offsetOf, type CoreViews } from './wasm/views.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

const CLOCK = MACHINE_BASE + offsetOf('MachineState', 'clock');

/** The machine's clock: milliseconds that pass only when every CPU sleeps, at no real cost. */
export class VirtualClock {
  readonly #views: CoreViews;
  /** By due time; those due together in the order in which they were set. */
  readonly #timers: Timer[] = [];

  constructor(views: CoreViews) {
    this.#views = views;
  }

  /** Milliseconds since the machine was booted. */
  now(): number {
    return this.#views.f64At(CLOCK);
  }

  /** True while nothing is to be called back. */
  get isIdle(): boolean {
    return this.#timers.length === 0;
  }

  /** Forgets what was to be called back. */
  clear(): void {
    this.#timers.length = 0;
  }

  /** Calls back when the clock gets to `due`; a time that has passed means at the next advance. */
  at(due: number, callback: () => void): void {
    const behind = this.#timers.findIndex((timer) => timer.due > due);
    this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, { due, callback });
  }

  /** Moves the clock to `time`, and runs on the way whatever is due. */
  advanceTo(time: number): void {
    for (;;) {
      const [next] = this.#timers;
      if (next === undefined || next.due > time) break;
      this.#timers.shift();
      this.#set(Math.max(this.now(), next.due));
      next.callback();
    }
    this.#set(Math.max(this.now(), time)); // a callback may have advanced it further
  }

  /** As `advanceTo`, but callbacks that throw do not stop it: returns what they have thrown. */
  sleepUntil(time: number): unknown[] {
    const errors: unknown[] = [];
    while (this.now() < time) {
      try {
        this.advanceTo(time);
      } catch (thrown) {
        errors.push(thrown);
      }
    }
    return errors;
  }

  #set(time: number): void {
    this.#views.setF64(CLOCK, time);
  }
}
