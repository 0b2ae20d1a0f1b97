/** The rows of a report as CSV (RFC 4180), for spreadsheets and scripts. */
import type { ContendRow, Estimate } from './types.js';

/** null stands for NaN in a report that was read back from JSON. */
type Field = string | number | undefined | null;

/** Column names, with units, and where each value comes from. */
const COLUMNS: readonly (readonly [string, (row: ContendRow) => Field])[] = [
  ['policy', (row) => row.policy],
  ['sharing', (row) => row.sharing],
  ['threads', (row) => row.threads],
  ['batch_pages', (row) => row.batch],
  ['rounds', (row) => row.rounds],
  ...estimate('pairs_per_second', (row) => row.pairsPerSecond),
  ['ns_per_pair', (row) => row.nsPerPair],
  ['latency_p50_ns', (row) => row.latency.p50],
  ['latency_p90_ns', (row) => row.latency.p90],
  ['latency_p99_ns', (row) => row.latency.p99],
  ['latency_p999_ns', (row) => row.latency.p999],
  ['latency_max_ns', (row) => row.latency.max],
  ['calls_timed', (row) => row.latency.calls],
  ['fairness', (row) => row.fairness],
  ['cpu_share', (row) => row.cpuShare],
  ...estimate('scaling', (row) => row.scaling),
  ...estimate('relative', (row) => row.relative),
];

/** One header line and one line a row; what was not measured is an empty field. */
export function renderCsv(rows: readonly ContendRow[]): string {
  const lines = [COLUMNS.map(([name]) => name), ...rows.map(fieldsOf)];
  return lines.map((fields) => `${fields.map(quote).join(',')}\n`).join('');
}

function fieldsOf(row: ContendRow): Field[] {
  return COLUMNS.map(([, value]) => value(row));
}

function estimate(
  name: string,
  of: (row: ContendRow) => Estimate | undefined,
): [string, (row: ContendRow) => Field][] {
  return [
    [`${name}_median`, (row) => of(row)?.median],
    [`${name}_low`, (row) => of(row)?.low],
    [`${name}_high`, (row) => of(row)?.high],
  ];
}

function quote(field: Field): string {
  if (field === undefined || field === null || Number.isNaN(field)) return '';
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
