/** The grid in which the drawings stand: a line of panels for each batch, one for each sharing. */
import { sharingTitle } from './format.js';
import { escapeHtml } from './html.js';
import { type ContendReportData, type ContendRow, SHARINGS, type Sharing } from './types.js';

/** The rows that one panel shows. */
export interface PanelRows {
  readonly sharing: Sharing;
  readonly batch: number;
  readonly rows: readonly ContendRow[];
}

/** Draws one panel; `line` holds the rows of all panels beside it, so that they share a scale. */
export type DrawPanel = (panel: PanelRows, line: readonly ContendRow[]) => string;

/** Panels for every sharing and batch that has rows. */
export function panelGrid(report: ContendReportData, draw: DrawPanel): string {
  const batches = [...new Set(report.rows.map((row) => row.batch))];
  const lines = batches.map((batch) => {
    const line = report.rows.filter((row) => row.batch === batch);
    const figures = SHARINGS.flatMap((sharing) => {
      const rows = line.filter((row) => row.sharing === sharing);
      return rows.length === 0 ? [] : [figure({ sharing, batch, rows }, line, draw)];
    });
    return `<div class="panels">${figures.join('\n')}</div>`;
  });
  return lines.join('\n');
}

/** Names what a panel shows: "one file, a page of its own each · 256 pages a call". */
export function panelTitle({ sharing, batch }: PanelRows): string {
  return `${sharingTitle(sharing)} · ${batch === 1 ? '1 page' : `${batch} pages`} a call`;
}

function figure(panel: PanelRows, line: readonly ContendRow[], draw: DrawPanel): string {
  const caption = `<figcaption>${escapeHtml(panelTitle(panel))}</figcaption>`;
  return `<figure>${caption}${draw(panel, line)}</figure>`;
}
