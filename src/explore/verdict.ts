/** What an execution shows: whether a promise of the scenario was broken, and which. */
import * as access from './access.js';
import { findCycle, type Cycle } from './cycle.js';
import { findDataRace } from './data-race.js';
import type { EventLog } from './event-log.js';
import { ExploreError, type FailureKind } from './explore-error.js';
import type { Program } from './program.js';
import { ScenarioError } from './scenario.js';
import type { EndKind } from './strategy.js';
import { AssertionFailure } from './word-cpu.js';

/** Of a cycle of steps so many are named. */
const ROUND_SHOWN = 8;

/** A CPU that cannot go on. */
export interface Waiting {
  readonly cpu: number;
  /** What it waits for, and who could end that. */
  readonly what: string;
}

/** A broken promise of the execution in the program's log. */
export interface Verdict {
  readonly kind: FailureKind;
  readonly error: Error;
  /** The CPU that showed it; -1 for none. */
  readonly cpu: number;
  /** The step that decides it, and for a race the one before it; -1 where there is none. */
  readonly step: number;
  readonly other: number;
  /** Further steps without which it would not have come so: who took the locks of a deadlock. */
  readonly related?: readonly number[];
  /** Of a deadlock: who waits for what. */
  readonly waiting?: readonly Waiting[];
  /** Of an execution without an end: steps that are enough to see that. */
  readonly length?: number;
  /** Schedules of the executions that must come before, in this order. */
  readonly earlier?: readonly Uint8Array[];
  /** Equal for failures of the same oracle on the same object. */
  readonly key: string;
}

/**
 * Judges the execution that has just ended.
 * @returns undefined when it kept every promise, or was given up
 */
export function judge(program: Program, end: EndKind): Verdict | undefined {
  if (end === 'fault') return faultOf(program);
  if (end === 'deadlock') return deadlockOf(program);
  if (end === 'steps') return livelockOf(program);
  if (end === 'blocked' || end === 'cut') return undefined;
  return raceOf(program) ?? checkOf(program);
}

function faultOf(program: Program): Verdict {
  const { cpu, error } = program.fault!;
  if (error instanceof ExploreError) return ofOracle(error, cpu);
  const kind = error instanceof AssertionFailure ? 'assertion' : 'exception';
  const { log } = program;
  let step = log.length - 1;
  while (step >= 0 && log.agent[step] !== cpu) step--;
  return verdict(kind, errorOf(error), cpu, step, `${cpu}`);
}

function checkOf(program: Program): Verdict | undefined {
  try {
    program.check();
    return undefined;
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    if (error instanceof ExploreError) return ofOracle(error, -1);
    return verdict('check', errorOf(error), -1, -1, '');
  }
}

function ofOracle(error: ExploreError, cpu: number): Verdict {
  const { place, kind } = error;
  const made = verdict(kind, error, place.cpu ?? cpu, place.step ?? -1, place.object ?? '');
  const key = place.object === undefined ? made.key : `${kind}:${place.object}`;
  const { other = -1, earlier = [] } = place;
  return { ...made, key, other, ...(earlier.length === 0 ? {} : { earlier }) };
}

function raceOf(program: Program): Verdict | undefined {
  const race = findDataRace(program);
  if (race === undefined) return undefined;
  const { log } = program;
  const side = (step: number) =>
    `${access.KIND_NAMES[log.kind[step]!]!} by "${program.cpuNames[log.agent[step]!]}"`;
  const what = program.symbol(log.location[race.first]!);
  const sides = `${side(race.first)} and ${side(race.second)}`;
  const message = `data race on ${what}: nothing orders ${sides}`;
  const error = new ExploreError('data-race', message);
  return { ...verdict('data-race', error, -1, race.second, what), other: race.first };
}

function deadlockOf(program: Program): Verdict {
  const last = lastWriters(program);
  const waiting = program.cpuNames.flatMap((_, cpu) => {
    const isWaiting = ((program.unfinished() >>> cpu) & 1) !== 0;
    return isWaiting ? [{ cpu, what: waitText(program, cpu, last) }] : [];
  });
  const texts = waiting.map(({ cpu, what }) => `"${program.cpuNames[cpu]}" ${what}`);
  const error = new ExploreError('deadlock', `deadlock: ${texts.join('; ')}`);
  const related = waiting.flatMap(({ cpu }) => lastWriteFor(program, cpu) ?? []);
  return { ...verdict('deadlock', error, -1, program.log.length - 1, ''), related, waiting };
}

