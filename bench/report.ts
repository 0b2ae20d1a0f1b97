import { formatEstimate } from '../dist/contend/format.js';
import type { HostFacts } from '../dist/contend/types.js';
import { SECTION_TITLES, type SectionName, type Target } from './figures.js';
import type { Result, Voids } from './recorder.js';
import type { Settings } from './section.js';

/** The whole result, as `--json` prints it. */
export interface Report {
  readonly startedAt: string;
  readonly host: HostFacts;
  readonly settings: Settings;
  /** Ended by Ctrl-C: some figures rest on fewer rounds or have no value. */
  readonly interrupted: boolean;
  readonly voids: Voids;
  readonly results: readonly Result[];
}

/** What is printed before anything is measured: on a busy machine the rest is worth little. */
export function heading({ host, startedAt, settings }: Omit<Report, 'results' | 'voids'>): string {
  const load = host.load.map((value) => value.toFixed(2)).join(' ');
  const mode = settings.quick ? 'quick: only to see that everything runs, ' : '';
  return [
    `${startedAt}  ${host.cpu}, ${host.cores} cores, ${host.platform}, Linux ${host.kernel}, ` +
      `Node ${host.node}`,
    `load average ${load}; ${mode}${settings.rounds} rounds of ${settings.seconds} s`,
    '',
  ].join('\n');
}

/** The figures as tables, a section each, and how many targets were met. */
export function renderTables(report: Report): string {
  const { results, settings } = report;
  const blocks = settings.sections.map((section) =>
    renderSection(
      section,
      results.filter((result) => result.section === section),
    ),
  );
  return `${[...blocks, summary(report)].join('\n')}\n`;
}

function renderSection(section: SectionName, results: readonly Result[]): string {
  const width = Math.max(...results.map(({ what }) => what.length));
  const lines = results.map((result) => {
    const value = result.value === undefined ? 'not measured' : measured(result);
    const cells = [result.what.padEnd(width), targetOf(result.target).padEnd(9), value.padEnd(26)];
    return `  ${cells.join('  ')}  ${remark(result)}`.trimEnd();
  });
  return `${SECTION_TITLES[section]}\n${lines.join('\n')}\n`;
}

function measured({ value, unit }: Result): string {
  const text = formatEstimate(value);
  return unit === 'x' ? `x${text}` : `${text} ${unit}`;
}

function targetOf(target: Target | undefined): string {
  if (target === undefined) return '';
  const { atLeast, atMost } = target;
  if (atLeast === undefined) return `<= ${atMost}`;
  return atMost === undefined ? `>= ${atLeast}` : `${atLeast} to ${atMost}`;
}

function remark({ verdict, close, skipped }: Result): string {
  if (skipped !== undefined) return skipped;
  if (verdict === 'none') return '';
  return close ? `${verdict}, but its interval reaches over the target` : verdict;
}

function summary({ results, settings, voids, interrupted }: Report): string {
  const targets = results.filter(({ target }) => target !== undefined);
  const count = (verdict: string) => targets.filter((one) => one.verdict === verdict).length;
  const lines = [
    `${targets.length} targets: ${count('met')} met, ${count('missed')} missed, ` +
      `${count('none')} not measured`,
  ];
  if (voids.runs > 0) {
    lines.push(
      `${voids.void} of ${voids.runs} runs of threads were void and were repeated: ` +
        'a thread had no core to itself',
    );
  }
  if (settings.quick) lines.push('a quick run: the figures mean nothing');
  if (interrupted) lines.push('interrupted: figures rest on the rounds that were completed');
  return lines.join('\n');
}
