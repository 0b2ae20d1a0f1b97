/** How calls of processes scale: one process on one thread, and two on two. */
import { Machine, MAP_ANONYMOUS, MAP_PRIVATE, PAGE_SIZE } from '../dist/index.js';
import { runTogether } from '../dist/contend/cell.js';
import { ACCESS } from './races.js';
import { inRounds, type Bench } from './section.js';

/** Pages of each process that its loop works on. */
const PAGES = 64;
const LENGTH = PAGES * PAGE_SIZE;
const MEMORY_PAGES = 16384;
const THREADS = [1, 2] as const;

/** A loop of assembly/bench, and what it wants beside its task. */
interface Loop {
  readonly id: string;
  readonly name: string;
  readonly wantsAddress: boolean;
}

const LOOPS: readonly Loop[] = [
  { id: 'fault', name: 'faultLoop', wantsAddress: true },
  { id: 'map', name: 'mapLoop', wantsAddress: false },
  { id: 'fork', name: 'cowLoop', wantsAddress: true },
  { id: 'mremap', name: 'mremapLoop', wantsAddress: true },
];

/** Measures the figures `processes.scaling.*`. */
export async function measureScaling(bench: Bench): Promise<void> {
  const machine = await Machine.boot({
    memory: MEMORY_PAGES * PAGE_SIZE,
    contents: 'none',
    cpus: THREADS.length + 1,
    build: 'bench',
  });
  try {
    const processes = THREADS.map(() => machine.spawn());
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const places = processes.map((process) => {
      const addr = process.mmap(0, 2 * LENGTH, ACCESS, flags, -1, 0);
      process.munmap(addr + LENGTH, LENGTH); // where mremapLoop moves to
      return { task: process.task, addr };
    });
    const rate = async ({ name, wantsAddress }: Loop, threads: number): Promise<number> => {
      const calls = places.slice(0, threads).map(({ task, addr }, index) => () => {
        const args = wantsAddress ? [task, addr, LENGTH] : [task, LENGTH];
        return machine.kernel.call(index + 1, name, ...args);
      });
      const { seconds } = bench.settings;
      const sleep = () => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));
      const rounds = await runTogether(machine.kernel, calls, sleep);
      if (rounds.some((count) => count < 0)) throw new Error(`${name}: ${rounds.join(', ')}`);
      return rounds.reduce((sum, count) => sum + count, 0);
    };
    for (const loop of LOOPS) await rate(loop, THREADS.length); // until compiled for good
    await inRounds(bench, 'processes', async () => {
      for (const loop of LOOPS) {
        if (bench.signal.aborted) return;
        const [one, two] = [await rate(loop, 1), await rate(loop, 2)];
        bench.recorder.add(`processes.scaling.${loop.id}`, two / one);
      }
    });
  } finally {
    await machine.close();
  }
}
