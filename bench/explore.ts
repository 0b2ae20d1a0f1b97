/**
 * How fast the explorer is, on scenarios of raw words and on the real core. Times are of this
 * thread's processor.
 */
import { explore, scenario, type Cpu, type ExploreOptions, type Scenario } from '../dist/index.js';
import { pinAgainstUnmap, withSealer } from './explore-core.js';
import { heapGrowth } from './heap-growth.js';
import { inRounds, type Bench } from './section.js';

/** Words of the page protocol. */
interface Page {
  readonly pte: number;
  readonly ref: number;
  readonly owner: number;
}

/** Executions of one measurement with random schedules. */
const RANDOM = 300_000;
const RANDOM_QUICK = 10_000;
/** The same on the core, and of the measurement of memory. */
const CORE = 20_000;
const CORE_QUICK = 200;
const MANY = 10_000_000;
const MANY_QUICK = 50_000;

function* unmap({ pte, ref, owner }: Page, cpu: Cpu) {
  yield* cpu.exchange(pte, 0);
  if ((yield* cpu.compareExchange(ref, 1, 0)) !== 1) return undefined;
  yield* cpu.store(owner, 0);
  yield* cpu.store(owner, 2);
  yield* cpu.store(ref, 1);
  return undefined;
}

function* pin({ pte, ref, owner }: Page, cpu: Cpu) {
  if ((yield* cpu.load(pte)) === 0) return undefined;
  let seen = yield* cpu.load(ref);
  while (seen !== 0) {
    cpu.point('swap', seen);
    const before = yield* cpu.compareExchange(ref, seen, seen + 1);
    if (before === seen) break;
    seen = before;
  }
  if (seen === 0) return undefined;
  cpu.point('pinned');
  if ((yield* cpu.load(pte)) !== 0) cpu.assert((yield* cpu.load(owner)) === 1, 'a freed page');
  cpu.point('put');
  yield* cpu.fetchAdd(ref, -1);
  return undefined;
}

/** One unmapper that frees a page and uses it again, and so many pinners. */
function gup(pinners: number): Scenario<Page> {
  const names = Array.from({ length: pinners }, (_, i) => `pin${i}`);
  return scenario<Page>({
    name: `gup(${pinners})`,
    setup(machine) {
      const [pte, ref, owner] = machine.words(3, 1) as [number, number, number];
      return { pte, ref, owner };
    },
    cpus: { unmap, ...Object.fromEntries(names.map((name) => [name, pin])) },
  });
}

/** So many increments that are not atomic. */
function inc(cpus: number): Scenario<number[]> {
  const names = Array.from({ length: cpus }, (_, i) => `cpu${i}`);
  const program = function* ([x]: number[], cpu: Cpu) {
    const value = yield* cpu.load(x!);
    yield* cpu.store(x!, value + 1);
    return undefined;
  };
  return scenario({
    name: `inc(${cpus})`,
    setup: (machine) => machine.words(1),
    cpus: Object.fromEntries(names.map((name) => [name, program])),
  });
}

/** Measures the section `explore`. */
export async function measureExplore(bench: Bench): Promise<void> {
  const { recorder, settings } = bench;
  const maxExecutions = settings.quick ? RANDOM_QUICK : RANDOM;
  // The rate of a long run is asked for: not before the engine has compiled everything.
  await timed(gup(1), { strategy: 'random', maxExecutions });
  await inRounds(bench, 'explore', async () => {
    const random = await timed(gup(1), { strategy: 'random', maxExecutions });
    recorder.add('explore.random.executions', random.executions / random.seconds / 1e3);
    recorder.add('explore.random.steps', random.steps / random.seconds / 1e6);
    const three = await timed(gup(settings.quick ? 2 : 3), { strategy: 'dpor' });
    recorder.add('explore.gup3', three.seconds);
    const five = await timed(inc(settings.quick ? 4 : 5), { strategy: 'dpor' });
    recorder.add('explore.inc5', five.seconds);
    const states = await timed(gup(settings.quick ? 3 : 4), { mode: 'states' });
    recorder.add('explore.states', states.seconds);
    const core = settings.quick ? CORE_QUICK : CORE;
    const two = await timed(pinAgainstUnmap(), { strategy: 'pct', maxExecutions: core });
    recorder.add('explore.core.two', two.executions / two.seconds / 1e3);
    const sealed = await timed(withSealer(), { strategy: 'dpor', maxExecutions: core });
    if (!settings.quick && !sealed.complete) throw new Error('the sealer needs more executions');
    recorder.add('explore.core.sealer', sealed.seconds);
    recorder.add('explore.core.steps', sealed.steps / sealed.seconds / 1e6);
  });
  const many = settings.quick ? MANY_QUICK : MANY;
  const growth = await heapGrowth(gup(1), { strategy: 'random', maxExecutions: many });
  recorder.add('explore.memory', growth / 1e6);
}

async function timed<Context>(given: Scenario<Context>, options: ExploreOptions) {
  const before = process.cpuUsage();
  const { executions, steps, failures, complete } = await explore(given, options);
  const { user, system } = process.cpuUsage(before);
  if (failures > 0) throw new Error(`${given.name} failed: its protocol is right`);
  return { executions, steps, complete, seconds: (user + system) / 1e6 };
}
