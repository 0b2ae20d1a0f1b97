/** Latency percentiles of each policy, at the largest number of threads. */
import { count, formatNanoseconds } from './format.js';
import { panelGrid, panelTitle, type PanelRows } from './panels.js';
import { type Axis, categoryAxis, logAxis, mark, panel, polyline } from './svg.js';
import type { ContendReportData, ContendRow, LatencyPercentiles } from './types.js';

const PERCENTILES: readonly (readonly [string, (latency: LatencyPercentiles) => number])[] = [
  ['50 %', (latency) => latency.p50],
  ['90 %', (latency) => latency.p90],
  ['99 %', (latency) => latency.p99],
  ['99.9 %', (latency) => latency.p999],
  ['max', (latency) => latency.max],
];

/** One panel for each sharing and batch; panels of one batch have the same vertical scale. */
export function renderLatency(report: ContendReportData): string {
  const { policies } = report.options;
  return panelGrid(report, (own, line) => drawPanel(own, line, policies));
}

function drawPanel(
  own: PanelRows,
  line: readonly ContendRow[],
  policies: readonly string[],
): string {
  const threads = Math.max(...own.rows.map((row) => row.threads));
  const x = categoryAxis(
    PERCENTILES.map(([name]) => name),
    `share of calls that take no longer, ${count(threads, 'thread')}`,
  );
  const y = latencyAxis(line);
  if (y === undefined) return '<p class="note">No calls were timed.</p>';
  const marks = policies.map((policy, series) => {
    const row = own.rows.find((one) => one.policy === policy && one.threads === threads);
    return row === undefined ? '' : drawSeries(row, series, x, y);
  });
  return panel(x, y, marks.join('\n'), `Latency percentiles: ${panelTitle(own)}`);
}

function drawSeries(row: ContendRow, series: number, x: Axis, y: Axis): string {
  const points = PERCENTILES.flatMap(([name, of], index) => {
    const ns = of(row.latency);
    if (!(ns >= 0)) return [];
    return [
      { x: x.scale(index), y: y.scale(Math.max(ns, 1)), hint: `${name}: ${formatNanoseconds(ns)}` },
    ];
  });
  return [
    polyline(
      points.map((point) => [point.x, point.y] as const),
      series,
    ),
    ...points.map((point) => mark(point.x, point.y, series, `${row.policy}, ${point.hint}`)),
  ].join('\n');
}

function latencyAxis(rows: readonly ContendRow[]): Axis | undefined {
  const values = rows
    .flatMap(({ latency }) => PERCENTILES.map(([, of]) => of(latency)))
    .filter((ns) => ns >= 0)
    .map((ns) => Math.max(ns, 1)); // a logarithmic axis has no 0
  if (values.length === 0) return undefined;
  return logAxis(
    Math.min(...values),
    Math.max(...values),
    'one call: pin and unpin',
    formatNanoseconds,
  );
}
