/** From samples to rows: every round of a cell becomes one estimate with its interval. */
import type { Inspect } from '../inspect/inspect.js';
import { bootstrapMedian, hashString, median, mulberry32, type Random } from './statistics.js';
import {
  type ContendRow,
  type ContendSettings,
  type Estimate,
  type LatencyPercentiles,
  type LatencyText,
  REFERENCE_POLICY,
  type RawSample,
  SHARINGS,
} from './types.js';

/** What tells the cells of a measurement apart. */
type Cell = Pick<ContendRow, 'policy' | 'sharing' | 'threads' | 'batch'>;

/** Shares of the five percentiles of {@link LatencyPercentiles}. */
const SHARES = [0.5, 0.9, 0.99, 0.999, 1] as const;

/** Longest bar of a histogram as text, in characters. */
const BAR_WIDTH = 40;

/** All samples of one cell, each with its rate worked out. */
interface CellSamples {
  readonly cell: Cell;
  readonly samples: readonly RawSample[];
  /** Pairs a second of all threads together, by round. */
  readonly rates: ReadonlyMap<number, number>;
}

/** A string that is the same for equal cells only. */
function cellKey({ policy, sharing, threads, batch }: Cell): string {
  return `${sharing}/${batch}/${threads}/${policy}`;
}

/** Makes the rows of a report, ordered by sharing, batch, threads and policy as in the settings. */
export function buildRows(
  samples: readonly RawSample[],
  settings: ContendSettings,
  tools: Inspect,
): ContendRow[] {
  const cells = collectCells(samples);
  return [...cells.values()]
    .sort((a, b) => compareCells(a.cell, b.cell, settings))
    .map((own) => buildRow(own, cells, settings.seed, tools));
}

/** Draws the latencies of each cell with the largest number of threads that was measured. */
export function buildHistograms(
  samples: readonly RawSample[],
  settings: ContendSettings,
  tools: Inspect,
): LatencyText[] {
  const cells = [...collectCells(samples).values()];
  const most = Math.max(...cells.map(({ cell }) => cell.threads));
  return cells
    .filter(({ cell }) => cell.threads === most)
    .sort((a, b) => compareCells(a.cell, b.cell, settings))
    .map(({ cell, samples }) => {
      const counts = tools.mergeHistograms(samples.map(({ histogram }) => histogram));
      return { ...cell, text: tools.formatHistogram(counts, BAR_WIDTH) };
    });
}

function collectCells(samples: readonly RawSample[]): Map<string, CellSamples> {
  const grouped = new Map<string, RawSample[]>();
  for (const sample of samples) {
    // A thread that ran for no time has no rate; a cut-off measurement may leave such samples.
    if (sample.seconds.length === 0 || sample.seconds.some((s) => !(s > 0))) continue;
    const group = grouped.get(cellKey(sample)) ?? [];
    group.push(sample);
    grouped.set(cellKey(sample), group);
  }
  const cells = new Map<string, CellSamples>();
  for (const [key, group] of grouped) {
    const { policy, sharing, threads, batch } = group[0] as RawSample;
    const rates = new Map(group.map((sample) => [sample.round, sum(threadRates(sample))]));
    cells.set(key, { cell: { policy, sharing, threads, batch }, samples: group, rates });
  }
  return cells;
}

function buildRow(
  own: CellSamples,
  cells: ReadonlyMap<string, CellSamples>,
  seed: number,
  tools: Inspect,
): ContendRow {
  const { cell } = own;
  // Its own stream of random numbers: the row's intervals do not depend on the other rows.
  const random = mulberry32((seed ^ hashString(cellKey(cell))) >>> 0);
  const pairsPerSecond = bootstrapMedian([...own.rates.values()], random);
  const alone = cells.get(cellKey({ ...cell, threads: 1 }));
  const reference = cells.get(cellKey({ ...cell, policy: REFERENCE_POLICY }));
  return {
    ...cell,
    rounds: own.rates.size,
    pairsPerSecond,
    nsPerPair: (cell.threads * 1e9) / pairsPerSecond.median,
    latency: latencyOf(own.samples, tools),
    fairness: median(own.samples.map(fairnessOf)),
    cpuShare: cpuShareOf(own.samples),
    scaling: ratioByRound(own, alone, random),
    relative: ratioByRound(own, reference, random),
  };
}

/** The ratio of two cells' rates, taken within each round that both of them have. */
function ratioByRound(
  cell: CellSamples,
  base: CellSamples | undefined,
  random: Random,
): Estimate | undefined {
  if (base === undefined) return undefined;
  const ratios: number[] = [];
  for (const [round, rate] of cell.rates) {
    const baseRate = base.rates.get(round);
    if (baseRate !== undefined && baseRate > 0) ratios.push(rate / baseRate);
  }
  return ratios.length === 0 ? undefined : bootstrapMedian(ratios, random);
}

function latencyOf(samples: readonly RawSample[], tools: Inspect): LatencyPercentiles {
  const counts = tools.mergeHistograms(samples.map(({ histogram }) => histogram));
  const [p50, p90, p99, p999, max] = tools.percentiles(counts, SHARES) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { p50, p90, p99, p999, max, calls: sum(counts) };
}

function fairnessOf(sample: RawSample): number {
  const rates = threadRates(sample);
  const fastest = Math.max(...rates);
  return fastest > 0 ? Math.min(...rates) / fastest : 1;
}

function cpuShareOf(samples: readonly RawSample[]): number | undefined {
  const shares = samples.flatMap(({ cpuShare }) => (cpuShare === undefined ? [] : [cpuShare]));
  return shares.length === 0 ? undefined : median(shares);
}

function threadRates(sample: RawSample): number[] {
  return sample.pairs.map((pairs, thread) => pairs / (sample.seconds[thread] as number));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function compareCells(a: Cell, b: Cell, settings: ContendSettings): number {
  return (
    SHARINGS.indexOf(a.sharing) - SHARINGS.indexOf(b.sharing) ||
    a.batch - b.batch ||
    a.threads - b.threads ||
    settings.policies.indexOf(a.policy) - settings.policies.indexOf(b.policy)
  );
}
