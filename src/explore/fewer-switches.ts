/**
 * Schedules with fewer switches, of the same steps of each CPU: every order of turns, each of which
 * ends before an access that meets another CPU's. Elsewhere a switch makes no difference.
 */
import { scheduleOf, type Block } from './made-schedule.js';

/** The schedules with so many switches. */
export function* withSwitches(
  switches: number,
  agents: Uint8Array,
  cpus: number,
  meetings: readonly (readonly number[])[],
): Generator<Uint8Array> {
  const own = Array.from({ length: cpus }, (_, cpu) =>
    agents.filter((agent) => agent % cpus === cpu),
  );
  const needed = own.flatMap(({ length }, cpu) => (length > 0 ? [cpu] : []));
  for (const turns of turnsOf(switches + 1, needed, [])) yield* cut(turns, own, meetings);
}

/** Orders of so many turns, in which nobody follows itself, and everybody has one. */
function* turnsOf(
  count: number,
  needed: readonly number[],
  begun: readonly number[],
): Generator<readonly number[]> {
  if (begun.length === count) {
    if (needed.every((cpu) => begun.includes(cpu))) yield begun;
    return;
  }
  for (const cpu of needed) {
    if (cpu !== begun.at(-1)) yield* turnsOf(count, needed, [...begun, cpu]);
  }
}

/** All ways to divide the steps of each CPU among its turns; the last one has what is left. */
function* cut(
  turns: readonly number[],
  own: readonly Uint8Array[],
  meetings: readonly (readonly number[])[],
  blocks: readonly Block[] = [],
  made: readonly number[] = own.map(() => 0),
): Generator<Uint8Array> {
  const cpu = turns[blocks.length];
  if (cpu === undefined) {
    yield scheduleOf(blocks);
    return;
  }
  const from = made[cpu]!;
  const isLast = !turns.includes(cpu, blocks.length + 1);
  const ends = isLast ? [own[cpu]!.length] : meetings[cpu]!.filter((end) => end > from);
  for (const end of ends) {
    const block = { cpu, agents: own[cpu]!.subarray(from, end) };
    const behind = made.map((count, other) => (other === cpu ? end : count));
    yield* cut(turns, own, meetings, [...blocks, block], behind);
  }
}
