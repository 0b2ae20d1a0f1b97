import { describe, expect, it } from '@jest/globals';
import {
  attempt,
  explore,
  F_ADD_SEALS,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  replay,
  scenario,
  type Machine,
  type Scenario,
  type SealPolicy,
} from '../../../../../../src/index.js';

/** A process with a file of a page, which it has written to and mapped. */
function mapped(machine: Machine) {
  const p = machine.spawn();
  const fd = p.memfdCreate('buf', MFD_ALLOW_SEALING);
  p.ftruncate(fd, PAGE_SIZE);
  const addr = p.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p.store(addr, Uint8Array.of(1));
  return { p, fd, addr };
}

/** A device that pins, unmaps and writes; a sealer; and nobody who checks. */
function sealing(seal: SealPolicy): Scenario {
  return scenario({
    name: 'nobody looks at the sealed file',
    machine: { memory: '256KiB', contents: 'stamp', policy: { seal, lruBatch: 'none' } },
    setup: mapped,
    cpus: {
      *device({ p, addr }, cpu) {
        const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
        yield* cpu.on(p).munmap(addr, PAGE_SIZE);
        if (!pinned.ok) return;
        yield* pinned.value.write(0, [0xff]);
        yield* pinned.value.release();
      },
      *sealer({ p, fd }, cpu) {
        yield* attempt(cpu.on(p).fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
      },
    },
  }) as Scenario;
}

describe('a sealed file', () => {
  it('that changes is a failure, though nobody asked', async () => {
    const broken = sealing('ignore-pins');
    const { failure } = await explore(broken, { strategy: 'dpor' });
    expect(failure?.kind).toBe('seal');
    expect(failure?.error.message).toMatch(
      /^a sealed file has changed: "sealer" has sealed the file "buf" against writing in step \d+/,
    );
    expect(failure?.error.message).toMatch(
      /"device" has written to page 0 of it in step \d+ \(gup_copy\w* gup_\w+\.ts:\d+\)$/,
    );
    const again = await replay(broken, failure!.schedule);
    expect(again.error?.message).toBe(failure!.error.message);
  });

  it('does not change under a policy that waits for pins', async () => {
    const { failure, complete } = await explore(sealing('wait-for-pins'), { strategy: 'dpor' });
    expect(failure?.error.message).toBeUndefined();
    expect(complete).toBe(true);
  });

  it('may be cut and grow; one that is sealed for future writes may be written to', async () => {
    const allowed = scenario({
      name: 'what seals allow',
      machine: { memory: '256KiB', contents: 'stamp' },
      setup(machine) {
        const one = mapped(machine);
        one.p.munmap(one.addr, PAGE_SIZE);
        one.p.fcntl(one.fd, F_ADD_SEALS, F_SEAL_WRITE);
        const other = mapped(machine);
        other.p.fcntl(other.fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
        return { one, other };
      },
      cpus: {
        *cutter({ one: { p, fd } }, cpu) {
          yield* cpu.on(p).ftruncate(fd, 0);
          yield* cpu.on(p).ftruncate(fd, PAGE_SIZE);
          yield* cpu.on(p).pread(fd, 1, 0);
        },
        *writer({ other: { p, addr } }, cpu) {
          yield* cpu.on(p).store(addr, Uint8Array.of(2));
        },
      },
    }) as Scenario;
    const { failure, executions } = await explore(allowed, { maxExecutions: 300 });
    expect(failure?.error.message).toBeUndefined();
    expect(executions).toBeGreaterThan(0);
  });
});
