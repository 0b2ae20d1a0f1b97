/**
 * GUP-fast in WebAssembly against GUP-fast in C, and pin policies against one another. Each round
 * runs every cell once, ours and theirs one right after the other; a ratio is taken within a round.
 */
import { Arena } from '../dist/contend/arena.js';
import { runCell } from '../dist/contend/cell.js';
import type { ContendSettings, Sharing } from '../dist/contend/types.js';
import { runTwin, twinPingPong, type TwinOrder } from './native.js';
import { inRounds, NO_NATIVE, type Bench } from './section.js';
import { leastBusy, threadTimes } from './thread-time.js';

const POLICIES = ['pincount', 'i-mmap-writable', 'i-mmap-writable-percpu'] as const;
type Policy = (typeof POLICIES)[number];

interface Cell {
  readonly policy: Policy;
  readonly sharing: Sharing;
  readonly threads: number;
  readonly batch: number;
}

/** Who runs a cell: the core, or the twin in one of its memory orders. */
type Runner = 'core' | TwinOrder;

/** One run: pages pinned and unpinned a second, and how busy the least busy thread was. */
interface Run {
  readonly rate: number;
  readonly cpuShare: number;
}

/** With less of a core than that in one of its threads a run compares with nothing. */
const CPU_SHARE_MIN = 0.95;
/** A void run is repeated until it has been tried so often. */
const TRIES = 4;
const WARM_UP_SECONDS = 0.15;
/** A line that takes longer waited for the scheduler and not for the other core. */
const SWITCH_NS = 20_000;

const cell = (policy: Policy, threads: number, batch: number, sharing: Sharing = 'same-file') => ({
  policy,
  sharing,
  threads,
  batch,
});

const CELLS: readonly Cell[] = [
  cell('pincount', 2, 1, 'same-page'),
  ...POLICIES.flatMap((policy) => [
    cell(policy, 1, 1),
    cell(policy, 2, 1),
    cell(policy, 1, 256),
    cell(policy, 2, 256),
  ]),
];

/** Rates of one round, by {@link keyOf}. */
type Rates = ReadonlyMap<string, number>;

const keyOf = (runner: Runner, { policy, sharing, threads, batch }: Cell): string =>
  `${runner} ${policy} ${sharing} ${threads} ${batch}`;

/** Measures the section `pins`. */
export async function measurePins(bench: Bench): Promise<void> {
  if (!bench.native) skipNative(bench);
  const settings = contendSettings(bench);
  const arenas = new Map<Policy, Arena>();
  try {
    for (const policy of POLICIES) arenas.set(policy, await Arena.open(policy, settings));
    await warmUp(arenas, bench);
    await inRounds(bench, 'pins', async (round) => {
      recordRound(bench, await measureRound(arenas, bench, round));
      if (bench.native) bench.recorder.add('pins.ping-pong', await pingPong(settings.seconds));
    });
    if (!bench.signal.aborted) bench.recorder.skip('pins.', 'in no round had each thread a core');
  } finally {
    await Promise.all([...arenas.values()].map(({ machine }) => machine.close()));
  }
}

/** The best of some tries; undefined if in all of them the two threads shared a core. */
async function pingPong(seconds: number): Promise<number | undefined> {
  let best = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const ns = await twinPingPong(seconds);
    if (ns > 0) best = Math.min(best, ns); // 0: the line has not come back once
  }
  return best < SWITCH_NS ? best : undefined;
}

function skipNative({ recorder }: Bench): void {
  const ids = [
    'pins.1-thread',
    'pins.same-page',
    'pins.ping-pong',
    'pins.ns.twin',
    'pins.ns.kernel',
  ];
  const twins = ['pins.scaling.', 'pins.imw-slower.', 'pins.percpu-scaling.', 'pins.imw-256.twin'];
  for (const id of [...ids, ...twins]) recorder.skip(id, NO_NATIVE);
}

function contendSettings({ settings }: Bench): ContendSettings {
  return {
    policies: POLICIES,
    threads: [1, 2],
    sharing: ['same-page', 'same-file'],
    batch: [1, 256],
    seconds: settings.seconds,
    rounds: settings.rounds,
    seed: 1,
  };
}

/** Runs every loop until it has been compiled for good. */
async function warmUp(arenas: ReadonlyMap<Policy, Arena>, bench: Bench): Promise<void> {
  const seconds = Math.min(WARM_UP_SECONDS, 2 * bench.settings.seconds);
  for (const [policy, arena] of arenas) {
    if (!bench.signal.aborted) await runCell(arena, cell(policy, 2, 1), 0, seconds, bench.signal);
  }
}

