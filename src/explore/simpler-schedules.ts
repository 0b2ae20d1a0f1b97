/**
 * Schedules that are a little simpler than a given one, if they fail as it does: what shrinking
 * tries. A kind of them at a time, those first that take most away.
 */
import {
  blocksOf,
  lateFlushes,
  scheduleOf,
  type Block,
  type MadeSchedule,
} from './made-schedule.js';

/** Only of so many blocks every pair is tried. */
const BLOCKS_PAIRED = 24;
/** Only of so many steps each is left out by itself. */
const STEPS_DROPPED = 300;

/** A kind of simpler schedules. */
export type Kind = (made: MadeSchedule, cpus: number) => Generator<Uint8Array>;

/** All kinds. What none of them makes simpler is minimal: no block can go, be joined, or moved. */
export const KINDS: readonly Kind[] = [
  flushedAtOnce,
  withoutCpu,
  withoutBlock,
  joined,
  moved,
  withSwitchAtMeeting,
  withSwitchElsewhere,
  withoutStep,
];

/** Stores that reach memory at once: all of them, then each. */
function* flushedAtOnce(made: MadeSchedule, cpus: number): Generator<Uint8Array> {
  const late = lateFlushes(made, cpus);
  if (late.length > 1) yield withFlushes(made, new Set(late));
  for (const flush of late) yield withFlushes(made, new Set([flush]));
}

/** One CPU comes last, if it comes at all. */
function* withoutCpu({ agents }: MadeSchedule, cpus: number): Generator<Uint8Array> {
  for (let cpu = 0; cpu < cpus; cpu++) yield agents.filter((agent) => agent % cpus !== cpu);
}

/** The steps of a block come later, as far as there are steps of its CPU. */
function* withoutBlock({ agents }: MadeSchedule, cpus: number): Generator<Uint8Array> {
  const blocks = blocksOf(agents, cpus);
  for (const at of blocks.keys()) yield scheduleOf(blocks.filter((_, other) => other !== at));
}

/** Two blocks of one CPU become one, at the place of the first or of the second. */
function* joined({ agents }: MadeSchedule, cpus: number): Generator<Uint8Array> {
  const blocks = blocksOf(agents, cpus);
  for (const [at, { cpu }] of blocks.entries()) {
    for (let next = at + 1; next < blocks.length; next++) {
      if (blocks[next]!.cpu !== cpu) continue;
      yield scheduleOf(placed(blocks, next, at + 1));
      yield scheduleOf(placed(blocks, at, next));
      if (blocks.length > BLOCKS_PAIRED) break;
    }
  }
}

/** A block comes at another place. */
function* moved({ agents }: MadeSchedule, cpus: number): Generator<Uint8Array> {
  const blocks = blocksOf(agents, cpus);
  if (blocks.length > BLOCKS_PAIRED) return;
  for (const from of blocks.keys()) {
    for (let to = 0; to <= blocks.length; to++) {
      if (to !== from && to !== from + 1) yield scheduleOf(placed(blocks, from, to));
    }
  }
}

/** A switch comes before another access that meets another CPU's, those that come last first. */
function* withSwitchAtMeeting(made: MadeSchedule, cpus: number): Generator<Uint8Array> {
  const turns = blocksOf(made.agents, cpus);
  if (turns.length > BLOCKS_PAIRED) return;
  for (const turn of turns.keys()) yield* withOtherEnd(made, cpus, turn);
}

/** A turn goes on at the cost of the next one of its CPU, as long as can be first. */
export function* withLongerTurn(
  made: MadeSchedule,
  cpus: number,
  turn: number,
): Generator<Uint8Array> {
  const length = blocksOf(made.agents, cpus)[turn]?.agents.length ?? 0;
  yield* withOtherEnd(made, cpus, turn, length);
}

/** A turn ends before another access that meets another CPU's, behind the step `from`. */
function* withOtherEnd(
  { agents, meetings }: MadeSchedule,
  cpus: number,
  turn: number,
  from = 0,
): Generator<Uint8Array> {
  const turns = blocksOf(agents, cpus);
  if (turns[turn] === undefined) return;
  const { cpu, agents: given } = turns[turn];
  const next = turns.findIndex((other, at) => at > turn && other.cpu === cpu);
  if (next < 0) return;
  const before = turns.slice(0, turn).filter((other) => other.cpu === cpu);
  const start = scheduleOf(before).length;
  const steps = scheduleOf([turns[turn], turns[next]!]);
  const ends = meetings[cpu]!.map((step) => step - start).filter(
    (end) => end > from && end !== given.length && end > 0 && end < steps.length,
  );
  for (const end of ends.reverse()) {
    const changed = [...turns];
    changed[turn] = { cpu, agents: steps.subarray(0, end) };
    changed[next] = { cpu, agents: steps.subarray(end) };
    yield scheduleOf(changed);
  }
}

/** A switch comes a step earlier or later. */
function* withSwitchElsewhere({ agents }: MadeSchedule, cpus: number): Generator<Uint8Array> {
  for (let at = 1; at < agents.length; at++) {
    if (agents[at]! % cpus === agents[at - 1]! % cpus) continue;
    const swapped = agents.slice();
    [swapped[at - 1], swapped[at]] = [agents[at]!, agents[at - 1]!];
    yield swapped;
  }
}

/** A step comes later. */
function* withoutStep({ agents }: MadeSchedule): Generator<Uint8Array> {
  if (agents.length > STEPS_DROPPED) return;
  for (const at of agents.keys()) yield agents.filter((_, other) => other !== at);
}

/** The schedule with some flushes right behind their stores. */
function withFlushes({ agents, links }: MadeSchedule, flushes: ReadonlySet<number>): Uint8Array {
  const behind = new Map([...flushes].map((flush) => [links[flush]!, agents[flush]!]));
  const ordered: number[] = [];
  for (const [i, agent] of agents.entries()) {
    if (!flushes.has(i)) ordered.push(agent);
    const flush = behind.get(i);
    if (flush !== undefined) ordered.push(flush);
  }
  return Uint8Array.from(ordered);
}

/** The blocks with one of them before another. */
function placed(blocks: readonly Block[], from: number, before: number): Block[] {
  const rest = blocks.filter((_, at) => at !== from);
  rest.splice(before > from ? before - 1 : before, 0, blocks[from]!);
  return rest;
}
