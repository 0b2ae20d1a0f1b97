/** The result of an exploration as text. */
import type { ExploreResult } from '../index.js';

/** Outcomes that are listed. */
const OUTCOMES_SHOWN = 50;

/** What was found, how much was seen, and the outcomes. */
export function resultText(result: ExploreResult, options: { full?: boolean } = {}): string {
  const lines: string[] = [];
  if (result.failure !== undefined) lines.push(result.failure.format(options));
  lines.push(`"${result.scenario}": ${verdictText(result)}`, seenText(result));
  const outcomes = [...result.outcomes].sort(([, a], [, b]) => b - a);
  if (outcomes.length > 1 || outcomes[0]?.[0]) {
    lines.push('', 'outcomes');
    for (const [outcome, count] of outcomes.slice(0, OUTCOMES_SHOWN)) {
      lines.push(`${String(count).padStart(10)}  ${outcome || '(none)'}`);
    }
    const more = outcomes.length - OUTCOMES_SHOWN;
    if (more > 0) lines.push(`${''.padStart(10)}  and ${more} more`);
  }
  return `${lines.join('\n')}\n`;
}

function verdictText({ failures, complete }: ExploreResult): string {
  if (failures > 0) return `a promise was broken in ${failures} executions`;
  return complete ? 'every promise was kept' : 'no promise was broken in what was seen';
}

function seenText(result: ExploreResult): string {
  const { steps, complete, cut, elapsed, phases } = result;
  const sum = (of: 'executions' | 'blocked') => phases.reduce((all, phase) => all + phase[of], 0);
  const by = phases.map(({ strategy, executions: n }) => `${strategy}: ${n}`).join(', ');
  const parts = [
    `${sum('executions')} executions (${by})`,
    `${sum('blocked')} begun in vain`,
    ...(cut > 0 ? [`${cut} cut in loops that wait; cpu.waitWhile avoids that`] : []),
    ...(result.states === undefined
      ? []
      : [`${result.states} states, ${result.transitions} transitions`]),
    `${steps} steps in ${(elapsed / 1000).toFixed(1)} s`,
    complete ? 'complete: every inequivalent interleaving was seen' : 'not complete',
  ];
  return parts.join('; ');
}