/** Every cell once; every other round goes through the cells and the runners backwards. */
async function measureRound(
  arenas: ReadonlyMap<Policy, Arena>,
  bench: Bench,
  round: number,
): Promise<Rates> {
  const rates = new Map<string, number>();
  const runs = CELLS.flatMap((one) => runnersOf(one, bench).map((runner) => ({ one, runner })));
  if (round % 2 === 1) runs.reverse();
  for (const { one, runner } of runs) {
    const arena = arenas.get(one.policy);
    if (arena === undefined || bench.signal.aborted) break;
    const run = () => (runner === 'core' ? runCore(arena, one, bench) : runC(one, runner, bench));
    const rate = await validRate(run, bench);
    if (rate !== undefined) rates.set(keyOf(runner, one), rate);
  }
  return rates;
}

function runnersOf({ policy, batch }: Cell, { native }: Bench): Runner[] {
  if (!native) return ['core'];
  return policy === 'pincount' && batch === 1 ? ['core', 'seq_cst', 'kernel'] : ['core', 'seq_cst'];
}

/** The rate of a run in which each thread had a core; undefined if none of some tries was one. */
async function validRate(run: () => Promise<Run>, bench: Bench): Promise<number | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { rate, cpuShare } = await run();
    if (bench.signal.aborted) return undefined; // cut short: not like the others
    const isVoid = cpuShare < CPU_SHARE_MIN;
    bench.recorder.countRun(isVoid);
    // A quick run is too short to be held to that, and its figures mean nothing.
    if (!isVoid || bench.settings.quick) return rate;
  }
  return undefined;
}

async function runCore(arena: Arena, one: Cell, { settings, signal }: Bench): Promise<Run> {
  const before = threadTimes();
  const { seconds, pairs } = await runCell(arena, one, 0, settings.seconds, signal);
  const busy = leastBusy(before, threadTimes(), one.threads);
  const rate = pairs.reduce((sum, pages, thread) => sum + pages / (seconds[thread] ?? NaN), 0);
  return { rate, cpuShare: busy / Math.max(...seconds) };
}

async function runC(one: Cell, order: TwinOrder, { settings }: Bench): Promise<Run> {
  const result = await runTwin({ ...one, order, seconds: settings.seconds });
  const shares = result.cpuSeconds.map((busy, thread) => busy / (result.seconds[thread] ?? NaN));
  return { rate: result.pairsPerSecond, cpuShare: Math.min(...shares) };
}

/** What the rates of one round say. */
function recordRound({ recorder }: Bench, rates: Rates): void {
  const rate = (runner: Runner, of: Cell) => rates.get(keyOf(runner, of));
  const one = cell('pincount', 1, 1);
  const two = cell('pincount', 2, 1);
  const page = cell('pincount', 2, 1, 'same-page');
  const big = cell('pincount', 2, 256);
  const add = (id: string, above: number | undefined, below: number | undefined) =>
    recorder.add(`pins.${id}`, above !== undefined && below ? above / below : undefined);
  const slower = (id: string, runner: Runner, policy: Policy, than: Cell) =>
    add(id, rate(runner, than), rate(runner, { ...than, policy }));
  const scaling = (id: string, runner: Runner, policy: Policy) =>
    add(id, rate(runner, { ...two, policy }), rate(runner, { ...one, policy }));

  add('1-thread', rate('core', one), rate('seq_cst', one));
  add('1-thread.kernel-order', rate('core', one), rate('kernel', one));
  add('same-page', rate('core', page), rate('seq_cst', page));
  add('same-page.kernel-order', rate('core', page), rate('kernel', page));
  scaling('scaling', 'core', 'pincount');
  scaling('scaling.twin', 'seq_cst', 'pincount');
  scaling('scaling.kernel-order', 'kernel', 'pincount');
  scaling('percpu-scaling', 'core', 'i-mmap-writable-percpu');
  scaling('percpu-scaling.twin', 'seq_cst', 'i-mmap-writable-percpu');
  slower('imw-slower', 'core', 'i-mmap-writable', two);
  slower('imw-slower.twin', 'seq_cst', 'i-mmap-writable', two);
  slower('imw-256', 'core', 'i-mmap-writable', big);
  slower('imw-256.twin', 'seq_cst', 'i-mmap-writable', big);
  slower('imw-256.1-thread', 'core', 'i-mmap-writable', cell('pincount', 1, 256));
  slower('percpu-256', 'core', 'i-mmap-writable-percpu', big);
  add('ns.core', 1e9, rate('core', one));
  add('ns.twin', 1e9, rate('seq_cst', one));
  add('ns.kernel-order', 1e9, rate('kernel', one));
}
