/** From the raw material of a measurement to its report. */
import { type Inspect, loadInspect } from '../inspect/inspect.js';
import { renderCsv } from './render-csv.js';
import { renderHtml } from './render-html.js';
import { renderMarkdown } from './render-markdown.js';
import { buildHistograms, buildRows } from './rows.js';
import { buildSentences } from './sentences.js';
import { buildWarnings } from './warnings.js';
import type { Balance, ContendReport, ContendReportData, RawContend } from './types.js';

/**
 * Works out rows, sentences and balance of a measurement. The same raw material always gives the
 * same report: the bootstrap is seeded with `raw.options.seed`.
 *
 * @param inspect - the inspection module; loaded when left out
 */
export async function buildReport(raw: RawContend, inspect?: Inspect): Promise<ContendReport> {
  return reportOf(buildReportData(raw, inspect ?? (await loadInspect())));
}

function buildReportData(raw: RawContend, tools: Inspect): ContendReportData {
  const rows = buildRows(raw.samples, raw.options, tools);
  return {
    startedAt: raw.startedAt,
    host: raw.host,
    build: raw.build,
    options: raw.options,
    pingPongNs: raw.pingPongNs,
    rows,
    warnings: buildWarnings(rows),
    sentences: buildSentences(raw.options.policies, rows, raw.footprints),
    histograms: buildHistograms(raw.samples, raw.options, tools),
    footprints: raw.footprints,
    balance: raw.balance,
    balanced: isBalanced(raw.balance),
    interrupted: raw.interrupted,
  };
}

/** Adds the output formats to a report's data; works on data read back from `report.json` too. */
export function reportOf(data: ContendReportData): ContendReport {
  return {
    ...data,
    toMarkdown: () => renderMarkdown(data),
    toCSV: () => renderCsv(data.rows),
    toJSON: () => data,
    toHTML: () => renderHtml(data),
  };
}

function isBalanced(balance: Balance): boolean {
  return (
    balance.pinsTaken === balance.pinsReleased &&
    balance.countersBackAtZero &&
    balance.violations.length === 0
  );
}
