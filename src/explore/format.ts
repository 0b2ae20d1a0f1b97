/**
 * A failure as text: the verdict, the interleaving with a column for each CPU, how it was found,
 * and how to see it again.
 */
import type { Failure } from './failure.js';
import { columnsOf } from './trace-columns.js';

/** How a failure is printed. */
export interface FormatOptions {
  /**
   * Every access. Without it those that no other CPU could notice are folded, a row for many.
   * @defaultValue false
   */
  readonly full?: boolean;
}

/** All of it. */
export function formatFailure(failure: Failure, { full = false }: FormatOptions): string {
  const { found, schedule, error, kind, scenario, memoryModel } = failure;
  const before = found.switchesFound;
  const seed = found.seed === undefined ? '' : ` seed ${found.seed}`;
  const shrunk =
    found.shrinkReplays === 0 ? '' : `; shrunk in ${found.shrinkReplays} replays (was ${before})`;
  return [
    `${kind.toUpperCase()} in "${scenario}" (${memoryModel}): ${error.message}`,
    '',
    ...earlierColumns(failure, full),
    ...columnsOf({ ...drawnOf(failure), isFull: full }),
    '',
    `${switchesText(found.switches)}; found by ${found.strategy}${seed}, execution ` +
      `${found.execution}${shrunk}`,
    `replay: ${schedule}`,
    '',
  ].join('\n');
}

function switchesText(switches: number): string {
  return switches === 1 ? '1 switch' : `${switches} switches`;
}

/** Executions that must come before the one that fails. */
function earlierColumns(failure: Failure, isFull: boolean): string[] {
  if (failure.earlier.length === 0) return [];
  const lines = failure.earlier.flatMap((trace) => {
    const none = { cpu: -1, otherStep: -1, related: [], waiting: [], calls: [], endsEarly: false };
    const drawn = { ...drawnOf(failure), ...none, trace, step: trace.length - 1, isFull };
    return ['another execution:', ...columnsOf(drawn), ''];
  });
  return [...lines, 'and then this one:'];
}

function drawnOf(failure: Failure) {
  const { trace, calls, endsEarly, cpuNames, cpu, error } = failure;
  const { step, otherStep, related, waiting } = failure;
  return { trace, calls, endsEarly, cpuNames, cpu, error, step, otherStep, related, waiting };
}
