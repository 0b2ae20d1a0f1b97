/**
 * Makes a failing schedule as simple as it gets: fewest switches first, then fewest stores that
 * wait in a buffer, then fewest steps. Tries to let stores reach memory at once, to leave out a
 * CPU, to join two runs of one CPU, to move a switch, to leave out a step; takes what still fails
 * by the same oracle on the same object, and begins again, until nothing helps.
 */
import type { EventLog } from './event-log.js';
import type { Execution } from './execution.js';
import type { Program } from './program.js';
import { GivenSchedule } from './replay-strategy.js';
import { judge, type Verdict } from './verdict.js';

/** Executions that shrinking may take. */
const REPLAYS_MAX = 2000;
/** Longer schedules are left as they are: each try would take too long. */
const STEPS_MAX = 2000;

/** A schedule as it is after shrinking. */
export interface Shrunk {
  readonly agents: Uint8Array;
  /** Executions that it took. */
  readonly replays: number;
}

/** So many steps of one agent in a row. */
interface Run {
  readonly agent: number;
  readonly count: number;
}

/** A schedule, and of each flush in it the step of its store. */
interface Made {
  readonly agents: Uint8Array;
  readonly links: Int32Array;
}

/** Shrinks a schedule that gave a verdict. */
export function shrink(program: Program, execution: Execution, verdict: Verdict): Shrunk {
  const { log } = program;
  const cpus = program.cpuNames.length;
  let best = madeIn(log);
  let replays = 0;
  if (log.length > STEPS_MAX) return { agents: best.agents, replays };
  const follow = new GivenSchedule(log, best.agents, false);
  /** What a schedule becomes, if it fails in the same way and is simpler. */
  const tried = (agents: Uint8Array): boolean => {
    replays++;
    follow.follow(agents);
    const end = execution.run(follow);
    if (judge(program, end)?.key !== verdict.key) return false;
    const made = madeIn(log);
    if (!isSimpler(made, best, cpus)) return false;
    best = made;
    return true;
  };
  let isBetter = true;
  while (isBetter && replays < REPLAYS_MAX) {
    isBetter = false;
    for (const candidate of candidates(best, cpus)) {
      if (replays >= REPLAYS_MAX) break;
      if (tried(candidate)) {
        isBetter = true;
        break;
      }
    }
  }
  return { agents: best.agents, replays };
}

/** How often a schedule goes from one CPU, or what it has stored, to another. */
export function switchesOf(agents: ArrayLike<number>, cpus: number): number {
  let switches = 0;
  for (let i = 1; i < agents.length; i++) {
    if (agents[i]! % cpus !== agents[i - 1]! % cpus) switches++;
  }
  return switches;
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

function madeIn({ agent, link, length }: EventLog): Made {
  return { agents: agent.slice(0, length), links: link.slice(0, length) };
}

function isSimpler(made: Made, best: Made, cpus: number): boolean {
  const fewer = switchesOf(made.agents, cpus) - switchesOf(best.agents, cpus);
  if (fewer !== 0) return fewer < 0;
  const earlier = lateFlushes(made, cpus).length - lateFlushes(best, cpus).length;
  return earlier < 0 || (earlier === 0 && made.agents.length < best.agents.length);
}

/** The flushes that do not come right behind their stores. */
function lateFlushes({ agents, links }: Made, cpus: number): number[] {
  return Array.from(agents.keys()).filter((i) => agents[i]! >= cpus && links[i]! < i - 1);
}

function* candidates(made: Made, cpus: number): Generator<Uint8Array> {
  const best = made.agents;
  const late = lateFlushes(made, cpus);
  if (late.length > 1) yield flushedAtOnce(made, new Set(late));
  for (const flush of late) yield flushedAtOnce(made, new Set([flush]));
  for (const agent of new Set(best)) yield best.filter((other) => other !== agent);
  const runs = runsOf(best);
  for (const [at, { agent }] of runs.entries()) {
    const next = runs.findIndex((run, i) => i > at && run.agent === agent);
    if (next < 0) continue;
    yield joined(runs, next, at);
    yield joined(runs, at, next);
  }
  for (let at = 0; at + 1 < runs.length; at++) {
    yield moved(runs, at, 1);
    yield moved(runs, at, -1);
  }
  for (let i = 0; i < best.length; i++) yield best.filter((_, at) => at !== i);
}

/** The schedule with some flushes right behind their stores. */
function flushedAtOnce({ agents, links }: Made, flushes: ReadonlySet<number>): Uint8Array {
  const behind = new Map([...flushes].map((flush) => [links[flush]!, agents[flush]!]));
  const moved: number[] = [];
  for (const [i, agent] of agents.entries()) {
    if (!flushes.has(i)) moved.push(agent);
    const flush = behind.get(i);
    if (flush !== undefined) moved.push(flush);
  }
  return Uint8Array.from(moved);
}

/** The runs with one of them moved right behind another. */
function joined(runs: readonly Run[], from: number, behind: number): Uint8Array {
  const rest = runs.filter((_, at) => at !== from);
  rest.splice(behind < from ? behind + 1 : behind, 0, runs[from]!);
  return expand(rest);
}

/** The runs with the switch after one of them so many steps later. */
function moved(runs: readonly Run[], at: number, by: number): Uint8Array {
  const sized = (run: Run, more: number): Run => ({ ...run, count: Math.max(0, run.count + more) });
  return expand(
    runs.map((run, i) => (i === at ? sized(run, by) : i === at + 1 ? sized(run, -by) : run)),
  );
}

function expand(runs: readonly Run[]): Uint8Array {
  return Uint8Array.from(runs.flatMap(({ agent, count }) => new Array<number>(count).fill(agent)));
}
