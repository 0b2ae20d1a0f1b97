/** What one call of the core gave, and the scratch page behind it. */
export interface SetupResult {
  readonly result: unknown;
  readonly scratch: Uint8Array;
}

/**
 * Setup runs before every execution, so that each begins with handles of its own; but what it asks
 * of the core is asked only once. Later runs get the results from here, and the memory is put back
 * to what it was behind the first.
 */
export class SetupLog {
  /** What the calls gave, in order; another thread may go on with them. */
  readonly results: SetupResult[];
  #at = 0;
  #mode: 'off' | 'record' | 'replay' = 'off';
  #isRecorded: boolean;

  /** @param results - of a setup that has run already, elsewhere */
  constructor(results?: SetupResult[]) {
    this.results = results ?? [];
    this.#isRecorded = results !== undefined;
  }

  /** Runs setup; the first time for real. */
  run<T>(setup: () => T): T {
    this.#mode = this.#isRecorded ? 'replay' : 'record';
    this.#isRecorded = true;
    this.#at = 0;
    try {
      return setup();
    } finally {
      this.#mode = 'off';
    }
  }

  /** True while results come from the log. */
  get isReplaying(): boolean {
    return this.#mode === 'replay';
  }

  /** The next result of the log; puts the scratch page that was behind it into `scratch`. */
  take(scratch: Uint8Array): unknown {
    const entry = this.results[this.#at++];
    if (entry === undefined) throw new TypeError('setup did more when it ran again');
    scratch.set(entry.scratch);
    return entry.result;
  }

  /** Notes a result, if setup runs for the first time. */
  note(result: unknown, scratch: Uint8Array): void {
    if (this.#mode === 'record') this.results.push({ result, scratch: scratch.slice() });
  }
}
