/** What the explorer runs on the real core in the benchmark. */
import {
  attempt,
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_WRITE,
  MAP_POPULATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  scenario,
  type Cpu,
  type Process,
  type Scenario,
  type ScenarioMachine,
} from '../dist/index.js';

const RW = PROT_READ | PROT_WRITE;

/** A page of a file that a process has mapped. */
interface Mapped {
  readonly p: Process;
  readonly fd: number;
  readonly addr: number;
}

const machine = { memory: '1MiB', contents: 'none', policy: { lruBatch: 'none' } } as const;

function setup(booted: ScenarioMachine): Mapped {
  const p = booted.spawn();
  const fd = p.memfdCreate('buf', MFD_ALLOW_SEALING);
  p.ftruncate(fd, PAGE_SIZE);
  const addr = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
  return { p, fd, addr };
}

function* device({ p, addr }: Mapped, cpu: Cpu) {
  const pinned = yield* attempt(cpu.on(p).pinUserPagesFast(addr, 1, FOLL_WRITE));
  cpu.outcome(pinned.ok ? 'pinned' : pinned.error.code);
  if (pinned.ok) yield* pinned.value.release();
  return undefined;
}

function* unmapper({ p, addr }: Mapped, cpu: Cpu) {
  yield* cpu.on(p).munmap(addr, PAGE_SIZE);
  return undefined;
}

function* sealer({ p, fd }: Mapped, cpu: Cpu) {
  const sealed = yield* attempt(cpu.on(p).fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  cpu.outcome(sealed.ok ? 'sealed' : sealed.error.code);
  return undefined;
}

/** GUP-fast of one shared page, and its munmap. */
export function pinAgainstUnmap(): Scenario<Mapped> {
  return scenario<Mapped>({
    name: 'GUP-fast against munmap',
    machine,
    setup,
    cpus: { device, unmapper },
  });
}

/** The same with somebody who seals the file. */
export function withSealer(): Scenario<Mapped> {
  return scenario<Mapped>({
    name: 'GUP-fast, munmap and a seal',
    machine,
    setup,
    cpus: { device, unmapper, sealer },
  });
}
