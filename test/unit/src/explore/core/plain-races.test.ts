// Data races on plain fields: the clocks of the host and the records of the core, by hand, and one
// in a scenario.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExploredMachine } from '../../../../../src/explore/core/explored-machine.js';
import { PlainRaces } from '../../../../../src/explore/core/plain-races.js';
import { explore, replay, type Scenario } from '../../../../../src/index.js';
import { MEM_MAP, PERCPU_BASE, SchedOp } from '../../../../../src/wasm/generated/layout.js';
import { FakeContext } from './oracles/fake-context.js';

const FIELD = MEM_MAP + 4096;
const OTHER_HALF = FIELD + 4;
const LOCK = PERCPU_BASE + 64;
const LOCATION = 3;

/** What explore.wasm calls before each access to a plain field. */
interface Accesses {
  racesRead(address: number): number;
  racesWrite(address: number): number;
  racesRead8(address: number): number;
  racesWrite8(address: number): number;
}

let explored: ExploredMachine;
let races: PlainRaces;
let core: Accesses;
let step: number;
beforeEach(async () => {
  explored = await ExploredMachine.boot({ memory: '64KiB' }, 2);
  const { coroutines, machine } = explored;
  races = new PlainRaces(machine.kernel.views, coroutines.core, 2, new FakeContext());
  let running = 0;
  coroutines.onRace = (_, ...seen) => races.onRace(running, ...seen);
  const raw = coroutines.core as unknown as Accesses;
  core = raw;
  step = 0;
  const start = races.start.bind(races);
  races.start = (cpu) => start((running = cpu));
  races.begin(0, false);
});
afterEach(() => explored.close());

/** A CPU makes an access to the lock, and runs on. */
function announce(cpu: number, op: number, wrote = true): void {
  races.start(cpu);
  races.enter(cpu, step++, op, LOCK, 4, LOCATION);
  races.made(cpu, wrote, false);
}

const found = () => races.found?.message;

describe('two accesses of different CPUs to a plain field', () => {
  it('race if one writes and nothing orders them; both are named', () => {
    races.start(0);
    core.racesWrite(FIELD);
    races.start(1);
    core.racesRead(FIELD);
    expect(found()).toMatch(
      /^data race on lock \d+: nothing orders the write by "a".* and the read by "b" \(function/,
    );
  });

  it.each(['write after read', 'write after write'])('race: %s', (which) => {
    races.start(0);
    if (which === 'write after read') core.racesRead(FIELD);
    else core.racesWrite(FIELD);
    races.start(1);
    core.racesWrite(FIELD);
    expect(found()).toContain('and the write by "b"');
  });

  it('race where only half of eight bytes is common', () => {
    races.start(0);
    core.racesWrite8(FIELD);
    races.start(1);
    core.racesRead(OTHER_HALF);
    expect(found()).toBeDefined();
  });

  it('do not race if both read, are of one CPU, or touch different words', () => {
    races.start(0);
    core.racesRead8(FIELD);
    core.racesWrite(FIELD + 8);
    races.start(1);
    core.racesRead8(FIELD);
    core.racesWrite(FIELD + 12);
    core.racesWrite(FIELD + 12);
    expect(found()).toBeUndefined();
  });

  it('do not race under a lock', () => {
    announce(0, SchedOp.Rmw);
    core.racesWrite(FIELD);
    announce(0, SchedOp.StoreRelease);
    announce(1, SchedOp.Rmw);
    core.racesWrite(FIELD);
    expect(found()).toBeUndefined();
  });

  it('race when the lock was given back before the write', () => {
    announce(0, SchedOp.Rmw);
    announce(0, SchedOp.StoreRelease);
    core.racesWrite(FIELD);
    announce(1, SchedOp.Rmw);
    core.racesWrite(FIELD);
    expect(found()).toBeDefined();
  });

  it('are ordered by a compare-and-swap that succeeds, and not by one that fails', () => {
    for (const succeeds of [true, false]) {
      races.begin(step, false);
      step = 0;
      races.start(0);
      core.racesWrite(FIELD);
      announce(0, SchedOp.Cmpxchg, succeeds);
      announce(1, SchedOp.LoadAcquire);
      core.racesRead(FIELD);
      expect(found() === undefined).toBe(succeeds);
    }
  });
});

describe('an atomic access', () => {
  it('races with a plain one, but not with another atomic one', () => {
    announce(0, SchedOp.Store);
    announce(1, SchedOp.Store);
    announce(0, SchedOp.Load);
    expect(found()).toBeUndefined();
    core.racesWrite(LOCK);
    expect(found()).toContain('write by "b"');
  });
});

describe('an execution', () => {
  it('is not ordered against by what an earlier one has left', () => {
    races.start(0);
    core.racesWrite(FIELD);
    races.begin(10, false);
    races.start(1);
    core.racesWrite(FIELD);
    expect(found()).toBeUndefined();
  });

  it('is told apart when times have to begin anew', () => {
    races.start(0);
    core.racesWrite(FIELD);
    races.begin(2 ** 25, false);
    races.start(1);
    core.racesRead(FIELD);
    expect(found()).toBeUndefined();
    races.start(0);
    core.racesWrite(FIELD);
    expect(found()).toContain('the read by "b"');
  });
});

describe('a scenario whose core has a race', () => {
  const load = async () => {
    const url = new URL('../../../../../scenarios/zoo/anon_vma.plain_check.mjs', import.meta.url);
    return ((await import(url.href)) as { default: Scenario }).default;
  };

  it('fails with both places, and again from its token', async () => {
    const { failure } = await explore(await load());
    expect(failure?.kind).toBe('data-race');
    const place = String.raw`\(anon_vma_prepare anon_vma\.ts:\d+\)`;
    const write = String.raw`the write by "\w+" ${place} behind step \d+`;
    const message = `anon_vma: nothing orders ${write} and the read by "\\w+" ${place}$`;
    expect(failure?.error.message).toMatch(new RegExp(message));
    const again = await replay(await load(), failure!.schedule);
    expect(again.failure?.error.message).toBe(failure?.error.message);
  });

  it('fails under tso, too', async () => {
    const { failure } = await explore(await load(), { memoryModel: 'tso' });
    expect(failure?.kind).toBe('data-race');
  });
});
