/** A schedule that was followed to its end, and what it did. */
import * as access from './access.js';
import { Dependences } from './dependences.js';
import type { EventLog } from './event-log.js';

/** The steps of an execution, as far as another schedule can be made of them. */
export interface MadeSchedule {
  /** The agent of each step. */
  readonly agents: Uint8Array;
  /** Of each flush the step of its store; of anything else see EventLog. */
  readonly links: Int32Array;
  /** Steps that depend on those of other CPUs. */
  readonly dependent: number;
  /** Of each CPU the steps, counted among its own, that other CPUs can notice. */
  readonly meetings: readonly (readonly number[])[];
}

/** So many steps in a row of one CPU, and of the store buffer that belongs to it. */
export interface Block {
  readonly cpu: number;
  readonly agents: Uint8Array;
}

/** The schedule of the execution that is in the log. */
export function madeIn(log: EventLog, cpus: number): MadeSchedule {
  const { agent, link, length } = log;
  const dependences = new Dependences(log, cpus);
  let dependent = 0;
  for (let step = 0; step < length; step++) if (dependences.take(step).length > 0) dependent++;
  const schedule = { agents: agent.slice(0, length), links: link.slice(0, length) };
  return { ...schedule, dependent, meetings: meetingsOf(log, cpus) };
}

/** So many steps of one agent in a row. */
export interface Run {
  readonly agent: number;
  readonly count: number;
}

/** The runs of a schedule: who, and how many steps in a row. */
export function runsOf(agents: ArrayLike<number>): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < agents.length; i++) {
    const agent = agents[i]!;
    const last = runs.at(-1);
    if (last?.agent === agent) runs[runs.length - 1] = { agent, count: last.count + 1 };
    else runs.push({ agent, count: 1 });
  }
  return runs;
}

/** How often a schedule goes from one CPU, or what it has stored, to another. */
export function switchesOf(agents: ArrayLike<number>, cpus: number): number {
  let switches = 0;
  for (let i = 1; i < agents.length; i++) {
    if (agents[i]! % cpus !== agents[i - 1]! % cpus) switches++;
  }
  return switches;
}

/** The blocks between the switches. */
export function blocksOf(agents: Uint8Array, cpus: number): Block[] {
  const blocks: Block[] = [];
  let start = 0;
  for (let at = 1; at <= agents.length; at++) {
    const cpu = agents[start]! % cpus;
    if (at < agents.length && agents[at]! % cpus === cpu) continue;
    blocks.push({ cpu, agents: agents.subarray(start, at) });
    start = at;
  }
  return blocks;
}

/** The schedule that blocks make one after another. */
export function scheduleOf(blocks: readonly Block[]): Uint8Array {
  const length = blocks.reduce((sum, { agents }) => sum + agents.length, 0);
  const schedule = new Uint8Array(length);
  let at = 0;
  for (const { agents } of blocks) {
    schedule.set(agents, at);
    at += agents.length;
  }
  return schedule;
}

/** The flushes that do not come right behind their stores. */
export function lateFlushes({ agents, links }: MadeSchedule, cpus: number): number[] {
  return Array.from(agents.keys()).filter((i) => agents[i]! >= cpus && links[i]! < i - 1);
}

/** Who accesses a part of a location, and whether it may change that. */
interface User {
  readonly cpu: number;
  readonly mask: number;
  readonly writes: boolean;
}

/**
 * Of each CPU the steps, counted among its own, whose place among those of others can matter: they
 * access what another CPU accesses too, and one of the two may write.
 */
function meetingsOf(log: EventLog, cpus: number): number[][] {
  const users = new Map<number, User[]>();
  for (let step = 0; step < log.length; step++) {
    if (log.location[step]! < 0 || log.touches[step] === access.TOUCHES_NOTHING) continue;
    const user = userIn(log, step, cpus);
    const known = users.get(log.location[step]!);
    if (known === undefined) users.set(log.location[step]!, [user]);
    else if (!known.some((other) => isSame(user, other))) known.push(user);
  }
  const meetings: number[][] = Array.from({ length: cpus }, () => []);
  const own = new Array<number>(cpus).fill(0);
  for (let step = 0; step < log.length; step++) {
    const user = userIn(log, step, cpus);
    const others = users.get(log.location[step]!) ?? [];
    if (others.some((other) => meet(user, other))) meetings[user.cpu]!.push(own[user.cpu]!);
    own[user.cpu]!++;
  }
  return meetings;
}

function userIn({ agent, mask, touches, kind }: EventLog, step: number, cpus: number): User {
  // A compare-and-swap that failed here may succeed elsewhere.
  const mayWrite = kind[step]! >= access.FETCH_ADD && kind[step]! <= access.COMPARE_EXCHANGE;
  const writes = mayWrite || touches[step] === access.TOUCHES_WRITE;
  return { cpu: agent[step]! % cpus, mask: mask[step]!, writes };
}

function isSame(a: User, b: User): boolean {
  return a.cpu === b.cpu && a.mask === b.mask && a.writes === b.writes;
}

function meet(a: User, b: User): boolean {
  return a.cpu !== b.cpu && (a.writes || b.writes) && (a.mask & b.mask) !== 0;
}
