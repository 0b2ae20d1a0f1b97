/** One measurement in a process of its own: the job is the argument, the answer goes to stdout. */
import { readFileSync } from 'node:fs';
import {
  Machine,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Contents,
  type Process,
} from '../dist/index.js';

/** How frames are used: private anonymous, of a shared mapping of a file, of a file without one. */
export type MemoryKind = 'anon' | 'memfd' | 'cache';

/** What the process is to measure. */
export type Job =
  | { readonly job: 'boot'; readonly memory: string; readonly contents: Contents }
  | { readonly job: MemoryKind | 'untouched'; readonly frames: number };

/** How long booting takes. */
export interface BootTimes {
  /** The first one of the process, with compiling the core. */
  readonly coldMs: number;
  /** The median of some later ones. */
  readonly warmMs: number;
}

/** What frames cost of the host's memory. */
export interface ResidentMemory {
  readonly bytesPerFrame: number;
}

const WARM_BOOTS = 9;
/** Frames of a machine that is compared with: 1 MiB. */
const FEW_FRAMES = 256;
const FRAMES_MAX = 2 ** 24;
/** Until the code that uses frames is compiled for good. */
const WARM_UPS = 20;
const WARM_UP_FRAMES = 1024;

/** Bytes of this process's memory that the host really holds (Linux: /proc/self/smaps_rollup). */
function residentBytes(): number {
  try {
    const [, kB] = /^Rss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8')) ?? [];
    return Number(kB) * 1024;
  } catch {
    return process.memoryUsage.rss();
  }
}

async function timeBoot(memory: string, contents: Contents): Promise<number> {
  const start = performance.now();
  const machine = await Machine.boot({ memory, contents });
  const ms = performance.now() - start;
  await machine.close();
  return ms;
}

async function bootTimes(memory: string, contents: Contents): Promise<BootTimes> {
  const coldMs = await timeBoot(memory, contents);
  const warm: number[] = [];
  for (let i = 0; i < WARM_BOOTS; i++) warm.push(await timeBoot(memory, contents));
  warm.sort((a, b) => a - b);
  return { coldMs, warmMs: warm[WARM_BOOTS >> 1] ?? NaN };
}

/** What the rest of 64 GiB of frames costs while nobody touches them. */
async function untouched(): Promise<ResidentMemory> {
  const small = await Machine.boot({ memory: FEW_FRAMES * PAGE_SIZE, contents: 'none' });
  const before = residentBytes();
  const large = await Machine.boot({ memory: FRAMES_MAX * PAGE_SIZE, contents: 'none' });
  const bytes = residentBytes() - before;
  await Promise.all([small.close(), large.close()]);
  return { bytesPerFrame: bytes / FRAMES_MAX };
}

/** What frames cost that are in use. */
async function inUse(kind: MemoryKind, frames: number): Promise<ResidentMemory> {
  const machine = await Machine.boot({ memory: 2 * frames * PAGE_SIZE, contents: 'none' });
  const process = machine.spawn();
  const use = (pages: number) => {
    if (kind === 'cache') fillFile(process, pages * PAGE_SIZE);
    else touch(machine, process, kind, pages * PAGE_SIZE);
  };
  for (let i = 0; i < WARM_UPS; i++) use(WARM_UP_FRAMES); // the code is compiled now
  const before = residentBytes();
  use(frames);
  const bytes = residentBytes() - before;
  await machine.close();
  return { bytesPerFrame: bytes / frames };
}

function fillFile(process: Process, length: number): void {
  const fd = process.memfdCreate('filled', 0);
  process.fallocate(fd, 0, 0, length);
}

/** Writes to every page of a new mapping. */
function touch(machine: Machine, process: Process, kind: MemoryKind, length: number): void {
  const fd = process.memfdCreate('touched', 0);
  process.ftruncate(fd, length);
  const flags = kind === 'memfd' ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  const addr = process.mmap(0, length, PROT_READ | PROT_WRITE, flags, fd, 0);
  const { task } = process;
  const result = machine.kernel.run((core) => core.userTouch(task, addr, length, true));
  if (result < 0) throw new Error(`the emulated machine refused a touch: ${result}`);
}

function run(job: Job): Promise<BootTimes | ResidentMemory> {
  if (job.job === 'boot') return bootTimes(job.memory, job.contents);
  return job.job === 'untouched' ? untouched() : inUse(job.job, job.frames);
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '') as Job)));
