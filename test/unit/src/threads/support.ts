/** Machines with workers that run loops, for tests of how they end. */
import {
  MAP_POPULATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type MachineOptions,
} from '../../../../src/index.js';

/** A machine of the bench build, and memory of a file to run loops on. */
export interface World {
  readonly machine: Machine;
  readonly task: number;
  readonly fd: number;
  readonly addr: number;
  readonly length: number;
}

/** Boots a machine whose loops have pages to work on. */
export async function bootWorld(cpus: number, options: MachineOptions = {}): Promise<World> {
  const machine = await Machine.boot({ memory: '4MiB', cpus, build: 'bench', ...options });
  const process = machine.spawn();
  const fd = process.memfdCreate('loops', 0);
  const length = 16 * PAGE_SIZE;
  process.ftruncate(fd, length);
  const flags = MAP_SHARED | MAP_POPULATE;
  const addr = process.mmap(0, length, PROT_READ | PROT_WRITE, flags, fd, 0);
  return { machine, task: process.task, fd, addr, length };
}

/** Starts a loop that pins, on a worker; the gate must be opened for it. */
export function pin({ machine, task, addr }: World, cpu: number): Promise<number> {
  return machine.kernel.call(cpu, 'pinLoop', task, addr, 4);
}

/** Opens the gate once so many loops have come to it. */
export async function openGate({ machine }: World, loops: number): Promise<void> {
  const { views } = machine.kernel;
  const [arrived, gate] = [views.machineWord('arrived'), views.machineWord('startGate')];
  while (Atomics.load(views.i32, arrived) < loops) await pause(1);
  Atomics.store(views.i32, gate, 1);
  Atomics.notify(views.i32, gate);
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a promise came to, or `late` when that takes longer than a stopped machine may take. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | Error | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  const settled = promise.catch((error: unknown) => error as Error);
  const result = await Promise.race([settled, late]);
  clearTimeout(timer);
  return result;
}
