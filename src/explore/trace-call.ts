/** A call that a CPU of a scenario has made in an execution, as text. */

/** One call of a process, or of pages. */
export interface TraceCall {
  readonly cpu: number;
  readonly name: string;
  /** With its arguments: `munmap(0x7ffff7ffe000, 4096)`. */
  readonly call: string;
  /** What it gave, or the error; undefined while it has not ended. */
  readonly result: string | undefined;
  /** Steps of the execution before it began, and before it ended. */
  readonly start: number;
  readonly end: number | undefined;
}
