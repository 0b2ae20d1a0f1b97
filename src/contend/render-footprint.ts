/** The cache lines of one pin and unpin, by policy: "hates additional cachelines" as a number. */
import {
  contendedLines,
  groupLines,
  isContended,
  isWritten,
  type LineGroup,
  type PairFootprint,
  pairFootprints,
} from './cache-lines.js';
import { formatNumber } from './format.js';
import { escapeHtml, htmlTable } from './html.js';
import { type FootprintLine, type FootprintRow, SHARINGS } from './types.js';

/** A table with one line for each policy, batch and phase, every cache line named. */
export function renderFootprint(rows: readonly FootprintRow[]): string {
  const header = [
    ...['policy', 'pages a call', 'phase', 'cache lines and fields touched'],
    ...['lines', 'loads', 'stores', 'RMWs', 'lines a page'],
  ];
  return htmlTable(header, rows.map(tableRow), 4);
}

/** How many contended lines a pin and unpin write, by policy and sharing. */
export function renderContended(rows: readonly FootprintRow[]): string {
  const header = ['policy', 'pages a call', ...SHARINGS];
  return htmlTable(header, pairFootprints(rows).map(contendedRow), 1);
}

function tableRow(row: FootprintRow): string[] {
  const hidden = row.cacheLines - row.lines.length;
  const more = hidden > 0 ? ` <span class="note">and ${formatNumber(hidden)} more</span>` : '';
  return [
    escapeHtml(row.policy),
    formatNumber(row.batch),
    row.phase,
    groupLines(row.lines).map(chip).join(' ') + more,
    ...[row.cacheLines, row.loads, row.stores, row.rmws, row.perPage.cacheLines].map(formatNumber),
  ];
}

/** Cache lines with their fields and accesses; the class says who takes them from whom. */
function chip({ name, count, first: line }: LineGroup): string {
  const accesses = [
    ...(line.loads > 0 ? [`${line.loads} L`] : []),
    ...(line.stores > 0 ? [`${line.stores} S`] : []),
    ...(line.rmws > 0 ? [`${line.rmws} A`] : []),
  ];
  const fields = line.fields.length > 0 ? `.${line.fields.join(', .')}` : '';
  return (
    `<span class="chip ${chipClass(line)}"><b>${escapeHtml(name)}</b>${escapeHtml(fields)}` +
    ` <small>${accesses.join(' ')}${count > 1 ? ` × ${count}` : ''}</small></span>`
  );
}

function chipClass(line: FootprintLine): string {
  if (isContended(line, 'same-file')) return 'file';
  if (isContended(line, 'same-page')) return 'page';
  return isWritten(line) ? 'own' : 'read';
}

function contendedRow(pair: PairFootprint): string[] {
  const cells = SHARINGS.map((sharing) => formatNumber(contendedLines(pair, sharing).length));
  return [escapeHtml(pair.policy), formatNumber(pair.batch), ...cells];
}
