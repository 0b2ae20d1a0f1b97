import { describe, expect, it } from '@jest/globals';
import {
  attempt,
  explore,
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MAP_POPULATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  replay,
  scenario,
  type Scenario,
  type SealPolicy,
} from '../../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;

/** A device that pins a page of a file, unmaps it and writes; and somebody who seals the file. */
function sealing(seal: SealPolicy): Scenario {
  return scenario({
    name: `a device against a seal (${seal})`,
    machine: { memory: '1MiB', policy: { seal, lruBatch: 'none' } },
    setup(machine) {
      const p = machine.spawn();
      const fd = p.memfdCreate('buf', MFD_ALLOW_SEALING);
      p.ftruncate(fd, PAGE_SIZE);
      const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
      return { p, fd, addr };
    },
    cpus: {
      *device({ p, addr }, cpu) {
        const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
        yield* cpu.on(p).munmap(addr, PAGE_SIZE);
        if (!pinned.ok) return;
        yield* pinned.value.write(0, [0xff]);
        yield* pinned.value.release();
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

describe('exploring the real core', () => {
  it('finds the device that writes to a sealed file, in two switches, and replays it', async () => {
    const broken = sealing('ignore-pins');
    const { failure } = await explore(broken, { strategy: 'dpor', maxExecutions: 5000 });
    expect(failure?.kind).toBe('seal'); // before the scenario can look
    expect(failure?.error.message).toMatch(/^a sealed file has changed: "sealer"/);
    const text = failure?.format() ?? '';
    expect(text).toMatch(/switch 2/);
    expect(text).toMatch(/i_mmap_writable\) 0 -> -1 won <- step \d+ \(CPU0\)/);
    expect(text).toMatch(/deny_writable mapping_writable\.ts:\d+/);
    expect(text).toContain('left out: pages.release()');
    expect(text).toMatch(/\bwrite\(contents of page\[0\]\)/);
    const clearing = failure?.trace.find(({ location }) => location?.includes('.pte['));
    expect(clearing?.location).toMatch(/^mm\[1\]\.pte\[0x7[0-9a-f]+\]$/);
    const operations = new Set(failure?.trace.map(({ operation }) => operation));
    expect([...operations]).toEqual(expect.arrayContaining(['spin_lock', 'xchg', 'set_bit']));
    const steps = (failure?.format({ full: true }) ?? '').match(/^ +\d+ {2}/gm);
    expect(steps).toHaveLength(failure?.trace.length ?? 0);
    expect(text.split('\n').length).toBeLessThan(steps!.length / 2);
    expect(text).toContain('[pid 1] fcntl(0, F_ADD_SEALS, F_SEAL_WRITE)');
    expect(text).toContain('munmap returns 0');
    const again = await replay(broken, failure?.schedule ?? '');
    expect(again.error?.message).toBe(failure?.error.message);
    expect(again.trace).toEqual(failure?.trace);
  });

  it('names the field of each access, through the structures that lie in one another', async () => {
    const { failure } = await explore(sealing('ignore-pins'), { strategy: 'dpor' });
    const names = new Set(failure?.trace.map(({ location }) => location?.replace(/@\w+/, '')));
    expect([...names]).toEqual(
      expect.arrayContaining(['inode.i_data.i_mmap_writable', 'page[0]._refcount']),
    );
    expect([...names].filter((name) => name?.includes('.+'))).toEqual([]);
  });

  it('sees every interleaving of a seal that waits for pins, which keeps its promise', async () => {
    const waiting = sealing('wait-for-pins');
    const result = await explore(waiting, { strategy: 'dpor', maxExecutions: 20_000 });
    expect(result.failure?.format()).toBeUndefined();
    expect(result.complete).toBe(true);
    expect([...result.outcomes.keys()].sort()).toEqual(['EBUSY', 'sealed']);
  });

  it('counts as many executions with sleep sets alone as with wakeup trees', async () => {
    const pinning: Scenario = scenario({
      name: 'GUP-fast against munmap',
      machine: { memory: '1MiB', contents: 'none', policy: { lruBatch: 'none' } },
      setup(machine) {
        const p = machine.spawn();
        const fd = p.memfdCreate('buf', 0);
        p.ftruncate(fd, PAGE_SIZE);
        return { p, addr: p.mmap(0, PAGE_SIZE, RW, MAP_SHARED | MAP_POPULATE, fd, 0) };
      },
      cpus: {
        *device({ p, addr }, cpu) {
          const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
          cpu.outcome(pinned.ok ? 'pinned' : pinned.error.code);
          if (pinned.ok) yield* pinned.value.release();
        },
        *unmapper({ p, addr }, cpu) {
          yield* cpu.on(p).munmap(addr, PAGE_SIZE);
        },
      },
    }) as Scenario;
    const optimal = await explore(pinning, { strategy: 'dpor' });
    const source = await explore(pinning, { strategy: 'source-dpor' });
    expect(optimal).toMatchObject({ complete: true, blocked: 0, failure: undefined });
    expect(source.executions).toBe(optimal.executions);
    expect(source.outcomes).toEqual(optimal.outcomes);
    expect([...optimal.outcomes.keys()].sort()).toEqual(['EFAULT', 'pinned']);
  });

  it('keeps the stack of an error that is a failure, and of no other', async () => {
    const stacks: (string | undefined)[] = [];
    const given = scenario({
      name: 'errors',
      machine: { memory: '256KiB', contents: 'none' },
      setup: (machine) => ({ p: machine.spawn() }),
      cpus: {
        *caught({ p }, cpu) {
          const closed = yield* attempt(cpu.on(p).close(77));
          if (!closed.ok) stacks.push(closed.error.stack);
        },
        *thrown({ p }, cpu) {
          yield* cpu.on(p).close(78);
        },
      },
    }) as Scenario;
    const { failure } = await explore(given, { strategy: 'dpor' });
    expect(stacks[0]).toMatch(/^MmError: close\(77\): EBADF: [^\n]*$/);
    expect(failure?.error.stack).toMatch(/close\(78\): EBADF[^]*\n +at .*close/);
  });

  it('runs setup before each execution, with handles of its own', async () => {
    const held = scenario({
      name: 'pages that setup took',
      machine: { memory: '1MiB' },
      setup(machine) {
        const p = machine.spawn();
        const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED | 0x20, -1, 0);
        return { p, pages: p.pinUserPages(addr, 1, FOLL_WRITE) };
      },
      cpus: {
        *one({ p, pages }, cpu) {
          yield* cpu.on(pages).release();
          yield* cpu.on(p).exit();
        },
      },
      check(machine) {
        if (machine.processes().length !== 0) throw new Error('a process is left');
      },
    });
    const result = await explore(held as Scenario, { strategy: 'random', maxExecutions: 20 });
    expect(result.failure).toBeUndefined();
    expect(result.executions).toBe(20);
  });

  it('refuses a call that is made without yield*, which would do nothing', async () => {
    const forgetful = scenario({
      name: 'a forgotten yield*',
      machine: { memory: '1MiB' },
      setup: (machine) => ({ p: machine.spawn() }),
      cpus: {
        *one({ p }, cpu) {
          cpu.on(p).fork();
          yield* cpu.on(p).memfdCreate('a', 0);
        },
      },
    });
    await expect(explore(forgetful as Scenario)).rejects.toThrow(
      /cpu "one": cpu\.on\(\.\.\.\)\.fork\(\) was called without yield\*/,
    );
  });

  it('writes no litmus test of accesses of the core', async () => {
    const { failure } = await explore(sealing('ignore-pins'));
    expect(() => failure!.toLitmus()).toThrow(/a litmus test has raw words alone, and no \w+/);
  });
});
