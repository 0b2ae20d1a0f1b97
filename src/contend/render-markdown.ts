/** A report as Markdown, for issues, mails and READMEs. */
import { contendedLines, pairFootprints } from './cache-lines.js';
import { balanceText, factLines } from './facts.js';
import { formatEstimate, formatNanoseconds, formatNumber } from './format.js';
import type { ContendReportData, ContendRow, FootprintRow } from './types.js';

/** The report: sentences first, then the tables that they come from, then the conditions. */
export function renderMarkdown(report: ContendReportData): string {
  const sections = [
    '# What a page pin costs, by policy',
    ...(report.interrupted
      ? ['**Interrupted: some cells are missing or have fewer rounds.**']
      : []),
    ...report.warnings.map((warning) => `**${warning}**`),
    report.sentences.map(({ text }) => `- ${text}`).join('\n'),
    '## Throughput and latency',
    rowTable(report.rows),
    'Medians over the rounds with 95 % bootstrap intervals. ' +
      'A pair is one page pinned and unpinned; latency is that of one call ' +
      'that pins the batch and the call that unpins it; scaling is ' +
      'against one thread, relative against pincount, both round by round; fairness is the ' +
      'slowest thread over the fastest.',
    ...(report.footprints.length > 0 ? ['## Cache lines', footprintTable(report)] : []),
    '## Balance',
    balanceText(report),
    '## Conditions',
    factLines(report)
      .map(([name, value]) => `- ${name}: ${value}`)
      .join('\n'),
  ];
  return `${sections.join('\n\n')}\n`;
}

function rowTable(rows: readonly ContendRow[]): string {
  const header = [
    ...['sharing', 'batch', 'threads', 'policy', 'Mpairs/s', 'ns/pair'],
    ...['p50', 'p99', 'max', 'scaling', 'relative', 'fairness'],
  ];
  return table(header, rows.map(rowFields), 4);
}

function rowFields(row: ContendRow): string[] {
  return [
    row.sharing,
    String(row.batch),
    String(row.threads),
    row.policy,
    formatEstimate(row.pairsPerSecond, 1e6),
    formatNumber(row.nsPerPair),
    formatNanoseconds(row.latency.p50),
    formatNanoseconds(row.latency.p99),
    formatNanoseconds(row.latency.max),
    formatEstimate(row.scaling),
    formatEstimate(row.relative),
    formatNumber(row.fairness),
  ];
}

function footprintTable(report: ContendReportData): string {
  const contended = new Map(
    pairFootprints(report.footprints).map((pair) => [
      `${pair.policy}/${pair.batch}`,
      contendedLines(pair, 'same-file'),
    ]),
  );
  const header = ['policy', 'pages a call', 'phase', 'cache lines', 'loads', 'stores', 'RMWs'];
  return table(
    [...header, 'cache lines a page', 'contended on one file (pin and unpin)'],
    report.footprints.map((row) => [
      ...footprintFields(row),
      (contended.get(`${row.policy}/${row.batch}`) ?? []).join(', ') || 'none',
    ]),
    1,
  );
}

function footprintFields(row: FootprintRow): string[] {
  const numbers = [row.cacheLines, row.loads, row.stores, row.rmws, row.perPage.cacheLines];
  return [row.policy, String(row.batch), row.phase, ...numbers.map(formatNumber)];
}

/** A Markdown table whose columns from `textColumns` on are aligned to the right. */
function table(header: readonly string[], rows: readonly string[][], textColumns: number): string {
  const rule = header.map((_, i) => (i < textColumns ? '---' : '---:'));
  return [header, rule, ...rows].map((fields) => `| ${fields.map(cell).join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
