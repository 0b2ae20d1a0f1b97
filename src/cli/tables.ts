/** The report as tables for a terminal: one for each sharing and batch. */
import type { ContendReport, ContendRow } from '../index.js';

const NOT_MEASURED = '-';

/** What cli-table3 draws around cells: only two blanks between columns. */
const NO_FRAME = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', right: '', 'right-mid': '', mid: '', 'mid-mid': '' },
  middle: '  ',
};

const LEGEND = `Million pages pinned and unpinned a second, all threads together: median of the
rounds, +- the farther end of its 95 % interval. The other columns are for the most threads:
ns/page of one thread's time; p99 of a call that pins and the call that unpins;
scaling against one thread; throughput against pincount in the same cell.
`;

const TITLES: Readonly<Record<ContendRow['sharing'], string>> = {
  'same-page': 'All threads pin one page',
  'same-file': 'One file, a page of its own for each thread',
  'separate-files': 'A file of its own for each thread',
};

/** One table: a line for each policy, a column for each number of threads. */
interface Group {
  readonly title: string;
  readonly rows: readonly ContendRow[];
}

/** Draws the tables. The library that draws is loaded here, since most commands need none. */
export async function contendTables(report: ContendReport): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const blocks = groupRows(report.rows).map(({ title, rows }) => {
    const threads = [...new Set(rows.map((row) => row.threads))].sort((a, b) => a - b);
    const table = new Table({
      head: header(threads),
      // No colours and no frames: what is printed here is often pasted into a mail.
      style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
      chars: NO_FRAME,
      colAligns: [
        'left',
        ...header(threads)
          .slice(1)
          .map(() => 'right' as const),
      ],
    });
    for (const policy of new Set(rows.map((row) => row.policy))) {
      table.push(
        fields(
          rows.filter((row) => row.policy === policy),
          threads,
        ),
      );
    }
    return `${title}\n${table.toString()}\n`;
  });
  return blocks.length === 0 ? 'No cell was measured.\n' : `${blocks.join('\n')}\n${LEGEND}`;
}

function groupRows(rows: readonly ContendRow[]): Group[] {
  const groups = new Map<string, ContendRow[]>();
  for (const row of rows) {
    const pages = row.batch === 1 ? '1 page' : `${row.batch} pages`;
    const title = `${TITLES[row.sharing]}, ${pages} a call`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups].map(([title, grouped]) => ({ title, rows: grouped }));
}

function header(threads: readonly number[]): string[] {
  const rates = threads.map((n) => (n === 1 ? '1 thread' : `${n} threads`));
  return ['policy', ...rates, 'ns/page', 'p99', 'scales', 'of pincount'];
}

/** One line: the rate at every number of threads, then the details at the largest one. */
function fields(rows: readonly ContendRow[], threads: readonly number[]): string[] {
  const most = rows.at(-1);
  const rates = threads.map((n) => {
    const rate = rows.find((row) => row.threads === n)?.pairsPerSecond;
    if (rate === undefined) return NOT_MEASURED;
    const error = Math.max(rate.high - rate.median, rate.median - rate.low) / rate.median;
    return `${short(rate.median / 1e6)} +-${(error * 100).toFixed(0).padStart(2)}%`;
  });
  return [
    most?.policy ?? '',
    ...rates,
    short(most?.nsPerPair),
    duration(most?.latency.p99),
    times(most?.scaling?.median),
    times(most?.relative?.median),
  ];
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? NOT_MEASURED : `x${short(ratio)}`;
}

function duration(ns: number | undefined): string {
  if (ns === undefined || Number.isNaN(ns)) return NOT_MEASURED;
  if (ns < 1e3) return `${short(ns)} ns`;
  return ns < 1e6 ? `${short(ns / 1e3)} us` : `${short(ns / 1e6)} ms`;
}

/** Two or three significant digits. */
function short(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NOT_MEASURED;
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