/** What a CPU waits for that cannot go on. */
function waitText(program: Program, cpu: number, last: ReadonlyMap<number, LastWrite>): string {
  const { pending, cpuNames } = program;
  const known = program.whoWaits?.(cpu);
  if (known !== undefined) return known;
  const location = pending.location[cpu]!;
  const what = program.symbol(location);
  if (pending.kind[cpu] === access.LOCK) {
    const holder = cpuNames[(last.get(location)?.value ?? 0) - 1];
    return `waits for the lock ${what}${holder ? `, held by "${holder}"` : ''}`;
  }
  const writer = last.get(location);
  const by = writer === undefined ? '' : `, last written by "${writer.name}"`;
  return `waits while ${what} is ${pending.operand[cpu]}${by}`;
}

/** The last step that has changed what a CPU waits for. */
function lastWriteFor({ log, pending }: Program, cpu: number): number | undefined {
  for (let step = log.length - 1; step >= 0; step--) {
    const isThere = log.location[step] === pending.location[cpu] && log.location[step]! >= 0;
    const isPart = (log.mask[step]! & pending.mask[cpu]!) !== 0;
    if (isThere && isPart && log.touches[step] === access.TOUCHES_WRITE) return step;
  }
  return undefined;
}

/** Who has written a location last, and what. */
interface LastWrite {
  readonly name: string;
  readonly value: number;
}

function lastWriters(program: Program): Map<number, LastWrite> {
  const { log, cpuNames } = program;
  const last = new Map<number, LastWrite>();
  for (let step = 0; step < log.length; step++) {
    if (log.touches[step] !== access.TOUCHES_WRITE) continue;
    const name = cpuNames[log.agent[step]! % cpuNames.length]!;
    last.set(log.location[step]!, { name, value: log.after[step]! });
  }
  return last;
}

/** Undefined if there is no end only because a CPU that could go on was never let. */
function livelockOf(program: Program): Verdict | undefined {
  const { log } = program;
  const runnable = program.runnable();
  const cycle = findCycle(log, (period) => (runnable & ~steppedIn(log, period)) === 0);
  if (cycle === undefined && findCycle(log) !== undefined) return undefined;
  const running = program.cpuNames.filter((_, cpu) => (program.unfinished() >>> cpu) & 1);
  const names = running.map((name) => `"${name}"`).join(', ');
  const ends = `livelock: ${names} did not end within ${log.length} steps`;
  if (cycle === undefined) {
    return verdict('livelock', new ExploreError('livelock', ends), -1, -1, '');
  }
  const message = `${ends}; again and again: ${cycleText(program, cycle)}`;
  const error = new ExploreError('livelock', message);
  return { ...verdict('livelock', error, -1, cycle.start, ''), length: cycle.end };
}

/** The agents of the last steps, a bit each. */
function steppedIn(log: EventLog, steps: number): number {
  let agents = 0;
  for (let step = log.length - steps; step < log.length; step++) agents |= 1 << log.agent[step]!;
  return agents;
}

/** What a round of a cycle does, if it is a long one its beginning. */
function cycleText(program: Program, { start, period }: Cycle): string {
  const { log, cpuNames } = program;
  const shown = Math.min(period, ROUND_SHOWN);
  const steps = Array.from({ length: shown }, (_, at) => {
    const step = start + at;
    const location = log.location[step]!;
    const what = location < 0 ? '' : program.symbol(location, log.mask[step]);
    const name = cpuNames[log.agent[step]! % cpuNames.length]!;
    return `"${name}" ${access.KIND_NAMES[log.kind[step]!]!}(${what})`;
  });
  return steps.join(', ') + (shown < period ? ` ... (${period} steps)` : '');
}

function verdict(kind: FailureKind, error: Error, cpu: number, step: number, object: string) {
  // Numbers in messages are values of one execution: others fail in the same way.
  const text = error.message.replace(/@[0-9a-f]+/g, '@').replace(/-?\d+/g, '#');
  const key = `${kind}:${object}:${error.name}:${text}`;
  return { kind, error, cpu, step, other: -1, key };
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
