/** Curves of throughput over threads, with error bars. */
import { count, formatEstimate } from './format.js';
import { panelGrid, panelTitle, type PanelRows } from './panels.js';
import { categoryAxis, errorBar, linearAxis, mark, panel, polyline } from './svg.js';
import type { ContendReportData, ContendRow } from './types.js';

/** Pixels between the marks of neighbouring series at one place, so that none hides another. */
const DODGE = 7;

/** One panel for each sharing and batch; each has its own vertical scale. */
export function renderThroughput(report: ContendReportData): string {
  const { policies } = report.options;
  return panelGrid(report, (own, line) => drawPanel(own, line, policies));
}

function drawPanel(
  own: PanelRows,
  line: readonly ContendRow[],
  policies: readonly string[],
): string {
  const threads = [...new Set(line.map((row) => row.threads))].sort((a, b) => a - b);
  const x = categoryAxis(threads.map(String), 'threads');
  // Its own scale: one panel compares policies, and a contended panel would lie flat beside the
  // rest.
  const highest = Math.max(...own.rows.map((row) => row.pairsPerSecond.high));
  const y = linearAxis(highest / 1e6, 'million pairs a second');

  const marks = policies.map((policy, series) => {
    const dodge = (series - (policies.length - 1) / 2) * DODGE;
    const rows = own.rows.filter((row) => row.policy === policy);
    const place = (row: ContendRow) => x.scale(threads.indexOf(row.threads)) + dodge;
    const height = (perSecond: number) => y.scale(perSecond / 1e6);
    const points = rows.map((row) => [place(row), height(row.pairsPerSecond.median)] as const);
    return [
      polyline(points, series),
      ...rows.map((row) => {
        const { low, high } = row.pairsPerSecond;
        return errorBar(place(row), height(low), height(high), series);
      }),
      ...rows.map((row, i) => mark(...(points[i] as [number, number]), series, hintOf(row))),
    ].join('\n');
  });
  return panel(x, y, marks.join('\n'), `Throughput over threads: ${panelTitle(own)}`);
}

function hintOf(row: ContendRow): string {
  const rate = formatEstimate(row.pairsPerSecond, 1e6);
  return `${row.policy}, ${count(row.threads, 'thread')}: ${rate} million pairs a second`;
}
