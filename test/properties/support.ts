/** Programs of random calls: their values, how they run, and what must hold after each call. */
import fc from 'fast-check';
import {
  F_GET_SEALS,
  F_GETFD,
  F_GETFL,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  MmError,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  SEEK_CUR,
  PageRefs,
  Transfer,
  type Policy,
  Process,
} from '../../src/index.js';

/** Seed of the run: MMEMU_SEED repeats one, else the clock chooses. A failure prints it. */
const SEED = Number(process.env['MMEMU_SEED'] ?? Date.now() | 0);
/** MMEMU_RUNS multiplies how many programs are tried. */
const FACTOR = Number(process.env['MMEMU_RUNS'] ?? 1);

/** A value to be passed: as it is, or one that is only known when the program runs. */
export type Value =
  | { readonly is: unknown }
  /** An address: so many bytes from the start of the mapping with this number. */
  | { readonly mapping: number; readonly offset: number };

/** One call: on which process, by name, with what. */
export interface Call {
  readonly process: number;
  readonly name: string;
  readonly args: readonly Value[];
}

/** What a program runs on. */
export interface World {
  readonly machine: Machine;
  readonly processes: Process[];
  readonly held: PageRefs[];
}

/** Runs a property over programs; a fresh machine is booted for each. */
export async function holdsForPrograms(
  call: fc.Arbitrary<Call>,
  policies: readonly Partial<Policy>[],
  options: { readonly programs: number; readonly calls: number; readonly memory: number },
  run: (world: World, program: readonly Call[]) => void,
): Promise<void> {
  const program = fc.array(call, { minLength: 1, maxLength: options.calls, size: 'max' });
  const property = fc.asyncProperty(
    program,
    fc.constantFrom(...policies),
    async (calls, policy) => {
      const machine = await Machine.boot({ memory: options.memory, policy, maxMapCount: 60 });
      await using _closed = machine;
      run({ machine, processes: [furnished(machine), furnished(machine)], held: [] }, calls);
    },
  );
  await fc.assert(property, { seed: SEED, numRuns: options.programs * FACTOR });
}

/** A process with a file that can be sealed, as descriptor 0 and mapped, and one that cannot. */
function furnished(machine: Machine): Process {
  const process = machine.spawn();
  const length = 3 * PAGE_SIZE;
  for (const flags of [MFD_ALLOW_SEALING, 0]) {
    const fd = process.memfdCreate('furniture', flags);
    process.ftruncate(fd, length);
    const addr = process.mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    process.store(addr, [1, 2, 3]);
  }
  return process;
}

/** What became of a call. */
export interface Outcome {
  /** `ok`, an error's code, `TypeError` or `RangeError`. */
  readonly code: string;
  readonly result?: unknown;
}

/**
 * Makes one call.
 * @throws whatever is no error that the interface promises: a panic, a trap, a mistake
 */
export function perform(world: World, { process: index, name, args }: Call): Outcome {
  const process = world.processes[index % world.processes.length];
  if (process === undefined) throw new Error('a world has processes');
  const values = args.map((value) => resolve(process, value));
  try {
    return { code: 'ok', result: dispatch(world, process, name, values) };
  } catch (error) {
    if (error instanceof MmError) return { code: error.code };
    if (error instanceof RangeError) return { code: 'RangeError' };
    if (error instanceof TypeError && isPromised(error)) return { code: 'TypeError' };
    throw error;
  }
}

/** Errors about arguments name them; others are mistakes of the library's own. */
function isPromised({ message }: Error): boolean {
  return /^\w+: /.test(message) || message === 'the pages were released already';
}

function dispatch(world: World, process: Process, name: string, values: unknown[]): unknown {
  const { held } = world;
  if (name.startsWith('refs.')) {
    const [index, ...rest] = values;
    if (held.length === 0) return undefined;
    const refs = held[Number(index) % held.length] as PageRefs;
    return invoke(refs, name.slice('refs.'.length), rest);
  }
  if (name.startsWith('machine.')) {
    return invoke(world.machine, name.slice('machine.'.length), values);
  }
  if (name.startsWith('device.')) {
    const request = invoke(world.machine.device(), name.slice('device.'.length), [
      process,
      ...values,
    ]);
    return request instanceof Transfer && request.complete();
  }
  const result = invoke(process, name, values);
  if (result instanceof PageRefs) held.push(result);
  if (result instanceof Process) adopt(world.processes, result);
  return result;
}

