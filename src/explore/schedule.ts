/**
 * A schedule as a line that can be printed, pasted and replayed:
 *
 *     mm1.sc.gup-1.0k3f9zq.1x4q2z8.1x1rk3d,0x4xk3d,1x3ra0c.5tz0
 *
 * the version of the format, the memory model, the scenario's name in letters and as a hash, the
 * hash of its build, the runs, and a check sum. A run is an agent, the number of its steps, and an
 * anchor: a letter for the kind of its first access and a hash of what that accesses. The anchors
 * let a replay find its way when the program has changed a little, and say where it could not.
 *
 * A `-` behind the runs says that no CPU goes further: what comes then is not needed.
 *
 * Some failures need several executions: the first ones show in which order locks are taken. The
 * runs of these come first, and a `+` behind each.
 */
import { AGENTS_MAX } from './program.js';
import { hashText } from './hash.js';
import { KIND_NAMES } from './access.js';
import { ScenarioError } from './scenario.js';
import { runsOf } from './made-schedule.js';
import type { MemoryModel } from './words-program.js';

const VERSION = 'mm1';
/** A letter for each kind of access, in the order of their numbers. */
const KIND_LETTERS = 'lrpswqaxcfukgbvm';
const NAME_LENGTH = 24;
const STEPS_MAX = 1e9;
/** Behind the last run: no CPU goes further. */
const EARLY_END = '-';

/** So many steps of one agent, the first of which is known. */
export interface ScheduledRun {
  readonly agent: number;
  readonly count: number;
  /** The letter of a kind, and the hash of a symbol. */
  readonly anchor: string;
}

/** What a token says. */
export interface Schedule {
  readonly model: MemoryModel;
  /** Hash of the scenario's name, and of everything else that decides what it does. */
  readonly scenario: string;
  readonly build: string;
  readonly runs: readonly ScheduledRun[];
  /** The runs of the executions that come before. */
  readonly earlier: readonly (readonly ScheduledRun[])[];
  /** No CPU goes further than its runs. */
  readonly endsEarly: boolean;
}

/** The anchor of an access. */
export function anchorOf(kind: number, symbol: string): string {
  return `${KIND_LETTERS[kind]}${short(symbol, 3)}`;
}

/** The kind of access that an anchor names, for messages. */
export function kindOfAnchor(anchor: string): string {
  return KIND_NAMES[KIND_LETTERS.indexOf(anchor.charAt(0))] ?? 'access';
}

/** The scenario's name as a token has it. */
export function scenarioHash(name: string): string {
  return short(name, 5);
}

/** An execution as a token has it. */
export interface MadeSteps {
  /** The agent of each step. */
  readonly agents: ArrayLike<number>;
  /** The anchor of each step. */
  readonly anchors: readonly string[];
  /** No CPU goes further than this. */
  readonly endsEarly?: boolean;
}

/**
 * The token of a failure.
 * @param executions - the one that fails, and before it those that it needs
 */
export function printSchedule(
  name: string,
  build: string,
  model: MemoryModel,
  executions: readonly MadeSteps[],
): string {
  const runs = executions.map(printRuns).join('+');
  const letters = name.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const slug = letters.slice(0, NAME_LENGTH) || 'scenario';
  const body = [VERSION, model, slug, scenarioHash(name), build, runs].join('.');
  return `${body}.${short(body, 4)}`;
}

function printRuns({ agents, anchors, endsEarly }: MadeSteps): string {
  let step = 0;
  const runs = runsOf(agents).map(({ agent, count }) => {
    const anchor = anchors[step]!;
    step += count;
    return `${agent}x${count}${anchor}`;
  });
  return runs.join(',') + (endsEarly === true ? EARLY_END : '');
}

/**
 * Reads a token.
 * @throws ScenarioError that says what is wrong with it
 */
export function parseSchedule(token: unknown): Schedule {
  if (typeof token !== 'string') throw new ScenarioError('schedule: expected a string');
  const text = token.trim();
  const parts = text.split('.');
  if (parts[0] !== VERSION) {
    const isOurs = /^mm\d+$/.test(parts[0] ?? '');
    const why = isOurs
      ? `its format is ${parts[0]}, this is ${VERSION}`
      : `it has no "${VERSION}."`;
    throw new ScenarioError(`schedule: not a schedule of this program: ${why}`);
  }
  const end = text.lastIndexOf('.');
  if (parts.length !== 7 || short(text.slice(0, end), 4) !== text.slice(end + 1)) {
    throw new ScenarioError('schedule: it is cut off or changed: its check sum is wrong');
  }
  const [, model, , scenario, build, runs] = parts as [string, MemoryModel, ...string[]];
  if (model !== 'sc' && model !== 'tso') throw new ScenarioError('schedule: no memory model');
  const endsEarly = runs!.endsWith(EARLY_END);
  const executions = (endsEarly ? runs!.slice(0, -1) : runs!)
    .split('+')
    .map((part) => part.split(',').map(parseRun));
  const earlier = executions.slice(0, -1);
  const of = { model, scenario: scenario!, build: build! };
  return { ...of, runs: executions.at(-1)!, earlier, endsEarly };
}

function parseRun(text: string): ScheduledRun {
  const [, agent, count, anchor] = /^(\d+)x(\d+)([a-z][0-9a-z]{3})$/.exec(text) ?? [];
  const run = { agent: Number(agent), count: Number(count), anchor: anchor ?? '' };
  if (run.agent < AGENTS_MAX && run.count > 0 && run.count < STEPS_MAX) return run;
  throw new ScenarioError(`schedule: "${text}" is no run of steps`);
}

function short(text: string, length: number): string {
  return hashText(text).toString(36).padStart(length, '0').slice(-length);
}
