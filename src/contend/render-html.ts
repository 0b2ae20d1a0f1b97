/**
 * A report as one HTML page that needs nothing else: no script, no font, no picture from
 * anywhere.
 */
import { balanceText, factLines } from './facts.js';
import { count, formatEstimate, formatNanoseconds, formatNumber, sharingTitle } from './format.js';
import { escapeHtml, htmlTable } from './html.js';
import { renderContended, renderFootprint } from './render-footprint.js';
import { renderLatency } from './render-latency.js';
import { STYLE } from './render-style.js';
import { renderThroughput } from './render-throughput.js';
import { legend } from './svg.js';
import type { ContendReportData, ContendRow, LatencyText } from './types.js';

/** The whole page. */
export function renderHtml(report: ContendReportData): string {
  const series = legend(report.options.policies);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>What a page pin costs, by policy</title>',
    `<style>${STYLE}</style></head><body>`,
    ...intro(report),
    ...(report.rows.length === 0
      ? ['<p class="note">No cell was measured.</p>']
      : [...throughputSection(report, series), ...latencySection(report, series)]),
    ...footprintSection(report),
    ...tableSection(report.rows),
    ...closing(report),
    '</body></html>',
    '',
  ].join('\n');
}

function intro(report: ContendReportData): string[] {
  const { host, startedAt } = report;
  const sentences = report.sentences.map(({ policy, text }) => {
    const rest = text.startsWith(policy) ? text.slice(policy.length) : `: ${text}`;
    return `<li><b>${escapeHtml(policy)}</b>${escapeHtml(rest)}</li>`;
  });
  return [
    '<h1>What a page pin costs, by policy</h1>',
    `<p class="lead">GUP-fast pin and unpin, measured on ${escapeHtml(host.cpu)}, ` +
      `${escapeHtml(startedAt)}</p>`,
    report.interrupted
      ? '<p class="bad">The measurement was interrupted: ' +
        'some cells are missing or have fewer rounds.</p>'
      : '',
    ...report.warnings.map((warning) => `<p class="bad">${escapeHtml(warning)}</p>`),
    `<ul class="findings">${sentences.join('\n')}</ul>`,
    `<p class="${report.balanced ? 'good' : 'bad'}">${escapeHtml(balanceText(report))}</p>`,
  ];
}

function throughputSection(report: ContendReportData, series: string): string[] {
  return [
    '<h2>Throughput over threads</h2>',
    '<p class="note">Pages pinned and unpinned a second, all threads together. Marks are medians ' +
      'over the rounds, bars their 95 % bootstrap intervals. ' +
      'Each panel has its own vertical scale. ' +
      'Marks of one place stand beside each other so that none hides another.</p>',
    series,
    renderThroughput(report),
  ];
}

function latencySection(report: ContendReportData, series: string): string[] {
  return [
    '<h2>Latency</h2>',
    '<p class="note">Time of one call that pins the batch and the call that unpins it, over all ' +
      'rounds. The vertical scale is logarithmic, the same for panels side by side.</p>',
    series,
    renderLatency(report),
    '<details><summary>The whole distributions</summary>',
    ...report.histograms.map(histogram),
    '</details>',
  ];
}

function histogram({ policy, sharing, threads, batch, text }: LatencyText): string {
  const pages = `${count(batch, 'page')} a call`;
  const title = `${policy}: ${sharingTitle(sharing)}, ${pages}, ${count(threads, 'thread')}`;
  return `<h3>${escapeHtml(title)}</h3><pre>${escapeHtml(text)}</pre>`;
}

function footprintSection({ footprints }: ContendReportData): string[] {
  if (footprints.length === 0) return [];
  return [
    '<h2>Cache lines</h2>',
    '<p class="note">Counted exactly, not sampled. First: distinct 64-byte lines that a pin and ' +
      'its unpin write and that other threads use at the same time, by what the threads share.</p>',
    renderContended(footprints),
    '<p class="note">Then every line with the fields touched and how often: L loads, S stores, ' +
      'A atomic read-modify-writes. ' +
      '<span class="chip file">written, shared by all users of the file or of the machine</span> ' +
      '<span class="chip page">written, shared by all users of the page</span> ' +
      '<span class="chip own">written, by this CPU only</span> ' +
      '<span class="chip read">only read</span></p>',
    renderFootprint(footprints),
  ];
}

function tableSection(rows: readonly ContendRow[]): string[] {
  if (rows.length === 0) return [];
  const header = [
    ...['threads share', 'pages a call', 'threads', 'policy', 'million pairs/s', 'ns a pair'],
    ...['p50', 'p99', 'p99.9', 'max', 'scaling', 'relative to pincount', 'fairness', 'rounds'],
  ];
  return [
    '<h2>Every cell</h2>',
    '<p class="note">ns a pair: one thread’s time for one page. Scaling: against one thread. ' +
      'Fairness: the slowest thread over the fastest, 1 is fair. In brackets 95 % intervals.</p>',
    htmlTable(header, rows.map(tableRow), 4),
  ];
}

function tableRow(row: ContendRow): string[] {
  const { latency } = row;
  return [
    escapeHtml(sharingTitle(row.sharing)),
    formatNumber(row.batch),
    formatNumber(row.threads),
    escapeHtml(row.policy),
    formatEstimate(row.pairsPerSecond, 1e6),
    formatNumber(row.nsPerPair),
    ...[latency.p50, latency.p99, latency.p999, latency.max].map(formatNanoseconds),
    formatEstimate(row.scaling),
    formatEstimate(row.relative),
    formatNumber(row.fairness),
    formatNumber(row.rounds),
  ];
}

function closing(report: ContendReportData): string[] {
  const facts = factLines(report).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  return ['<h2>Conditions</h2>', `<dl>${facts.join('\n')}</dl>`];
}
