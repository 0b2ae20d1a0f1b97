// Scenarios of random calls: a few CPUs that use the same two processes, file, pipe and machine.
import fc from 'fast-check';
import {
  attempt,
  F_ADD_SEALS,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FOLL_LONGTERM,
  FOLL_WRITE,
  MADV_COLD,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_PAGEOUT,
  MADV_WILLNEED,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MREMAP_MAYMOVE,
  O_NONBLOCK,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  scenario,
  type Cpu,
  type Operation,
  type Process,
  type Scenario,
  type ScenarioMachine,
} from '../../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const PAGES = 4;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const HOLE = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

/** What all CPUs have before them. */
interface World {
  readonly machine: ScenarioMachine;
  /** A process and its child. */
  readonly processes: readonly [Process, Process];
  /** Where each kind of memory begins, in both of them. */
  readonly memory: Readonly<Record<Memory, number>>;
  /** Where their heap begins. */
  readonly heap: number;
  readonly fd: number;
  readonly pipe: readonly [number, number];
}

const MEMORIES = ['anon', 'fresh', 'shared', 'private'] as const;
type Memory = (typeof MEMORIES)[number];

/** One call, by values that a failure can print. */
interface Call {
  readonly name: keyof typeof CALLS;
  readonly child: boolean;
  readonly memory: Memory;
  readonly page: number;
  readonly pages: number;
  /** Chooses among what a call may be told. */
  readonly choice: number;
}

interface Place {
  readonly process: Process;
  readonly world: World;
  readonly addr: number;
  readonly length: number;
  readonly call: Call;
}

type Run = (cpu: Cpu, place: Place) => Operation<unknown>;

const ADVICE = [MADV_DONTNEED, MADV_PAGEOUT, MADV_FREE, MADV_COLD, MADV_WILLNEED];
const of = <T>(values: readonly T[], choice: number) => values[choice % values.length]!;
const offsetOf = ({ call }: Place) => call.page * PAGE_SIZE;

const CALLS = {
  store: (cpu, { process, addr, call }) => cpu.on(process).store(addr, [call.choice]),
  load: (cpu, { process, addr }) => cpu.on(process).load(addr, 1),
  munmap: (cpu, { process, addr, length }) => cpu.on(process).munmap(addr, length),
  madvise: (cpu, { process, addr, length, call }) =>
    cpu.on(process).madvise(addr, length, of(ADVICE, call.choice)),
  mprotect: (cpu, { process, addr, length, call }) =>
    cpu.on(process).mprotect(addr, length, of([PROT_READ, RW, PROT_NONE], call.choice)),
  mmapFixed: (cpu, { process, addr, length }) =>
    cpu.on(process).mmap(addr, length, RW, ANON | MAP_FIXED, -1, 0),
  mmap: (cpu, { process, length, call }) =>
    cpu.on(process).mmap(0, length, RW, ANON | of([0, MAP_POPULATE], call.choice), -1, 0),
  mremap: (cpu, { process, addr, length }) =>
    cpu.on(process).mremap(addr, PAGE_SIZE, length, MREMAP_MAYMOVE),
  brk: (cpu, { process, world, length }) => cpu.on(process).brk(world.heap + length),
  pinFast: (cpu, { process, addr }) => cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE),
  pin: (cpu, { process, addr }) => cpu.on(process).pinUserPages(addr, 1, FOLL_WRITE),
  pinToRead: (cpu, { process, addr }) => cpu.on(process).pinUserPages(addr, 1, FOLL_LONGTERM),
  get: (cpu, { process, addr }) => cpu.on(process).getUserPagesFast(addr, 1, 0),
  fork: (cpu, { process }) => cpu.on(process).fork(),
  mlock: (cpu, { process, addr, length }) => cpu.on(process).mlock(addr, length),
  munlock: (cpu, { process, addr, length }) => cpu.on(process).munlock(addr, length),
  mincore: (cpu, { process, addr, length }) => cpu.on(process).mincore(addr, length),
  reclaim: (cpu, { world }) => cpu.on(world.machine).reclaim(PAGES),
  swapoff: (cpu, { world }) => cpu.on(world.machine).swapoff(),
  ftruncate: (cpu, place) => cpu.on(place.process).ftruncate(place.world.fd, offsetOf(place)),
  fallocate: (cpu, place) =>
    cpu.on(place.process).fallocate(place.world.fd, HOLE, offsetOf(place), PAGE_SIZE),
  seal: (cpu, { process, world, call }) =>
    cpu.on(process).fcntl(world.fd, F_ADD_SEALS, of([F_SEAL_WRITE, F_SEAL_SHRINK], call.choice)),
  pwrite: (cpu, place) => cpu.on(place.process).pwrite(place.world.fd, [1, 2], offsetOf(place)),
  pread: (cpu, place) => cpu.on(place.process).pread(place.world.fd, 2, offsetOf(place)),
  write: (cpu, { process, world }) => cpu.on(process).write(world.fd, [1, 2]),
  read: (cpu, { process, world }) => cpu.on(process).read(world.fd, 2),
  dup: (cpu, { process, world }) => cpu.on(process).dup(world.fd),
  close: (cpu, { process, world }) => cpu.on(process).close(world.fd),
  vmsplice: (cpu, { process, world, addr }) =>
    cpu.on(process).vmsplice(world.pipe[1], addr, PAGE_SIZE, 2),
  pipeRead: (cpu, { process, world }) => cpu.on(process).read(world.pipe[0], PAGE_SIZE),
  memfdCreate: (cpu, { process }) => cpu.on(process).memfdCreate('other', 0),
} satisfies Record<string, Run>;

