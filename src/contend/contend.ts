import { coresOfHost, hostFacts } from '#platform';
import { Arena } from './arena.js';
import { runCell, runTogether, sleep, type Cell } from './cell.js';
import { measureFootprints } from './footprint.js';
import { buildFacts } from './host.js';
import { buildReport } from './report.js';
import { resolveSettings } from './settings.js';
import { mulberry32 } from './statistics.js';
import type {
  Balance,
  ContendOptions,
  ContendReport,
  ContendSettings,
  RawSample,
} from './types.js';

/** A page or two of the code must have been compiled for good before anything counts. */
const WARM_UP_SECONDS = 0.08;
/** A cell whose threads had less of a core is run again, as long as repeats are left. */
const STARVED_BELOW = 0.9;
/** So many repeats for each cell of the whole measurement. */
const REPEATED_SHARE = 0.1;
const PING_PONG_ROUNDS = 200_000;

/**
 * Measures what pinning costs under several accounting policies, and how it scales: threads pin and
 * unpin pages of shared memfd mappings through GUP-fast, in loops inside WebAssembly.
 *
 * One machine a policy is booted; every round measures every cell, the policies one right after the
 * other, so that a drifting host moves them together. When `signal` is aborted, what was measured
 * by then is reported.
 *
 * @throws RangeError, TypeError that name the option; the reason of `signal` if nothing was
 * measured
 */
export async function contend(options: ContendOptions = {}): Promise<ContendReport> {
  const settings = resolveSettings(options, coresOfHost());
  const startedAt = new Date().toISOString();
  const host = hostFacts();
  const build = await buildFacts();
  const footprints = await measureFootprints(settings.policies, settings.batch);
  const arenas: Arena[] = [];
  try {
    for (const policy of settings.policies) arenas.push(await Arena.open(policy, settings));
    const samples = await measure(arenas, settings, options);
    if (samples.length === 0) options.signal?.throwIfAborted();
    const interrupted = isAborted(options.signal);
    const pingPongNs = interrupted ? undefined : await pingPong(arenas[0]);
    return await buildReport({
      startedAt,
      host,
      build,
      options: settings,
      pingPongNs,
      samples,
      footprints,
      balance: balanceOf(arenas),
      interrupted,
    });
  } finally {
    await Promise.all(arenas.map(({ machine }) => machine.close()));
  }
}

async function measure(
  arenas: readonly Arena[],
  settings: ContendSettings,
  { onProgress, signal }: ContendOptions,
): Promise<RawSample[]> {
  const cells = cellsOf(settings);
  const total = cells.length * arenas.length * settings.rounds;
  const random = mulberry32(settings.seed);
  const samples: RawSample[] = [];
  let repeats = Math.ceil(total * REPEATED_SHARE);
  onProgress?.(0, total);
  await warmUp(arenas, settings, signal);
  for (let round = 0; round < settings.rounds; round++) {
    for (const cell of shuffled(cells, random)) {
      for (const arena of shuffled(arenas, random)) {
        if (isAborted(signal)) return samples;
        let sample = await runCell(arena, cell, round, settings.seconds, signal);
        while (isStarved(sample) && repeats-- > 0 && !isAborted(signal)) {
          const again = await runCell(arena, cell, round, settings.seconds, signal);
          if ((again.cpuShare ?? 1) > (sample.cpuShare ?? 1)) sample = again;
        }
        if (isAborted(signal)) return samples; // cut short: not like the others
        samples.push(sample);
        onProgress?.(samples.length, total);
      }
    }
  }
  return samples;
}

/** True if the threads did not have a core each, so that they took turns instead of contending. */
function isStarved({ cpuShare }: RawSample): boolean {
  return cpuShare !== undefined && cpuShare < STARVED_BELOW;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function cellsOf({ sharing, threads, batch }: ContendSettings): Cell[] {
  return sharing.flatMap((how) =>
    batch.flatMap((size) => threads.map((n) => ({ sharing: how, batch: size, threads: n }))),
  );
}

async function warmUp(
  arenas: readonly Arena[],
  { sharing, batch, threads }: ContendSettings,
  signal: AbortSignal | undefined,
): Promise<void> {
  const most = Math.max(...threads);
  for (const arena of arenas) {
    for (const size of batch) {
      const cell = { sharing: sharing[0] ?? 'same-page', batch: size, threads: most };
      if (!isAborted(signal)) await runCell(arena, cell, 0, WARM_UP_SECONDS, signal);
    }
  }
}

/** Nanoseconds for a cache line to go to another worker and back; undefined on a single core. */
async function pingPong(arena: Arena | undefined): Promise<number | undefined> {
  if (arena === undefined || coresOfHost() < 2) return undefined;
  const { kernel } = arena.machine;
  const play = (parity: number) => () =>
    kernel.call(parity + 1, 'pingPong', parity, PING_PONG_ROUNDS);
  const [ns] = await runTogether(kernel, [play(0), play(1)], () => sleep(5000, undefined));
  return ns === undefined || ns === 0 ? undefined : ns;
}

function balanceOf(arenas: readonly Arena[]): Balance {
  const stats = arenas.map(({ machine }) => machine.vmstat());
  return {
    pinsTaken: stats.reduce((sum, stat) => sum + stat.nr_foll_pin_acquired, 0),
    pinsReleased: stats.reduce((sum, stat) => sum + stat.nr_foll_pin_released, 0),
    countersBackAtZero: arenas.every((arena) => arena.countersAreBack()),
    violations: arenas.flatMap(({ policy, machine }) =>
      machine.verify().map(({ message }) => `${policy}: ${message}`),
    ),
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [order[i], order[j]];
    if (a !== undefined && b !== undefined) [order[i], order[j]] = [b, a];
  }
  return order;
}
