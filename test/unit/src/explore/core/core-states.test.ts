// Mode `states` on the real core: it sees what the other searches see, in fewer executions.
import { describe, expect, it } from '@jest/globals';
import {
  attempt,
  explore,
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  scenario,
  type CpuProgram,
  type Process,
  type Scenario,
  type SealPolicy,
} from '../../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;

interface Shared {
  readonly p: Process;
  readonly addr: number;
}
type Part = CpuProgram<Shared>;

/** What a CPU may do with one page that others use as well. */
const PARTS: Readonly<Record<string, Part>> = {
  *pin({ p, addr }, cpu) {
    const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
    cpu.outcome(pinned.ok ? 'pinned' : pinned.error.code);
    if (pinned.ok) yield* pinned.value.release();
  },
  *store({ p, addr }, cpu) {
    const stored = yield* attempt(cpu.on(p).store(addr, [1]));
    cpu.outcome(stored.ok ? 'stored' : stored.error.code);
  },
  *load({ p, addr }, cpu) {
    const loaded = yield* attempt(cpu.on(p).load(addr, 1));
    cpu.outcome(loaded.ok ? loaded.value[0] : loaded.error.code);
  },
  *unmap({ p, addr }, cpu) {
    yield* cpu.on(p).munmap(addr, PAGE_SIZE);
  },
  *drop({ p, addr }, cpu) {
    const dropped = yield* attempt(cpu.on(p).madvise(addr, PAGE_SIZE, MADV_DONTNEED));
    cpu.outcome(dropped.ok ? 'dropped' : dropped.error.code);
  },
};

function together(kind: number, ...names: string[]): Scenario {
  return scenario<Shared>({
    name: `${names.join(' against ')}, ${kind === MAP_SHARED ? 'shared' : 'private'}`,
    machine: { memory: '1MiB', policy: { lruBatch: 'none' } },
    setup(machine) {
      const p = machine.spawn();
      const flags = kind | MAP_ANONYMOUS | MAP_POPULATE;
      return { p, addr: p.mmap(0, PAGE_SIZE, RW, flags, -1, 0) };
    },
    cpus: Object.fromEntries(names.map((name, at) => [`${name}${at}`, PARTS[name]!])),
  }) as Scenario;
}

/** A device that may write after the seal. */
function sealing(seal: SealPolicy): Scenario {
  return scenario({
    name: `a device against a seal (${seal})`,
    machine: { memory: '1MiB', policy: { seal, lruBatch: 'none' } },
    setup(machine) {
      const p = machine.spawn();
      const fd = p.memfdCreate('buf', MFD_ALLOW_SEALING);
      p.ftruncate(fd, PAGE_SIZE);
      const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
      const pages = p.pinUserPages(addr, 1, FOLL_WRITE);
      p.munmap(addr, PAGE_SIZE);
      return { p, fd, pages };
    },
    cpus: {
      *device({ pages }, cpu) {
        yield* cpu.on(pages).write(0, [0xff]);
        yield* cpu.on(pages).release();
      },
      *sealer({ p, fd }, cpu) {
        const sealed = yield* attempt(cpu.on(p).fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
        cpu.outcome(sealed.ok ? 'sealed' : sealed.error.code);
        if (!sealed.ok) return;
        const before = yield* cpu.on(p).pread(fd, 1, 0);
        const after = yield* cpu.on(p).pread(fd, 1, 0);
        cpu.assert(before[0] === after[0], 'the sealed file has changed');
      },
    },
  }) as Scenario;
}

const SCENARIOS = [
  together(MAP_SHARED, 'pin', 'unmap'),
  together(MAP_PRIVATE, 'store', 'drop'),
  together(MAP_SHARED, 'store', 'load'),
  together(MAP_PRIVATE, 'load', 'unmap'),
  sealing('refuse-if-counted'),
  sealing('ignore-pins'),
];

describe('mode "states" on the core', () => {
  it.each(SCENARIOS.map((one) => [one.name, one] as const))(
    'has the outcomes and the failures of dpor: %s',
    async (_, one) => {
      const dpor = await explore(one, { strategy: 'dpor', stopOnFailure: false });
      const states = await explore(one, { mode: 'states', stopOnFailure: false });
      expect([dpor.complete, states.complete]).toEqual([true, true]);
      expect([...states.outcomes.keys()].sort()).toEqual([...dpor.outcomes.keys()].sort());
      expect(states.failures > 0).toBe(dpor.failures > 0);
      // Either of the scenario's own check, or of the one that is always there: whichever is first.
      const messages = [states, dpor].map(({ failure }) => failure?.error.message);
      const isChanged = (text?: string) => text?.includes('sealed file has changed');
      expect(isChanged(messages[0])).toBe(isChanged(messages[1]));
      expect(states.transitions).toBeGreaterThanOrEqual((states.states ?? 0) - 1);
    },
  );

  it('goes on once from what many orders of stores lead to', async () => {
    const storing = scenario<Shared>({
      name: 'two CPUs store to one page, six times each',
      machine: { memory: '1MiB', policy: { lruBatch: 'none' } },
      setup(machine) {
        const p = machine.spawn();
        const flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
        const addr = p.mmap(0, PAGE_SIZE, RW, flags, -1, 0);
        p.store(addr, [1]);
        return { p, addr };
      },
      cpus: Object.fromEntries(
        [1, 2].map((value): [string, Part] => [
          `cpu${value}`,
          function* ({ p, addr }, cpu) {
            for (let n = 0; n < 6; n++) yield* cpu.on(p).store(addr, [value]);
          },
        ]),
      ),
    }) as Scenario;
    const dpor = await explore(storing, { strategy: 'dpor' });
    const states = await explore(storing, { mode: 'states' });
    expect([dpor.complete, states.complete]).toEqual([true, true]);
    expect(dpor.executions).toBe(924); // 12! / (6! 6!)
    expect(states.executions).toBe(2); // the page has what one of them stored
    expect((states.transitions ?? Infinity) * 8).toBeLessThan(dpor.steps);
  });

  it('tells states by what CPUs leave in the context for the check', async () => {
    const leaving = scenario<Shared & { seen?: number | undefined }>({
      name: 'a reader that leaves what it saw',
      machine: { memory: '1MiB', policy: { lruBatch: 'none' } },
      setup(machine) {
        const p = machine.spawn();
        const flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
        return { p, addr: p.mmap(0, PAGE_SIZE, RW, flags, -1, 0) };
      },
      cpus: {
        *reader(context, cpu) {
          context.seen = (yield* cpu.on(context.p).load(context.addr, 1))[0];
        },
        *writer({ p, addr }, cpu) {
          yield* cpu.on(p).store(addr, [1]);
        },
      },
      check(_, { seen }) {
        if (seen === 1) throw new Error('the reader came second');
      },
    }) as Scenario;
    const { failure } = await explore(leaving, { mode: 'states' });
    expect(failure?.error.message).toBe('the reader came second');
    const all = await explore(leaving, { mode: 'states', stopOnFailure: false });
    expect([all.executions, all.failures]).toEqual([2, 1]);
  });
});