const call: fc.Arbitrary<Call> = fc.record({
  name: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
  child: fc.boolean(),
  memory: fc.constantFrom(...MEMORIES),
  page: fc.nat(PAGES - 1),
  pages: fc.integer({ min: 1, max: 2 }),
  choice: fc.nat(9),
});

/** What two or three CPUs call, and with what machine. */
export const randomCalls = fc.record({
  memory: fc.constantFrom('64KiB', '512KiB'),
  swap: fc.constantFrom<(0 | string)[]>(0, '64KiB'),
  lruBatch: fc.constantFrom<('none' | 'batch-local')[]>('none', 'batch-local'),
  cpus: fc.array(fc.array(call, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 }),
});

type RandomCalls = typeof randomCalls extends fc.Arbitrary<infer T> ? T : never;

/** Random calls as a scenario, which promises nothing but what every machine promises. */
export function scenarioOf(random: RandomCalls): Scenario<World> {
  const { memory, swap, lruBatch, cpus } = random;
  const programs = cpus.map(
    (calls) =>
      function* (world: World, cpu: Cpu) {
        for (const one of calls) yield* attempt(run(cpu, world, one));
        return undefined;
      },
  );
  return scenario<World>({
    name: 'random calls',
    machine: { memory, swap, contents: 'stamp', policy: { lruBatch } },
    setup,
    cpus: Object.fromEntries(programs.map((program, cpu) => [`cpu${cpu}`, program])),
  });
}

function run(cpu: Cpu, world: World, one: Call): Operation<unknown> {
  const process = world.processes[one.child ? 1 : 0];
  const addr = world.memory[one.memory] + one.page * PAGE_SIZE;
  const place = { process, world, addr, length: one.pages * PAGE_SIZE, call: one };
  return (CALLS[one.name] as Run)(cpu, place);
}

function setup(machine: ScenarioMachine): World {
  const process = machine.spawn();
  const length = PAGES * PAGE_SIZE;
  const fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
  process.ftruncate(fd, length);
  const memory = {
    anon: process.mmap(0, length, RW, ANON, -1, 0),
    fresh: process.mmap(0, length, RW, ANON, -1, 0),
    shared: process.mmap(0, length, RW, MAP_SHARED, fd, 0),
    private: process.mmap(0, length, RW, MAP_PRIVATE, fd, 0),
  };
  const pipe = process.pipe(O_NONBLOCK);
  for (const addr of [memory.anon, memory.anon + PAGE_SIZE, memory.shared, memory.private]) {
    process.store(addr, [1]);
  }
  const child = process.fork();
  child.store(memory.anon, [2]);
  return { machine, processes: [process, child], memory, heap: process.brk(0), fd, pipe };
}