function invoke(target: object, name: string, values: unknown[]): unknown {
  const method = (target as Record<string, (...args: unknown[]) => unknown>)[name];
  if (method === undefined) throw new Error(`there is no ${name}`);
  return method.apply(target, values);
}

function resolve(process: Process, value: Value): unknown {
  if ('is' in value) return value.is;
  const maps = process.maps();
  const vma = maps[value.mapping % Math.max(1, maps.length)];
  return (vma?.start ?? 0x10000) + value.offset;
}

/** Of one program. */
const PROCESSES_MAX = 4;
/** Descriptors that are looked at. */
const FDS = [0, 1, 2, 3, 4, 5];

/** A child takes part from now on, until there are enough. */
function adopt(processes: Process[], child: Process): void {
  if (processes.length === PROCESSES_MAX) child.exit();
  else processes.push(child);
}

/** Everything that a refused call must leave as it was; `memory` is what faults may change. */
export function stateOf({ machine, processes, held }: World): { files: string; memory: string } {
  const files = processes.map((process) => [process.maps(), FDS.map((fd) => fileOf(process, fd))]);
  const blocks = processes.map((process) => FDS.map((fd) => blocksOf(process, fd)));
  const { nr_free_pages, nr_anon_pages, nr_mapped, nr_page_table_pages, ...counts } =
    machine.vmstat();
  const pins = counts.nr_foll_pin_acquired - counts.nr_foll_pin_released;
  const handles = held.filter(({ released }) => !released).length;
  return {
    files: JSON.stringify([files, pins, handles]),
    memory: [nr_free_pages, nr_anon_pages, nr_mapped, nr_page_table_pages, blocks].join(),
  };
}

function fileOf(process: Process, fd: number): unknown {
  return unlessBad(() => {
    const { size, mode, ino } = process.fstat(fd);
    const flags = [F_GETFD, F_GETFL, F_GET_SEALS].map((cmd) => process.fcntl(fd, cmd));
    return [size, mode, ino, flags, process.lseek(fd, 0, SEEK_CUR)];
  });
}

function blocksOf(process: Process, fd: number): unknown {
  return unlessBad(() => process.fstat(fd).blocks);
}

function unlessBad(look: () => unknown): unknown {
  try {
    return look();
  } catch (error) {
    if (error instanceof MmError) return error.code;
    throw error;
  }
}

/** Gives everything back: all that the program has made. */
export function endWorld({ machine, processes, held }: World): void {
  for (const refs of held) if (!refs.released) refs.release();
  unlinkAll(processes[0]);
  for (const process of processes) process.exit();
  const { MemTotal, MemFree, Cached, AnonPages, PageTables } = machine.meminfo();
  const left = { MemFree: MemTotal - MemFree, Cached, AnonPages, PageTables };
  if (Object.values(left).some((kilobytes) => kilobytes !== 0)) {
    throw new Error(`memory was not given back: ${JSON.stringify(left)} kB`);
  }
  expectSound(machine);
}

/** Files with a path stay, whoever has made them. */
function unlinkAll(process: Process | undefined): void {
  for (const path of ['/a', '/b', '/etc']) {
    try {
      process?.unlink(path);
    } catch (error) {
      if (!(error instanceof MmError) || error.code !== 'ENOENT') throw error;
    }
  }
}

/** Nothing disagrees. */
export function expectSound(machine: Machine): void {
  const violations = machine.verify();
  if (violations.length === 0) return;
  throw new Error(violations.map(({ message }) => message).join('\n'));
}

/** An address or offset in whole pages. */
export const pages = (max: number): fc.Arbitrary<number> =>
  fc.nat(max).map((count) => count * PAGE_SIZE);
