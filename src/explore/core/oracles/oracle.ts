import type { ResolvedOptions } from '../../../options.js';
import type { CoreViews } from '../../../wasm/views.js';
import type { EventLog } from '../../event-log.js';
import type { ExploreError } from '../../explore-error.js';

/**
 * What an oracle is: it watches the executions of a scenario on the real core, and says when a
 * promise is broken that no scenario has to ask for. It sees the core's notes (SchedNote), each
 * access at the moment when it is made, and the state at the end; of these it takes what it needs.
 */
export interface Oracle {
  /** Setup has run: each execution begins with what is known now. */
  keep?(): void;
  /** An execution begins. */
  begin?(): void;
  /** Something has happened to an object; CPU -1 is setup. */
  note?(cpu: number, note: number, address: number, detail: number, behind: number): void;
  /** A CPU makes an access of so many bytes; an error ends the execution before it. */
  access?(cpu: number, address: number, op: number, size: number): ExploreError | undefined;
  /**
   * What decides, beside the memory of the machine, what it finds later: states of the machine are
   * equal only if this is, too.
   */
  eachPart?(take: (part: number) => void): void;
  /** All CPUs have ended, and nobody has looked at the machine yet. */
  end?(): ExploreError | undefined;
}

/** What oracles work with. */
export interface OracleContext {
  readonly views: CoreViews;
  readonly options: ResolvedOptions;
  readonly cpuNames: readonly string[];
  /** The steps of the execution under way. */
  readonly log: EventLog;
  /** The number of the step under way. */
  step(): number;
  /**
   * Where in the core the CPU stands that runs, but for functions in files that match `skip`; takes
   * long, and is undefined while nobody wants to know, unless `always` is set.
   */
  place(skip?: RegExp, always?: boolean): string | undefined;
  /** Where a CPU stands that is about to make an access. */
  placeOf(cpu: number): string | undefined;
  /** Where the access of a step stood, while somebody wants to know. */
  placeOfStep(step: number): string | undefined;
  /** A readable name of an address. */
  nameOf(address: number): string;
}

/** ` (put_anon_vma anon_vma.ts:213)`, or nothing. */
export function inBrackets(place: string | undefined): string {
  return place === undefined ? '' : ` (${place})`;
}

/** A CPU by its name in the scenario; what setup did has no CPU. */
export function cpuName(context: OracleContext, cpu: number): string {
  return cpu < 0 ? 'setup' : `"${context.cpuNames[cpu]}"`;
}
