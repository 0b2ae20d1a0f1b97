/**
 * Races of an emulated machine against this machine's kernel. What is under the watch here is what
 * native/kernel has under its watch. Rates of one round are measured in turns.
 */
import {
  Machine,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../dist/index.js';
import type { SectionName } from './figures.js';
import { kernelRates } from './native.js';
import { inRounds, NO_NATIVE, type Bench } from './section.js';

/** What the mappings of all races allow. */
export const ACCESS = PROT_READ | PROT_WRITE;

/** One piece of work: how many operations it did, and the milliseconds that count. */
export interface Piece {
  readonly ops: number;
  readonly ms: number;
}

/** A machine with a process that does the work. */
export interface Place {
  readonly machine: Machine;
  readonly process: Process;
}

/** One thing that both can do. */
export interface Race {
  /** The figures are `<section>.<id>` and its like. */
  readonly id: string;
  /** The name in native/kernel. */
  readonly kernel: string;
  /** Makes what does one piece of the work. */
  readonly prepare: (place: Place) => () => Piece;
  /** The part of the usual time that is under the watch, where most of the work is not. */
  readonly share?: number;
}

/** A race's work on one machine. */
export interface Runner {
  readonly race: Race;
  /** The end of the figure's id. */
  readonly variant: string;
  readonly work: () => Piece;
}

/**
 * A round measures so often, each time for a short while, and the best rate of each counts: other
 * work of the machine only ever takes away from a rate.
 */
const TURNS = 16;

/** A race's work on one machine. */
export function runner(race: Race, place: Place, variant: string): Runner {
  return { race, variant, work: race.prepare(place) };
}

/** Runs races in rounds; `named` are those whose times are figures, beside their ratio. */
export async function runRaces(
  bench: Bench,
  section: SectionName,
  runners: readonly Runner[],
  named: ReadonlySet<string> = new Set(),
): Promise<void> {
  if (!bench.native) bench.recorder.skip(`${section}.`, NO_NATIVE);
  for (const { work, race } of runners) {
    rateOf(work, bench.settings.seconds * (race.share ?? 1)); // until compiled for good
  }
  await inRounds(bench, section, async () => {
    for (const race of new Set(runners.map((one) => one.race))) {
      const own = runners.filter((one) => one.race === race);
      if (!bench.signal.aborted) await raceOnce(bench, section, race, own, named.has(race.id));
    }
  });
}

/** Both in turns, and the ratio of the best rates of each. */
async function raceOnce(
  bench: Bench,
  section: SectionName,
  race: Race,
  own: readonly Runner[],
  isNamed: boolean,
): Promise<void> {
  const seconds = (bench.settings.seconds * (race.share ?? 1)) / TURNS;
  const best = new Map<Runner, number>();
  let theirs = 0;
  for (let turn = 0; turn < TURNS && !bench.signal.aborted; turn++) {
    theirs = Math.max(theirs, await kernelRate(bench, section, race, seconds));
    for (const one of own) best.set(one, Math.max(best.get(one) ?? 0, rateOf(one.work, seconds)));
  }
  const { recorder } = bench;
  for (const [{ variant }, ours] of best) {
    const id = `${section}.${race.id}${variant}`;
    recorder.add(id, theirs > 0 ? ours / theirs : undefined);
    if (isNamed) recorder.add(`${id}.ours`, nanoseconds(ours));
  }
  if (isNamed) recorder.add(`${section}.${race.id}.kernel`, nanoseconds(theirs));
}

function nanoseconds(rate: number): number | undefined {
  return rate > 0 ? 1e9 / rate : undefined;
}

/** Operations a second of this machine's kernel; 0 where it does not allow them. */
async function kernelRate(
  bench: Bench,
  section: SectionName,
  { id, kernel }: Race,
  seconds: number,
): Promise<number> {
  if (!bench.native) return 0;
  const [rate] = await kernelRates([kernel], seconds);
  if (rate === undefined) return 0;
  if ('opsPerSecond' in rate) return rate.opsPerSecond;
  bench.recorder.skip(`${section}.${id}`, rate.skipped);
  return 0;
}

/** Operations a second, over pieces that take so long together. */
export function rateOf(work: () => Piece, seconds: number): number {
  let [ops, ms] = [0, 0];
  while (ms < seconds * 1000) {
    const piece = work();
    ops += piece.ops;
    ms += piece.ms;
  }
  return (ops / ms) * 1000;
}

/** Milliseconds of an action. */
export function timed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/** A machine of so many pages, all of them touched once before anything counts. */
export async function bootTouched(contents: 'none' | 'full', pages: number): Promise<Place> {
  const machine = await Machine.boot({ memory: pages * PAGE_SIZE, contents });
  const process = machine.spawn();
  const length = (pages - 64) * PAGE_SIZE;
  const addr = process.mmap(0, length, ACCESS, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  touch({ machine, process }, addr, length);
  process.munmap(addr, length);
  return { machine, process };
}

/** Writes to each page of a range, in a loop of the core. */
export function touch({ machine, process }: Place, addr: number, length: number): void {
  const { task } = process;
  const result = machine.kernel.run((core) => core.userTouch(task, addr, length, true));
  if (result < 0) throw new Error(`the emulated machine refused a touch: ${result}`);
}
